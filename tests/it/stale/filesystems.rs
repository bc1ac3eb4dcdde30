//! Where mappings have other device numbers than stat(2) says, and where paths mean something else.

use std::fs;
use std::path::Path;

use super::{inside, stale_paths};
use crate::support::{Namespace, Scratch, require_filesystem, require_mounts, swapbin};

/// What a filesystem must not hide: nothing is stale before, program and library are afterwards, seen from inside the mount
/// namespace and from outside, as root without and as who may not follow map_files.
fn told_on(scratch: &Scratch, namespace: &Namespace, at: &Path) {
    let (app, library) = (at.join("app"), at.join("lib"));
    let outside = |path: &Path| namespace.path(path);
    let program = scratch.program("program", "one");
    let (app_text, library_text) = (app.to_str().unwrap(), library.to_str().unwrap());
    for path in [&app, &library] {
        if !outside(path).exists() {
            fs::copy(&program, outside(path)).expect("a file on the filesystem");
        }
    }
    let runs = inside(namespace, &[app_text, "sleep"]);
    let maps = inside(namespace, &[app_text, "map", library_text]);
    // Its first thread has ended, and has nothing any more.
    let left = inside(namespace, &[app_text, "leave", library_text]);
    let look = |within: bool| {
        let run = swapbin(scratch).args(["stale", "--json"]);
        if within { run.within(namespace) } else { run }.run().json()
    };
    for within in [true, false] {
        let object = look(within);
        assert_eq!(stale_paths(&object, &runs), [], "within: {within}");
        assert_eq!(stale_paths(&object, &maps), [], "within: {within}");
        assert_eq!(stale_paths(&object, &left), [], "within: {within}");
    }
    let who = |path: &str| swapbin(scratch).args(["who", path, "--json"]).within(namespace).run().exits(0).json();
    assert_eq!(who(library_text)["uses"].as_array().unwrap().len(), 2);
    assert_eq!(who(app_text)["uses"].as_array().unwrap().len(), 3);

    for path in [&app, &library] {
        fs::copy(&program, outside(path).with_extension("new")).unwrap();
        fs::rename(outside(path).with_extension("new"), outside(path)).unwrap();
    }
    let replaced = |path: &str| (path.to_owned(), "replaced".to_owned());
    for within in [true, false] {
        let object = look(within);
        assert_eq!(stale_paths(&object, &runs), [replaced(app_text)], "within: {within}");
        for process in [&maps, &left] {
            assert_eq!(stale_paths(&object, process), [replaced(app_text), replaced(library_text)], "within: {within}");
        }
    }
    assert_eq!(who(library_text)["uses"][0]["version"], "replaced");
    fs::remove_file(outside(&library)).unwrap();
    assert_eq!(who(library_text)["uses"][0]["version"], "deleted");
}

fn told_on_image(kind: &str, mebibytes: u64) {
    if !require_filesystem(kind) {
        return;
    }
    let scratch = Scratch::new();
    let namespace = Namespace::new();
    let at = scratch.directory("mnt");
    namespace.image(&scratch, kind, mebibytes, &at);
    told_on(&scratch, &namespace, &at);
}

#[test]
fn on_ext4() {
    told_on_image("ext4", 400);
}

#[test]
fn on_xfs() {
    told_on_image("xfs", 500);
}

#[test]
fn on_btrfs_where_the_device_of_a_mapping_is_another_one() {
    told_on_image("btrfs", 500);
}

#[test]
fn on_tmpfs_code_is_told() {
    if !require_mounts() {
        return;
    }
    let scratch = Scratch::new();
    let namespace = Namespace::new();
    let at = scratch.directory("mnt");
    namespace.tmpfs("size=200m", &at);
    let program = scratch.program("program", "one");
    let app = at.join("app");
    fs::copy(&program, namespace.path(&app)).unwrap();
    let runs = inside(&namespace, &[app.to_str().unwrap(), "sleep"]);
    fs::remove_file(namespace.path(&app)).unwrap();
    let object = swapbin(&scratch).args(["stale", "--json"]).run().exits(10).json();
    assert_eq!(stale_paths(&object, &runs), [(app.to_str().unwrap().to_owned(), "deleted".to_owned())]);
}

#[test]
fn on_an_overlay_for_files_of_the_lower_layer_too() {
    if !require_mounts() {
        return;
    }
    let scratch = Scratch::new();
    let namespace = Namespace::new();
    let (lower, at) = (scratch.directory("lower"), scratch.directory("mnt"));
    scratch.program("lower/app", "one");
    scratch.program("lower/lib", "one");
    namespace.overlay(&scratch, &lower, "", &at);
    told_on(&scratch, &namespace, &at);
}

#[test]
fn a_path_of_another_mount_namespace_is_looked_up_there() {
    if !require_mounts() {
        return;
    }
    let scratch = Scratch::new();
    let namespace = Namespace::new();
    let (shown, hidden) = (scratch.directory("opt"), scratch.directory("other"));
    let (app, _same) = (scratch.program("other/app", "one"), scratch.program("opt/app", "two"));
    namespace.bind(&hidden, &shown);
    let path = shown.join("app");
    let runs = inside(&namespace, &[path.to_str().unwrap(), "sleep"]);
    // Here the path leads to another file, and there to the one that runs.
    let look = || stale_paths(&swapbin(&scratch).args(["stale", "--json"]).run().json(), &runs);
    assert_eq!(look(), []);
    fs::remove_file(&app).unwrap();
    assert_eq!(look(), [(path.to_str().unwrap().to_owned(), "deleted".to_owned())]);
    // It never was a version of the file that has this path here.
    let object = swapbin(&scratch).args(["who", path.to_str().unwrap(), "--json"]).run().json();
    assert_eq!(object["uses"].as_array().unwrap().len(), 0);
}
