//! Security labels, where the kernel has SELinux: which one a file gets, and that it has it before it has its name.

mod directories;
mod refusal;
mod single;

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::support::{Call, Scratch, Selinux, Swapbin, attribute, label, require_library, require_program, set_label, swapbin};

const POLICY: &str = "system_u:object_r:bin_t:s0";
const OLD: &str = "staff_u:object_r:old_t:s0:c1,c2";

/// A source with a label of its own, and a file to replace.
fn tree() -> Scratch {
    let scratch = Scratch::new();
    scratch.file("new", "new");
    scratch.file("app", "old");
    scratch
}

/// The program as install(1), with these words, on that machine.
fn install<'s>(selinux: &Selinux, scratch: &'s Scratch, line: &str) -> Swapbin<'s> {
    selinux.host(swapbin(scratch).arg("install").args(line.split_whitespace()))
}

#[test]
fn a_file_gets_the_label_that_the_policy_has_for_its_final_path() {
    let scratch = tree();
    scratch.directory("dir");
    let Some(selinux) = Selinux::pretend(&scratch).map(|it| it.has("app", POLICY).has("dir/new", "u:r:dir_t:s0")) else { return };
    set_label(scratch.path("new"), "u:r:source_t:s0");
    for line in ["new app", "-Z new app", "--context new app", "-b new app", "-s --strip-program=true new app"] {
        install(&selinux, &scratch, line).run().exits(0).is_quiet();
        assert_eq!(label(scratch.path("app")).as_deref(), Some(POLICY), "{line}");
        assert_eq!(selinux.lookups(), ["f app"], "{line}");
    }
    install(&selinux, &scratch, "new dir").run().exits(0).is_quiet();
    assert_eq!(label(scratch.path("dir/new")).as_deref(), Some("u:r:dir_t:s0"));
    install(&selinux, &scratch, "new elsewhere").run().exits(0).is_quiet();
    assert_eq!(label(scratch.path("elsewhere")), None, "the policy has none");
    scratch.assert_no_litter();
}

#[test]
fn the_path_looked_up_is_absolute_and_without_links() {
    let scratch = tree();
    scratch.directory("real/bin");
    scratch.link("shortcut", "real");
    let Some(selinux) = Selinux::pretend(&scratch) else { return };
    let absolute = format!("new {}", scratch.path("shortcut/bin/app").display());
    let lines =
        ["new real/bin/app", "new shortcut/../real/./bin//app", &absolute, "-T new shortcut/bin/app", "-D new real/bin/app"];
    for line in lines {
        install(&selinux, &scratch, line).run().exits(0).is_quiet();
        assert_eq!(selinux.lookups(), ["f real/bin/app"], "{line}");
    }
}

#[test]
fn the_label_is_set_before_the_rename_and_the_mode_comes_after_it() {
    let scratch = tree();
    let Some(selinux) = Selinux::pretend(&scratch).map(|it| it.has("app", POLICY)) else { return };
    set_label(scratch.path("new"), OLD);
    for (line, wanted) in [
        ("-m 711 new app", "bin_t"),
        ("-Zm 711 new app", "bin_t"),
        ("--context=u:r:c_t -m 711 new app", "c_t"),
        ("--preserve-context -m 711 new app", "old_t"),
    ] {
        let Some((outcome, calls)) = install(&selinux, &scratch, line).strace("%file,%desc") else { return };
        outcome.exits(0).is_quiet();
        let place = |from: usize, name: &str, word: &str| {
            let fits = |call: &Call| call.name.starts_with(name) && call.succeeded() && call.arguments.contains(word);
            from + calls[from..]
                .iter()
                .position(fits)
                .unwrap_or_else(|| panic!("no {name}({word}) from {from} on in\n{calls:#?}"))
        };
        let labelled = place(0, "fsetxattr", wanted);
        let changed = place(labelled, "fchmod", "0711");
        let synced = place(changed, "fsync", "");
        let renamed = place(synced, "rename", "\"app\"");
        assert!(!calls[renamed..].iter().any(|call| call.name.contains("xattr")), "{line}");
    }
}

#[test]
fn z_changes_the_type_alone_and_plain_install_the_whole_label() {
    let scratch = tree();
    let Some(program) = require_program("setfattr") else { return };
    let Some(selinux) = Selinux::pretend(&scratch).map(|it| it.has("app", POLICY)) else { return };
    // Stands for the kernel, which gives every new file a label: the strip program gets the staged file.
    let script = format!("#!/bin/sh\nexec {} -n security.selinux -v {OLD} \"$1\"\n", program.display());
    scratch.file("../tools/kernel", script).mode(0o755);
    let line = |option: &str| format!("{option} -s --strip-program={} new app", scratch.tools().join("kernel").display());
    install(&selinux, &scratch, &line("-Z")).run().exits(0).is_quiet();
    assert_eq!(label(scratch.path("app")).as_deref(), Some("staff_u:object_r:bin_t:s0:c1,c2"));
    install(&selinux, &scratch, &line("-v")).run().exits(0);
    assert_eq!(label(scratch.path("app")).as_deref(), Some(POLICY));
}

#[test]
fn context_sets_what_it_says_and_asks_no_policy() {
    let scratch = tree();
    let Some(selinux) = Selinux::pretend(&scratch).map(|it| it.has("app", POLICY)) else { return };
    for line in ["--context=u:r:own_t:s0 new app", "--con=u:r:own_t:s0 -C new app"] {
        install(&selinux, &scratch, line).run().exits(0).is_quiet();
        assert_eq!(label(scratch.path("app")).as_deref(), Some("u:r:own_t:s0"), "{line}");
    }
    assert_eq!(selinux.lookups(), [""; 0]);
    install(&selinux, &scratch, "-Z --context=u:r:own_t:s0 new app").run().exits(0).is_quiet();
    assert_eq!(label(scratch.path("app")).as_deref(), Some(POLICY), "-Z has the last word, as GNU has it");
}

#[test]
fn preserve_context_takes_the_source_s_label() {
    let scratch = tree();
    let Some(selinux) = Selinux::pretend(&scratch).map(|it| it.has("app", POLICY)) else { return };
    set_label(scratch.path("new"), OLD);
    scratch.link("link", "new");
    for line in
        ["--preserve-context new app", "--preserve-context link app", "--preserve-context -s --strip-program=true new app"]
    {
        set_label(scratch.path("app"), "u:r:before_t:s0");
        install(&selinux, &scratch, line).run().exits(0).is_quiet();
        assert_eq!(label(scratch.path("app")).as_deref(), Some(OLD), "{line}");
    }
    assert_eq!(selinux.lookups(), [""; 0]);
}

#[test]
fn comparing_looks_at_the_label_only_where_the_source_s_is_wanted() {
    let scratch = tree();
    let Some(selinux) = Selinux::pretend(&scratch).map(|it| it.has("app", POLICY)) else { return };
    let inode = || std::fs::metadata(scratch.path("app")).unwrap().ino();
    install(&selinux, &scratch, "-m 644 new app").run().exits(0);
    set_label(scratch.path("new"), OLD);
    set_label(scratch.path("app"), "u:r:other_t:s0");
    let first = inode();
    install(&selinux, &scratch, "-C -m 644 new app").run().exits(0).is_quiet();
    assert_eq!((inode(), label(scratch.path("app")).as_deref()), (first, Some("u:r:other_t:s0")));
    install(&selinux, &scratch, "-C --preserve-context -m 644 new app").run().exits(0).is_quiet();
    let second = inode();
    assert_eq!((second != first, label(scratch.path("app")).as_deref()), (true, Some(OLD)));
    install(&selinux, &scratch, "-C --preserve-context -m 644 new app").run().exits(0).is_quiet();
    assert_eq!(inode(), second, "the label is the source's already");
}

#[test]
fn where_the_library_says_there_is_no_selinux_nothing_is_labelled() {
    let scratch = tree();
    let Some(selinux) = Selinux::pretend(&scratch).map(|it| it.has("app", POLICY)) else { return };
    install(&selinux, &scratch, "-Z new app").env("FAKE_SELINUX_DISABLED", "1").run().exits(0).is_quiet();
    let ignored = install(&selinux, &scratch, "--context=u:r:own_t new app").env("FAKE_SELINUX_DISABLED", "1").run();
    ignored.exits(0).says("install: warning: ignoring --context; it requires an SELinux-enabled kernel\n");
    assert_eq!((attribute(scratch.path("app"), "security.selinux"), selinux.lookups().len()), (None, 0));
}

#[test]
fn without_selinux_one_look_is_all_it_costs() {
    let scratch = tree();
    let Some((outcome, calls)) = swapbin(&scratch).args(["install", "new", "app"]).strace("%file,%desc") else { return };
    outcome.exits(0).is_quiet();
    if Path::new("/sys/fs/selinux/enforce").exists() {
        return;
    }
    let is_about = |call: &&Call| {
        ["fs/selinux", "etc/selinux", "libselinux"].iter().any(|word| call.arguments.contains(word))
            || (call.name.contains("etxattr") && call.arguments.contains("security."))
    };
    let about = calls.iter().filter(is_about);
    assert_eq!(about.map(|call| call.name.as_str()).collect::<Vec<_>>(), ["access"]);
}

#[test]
fn the_real_library_answers_as_it_is_asked() {
    let scratch = tree();
    scratch.directory("bin");
    let Some(library) = require_library("libselinux.so.1") else { return };
    let Some(selinux) = Selinux::pretend(&scratch) else { return };
    let root = std::fs::canonicalize(scratch.root()).unwrap();
    let root = root.display();
    let lines = format!(
        "{root}/bin(/.*)? u:r:bin_t:s0\n{root}/bin/[^/]*\\.so -- u:r:lib_t:s0\n{root}/bin/none <<none>>\n{root}/bin/sub -d u:r:sub_t:s0\n"
    );
    let selinux = selinux.real(library, &lines);
    for (line, name, wanted) in [
        ("new bin/app", "bin/app", Some("u:r:bin_t:s0")),
        ("-Z new bin/a.so", "bin/a.so", Some("u:r:lib_t:s0")),
        ("new bin/none", "bin/none", None),
        ("new elsewhere", "elsewhere", None),
        ("-Zd bin/sub", "bin/sub", Some("u:r:sub_t:s0")),
    ] {
        install(&selinux, &scratch, line).run().exits(0).is_quiet();
        assert_eq!(label(scratch.path(name)).as_deref(), wanted, "{line}");
    }
}
