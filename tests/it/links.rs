//! Symbolic links are followed and said so; root goes only where nobody else can lead it. Hard links keep the old content.

use std::fs;
use std::path::Path;

use crate::support::{ACL, Entry, Kind, NOBODY, Outcome, Scratch, acl, require_root, set_attribute, swapbin};

/// A tree with `real/app` (content `old`, mode 0750) and `new`.
fn tree() -> Scratch {
    let scratch = Scratch::new();
    scratch.directory("real");
    scratch.file("real/app", "old").mode(0o750);
    scratch.file("new", "new");
    scratch
}

#[track_caller]
fn swap(scratch: &Scratch, to: &str) -> Outcome {
    swapbin(scratch).from("new").to(to).run()
}

/// The file behind the link is replaced, the link is what it was, and the outcome speaks of both.
#[track_caller]
fn follows(scratch: &Scratch, link: &str) {
    let before = Entry::of(scratch.path(link));
    let outcome = swap(scratch, link);
    let (file, link_path) = (scratch.path("real/app"), scratch.path(link));
    // The way to the file is told as the links tell it, which may lead down and up again.
    outcome.exits(0).prints("replaced '").prints("/real/app' (3 bytes)").prints(&format!("'{}'", link_path.display()));
    assert_eq!(Entry::of(link_path), before, "the link itself is left alone");
    assert_eq!(scratch.read("real/app"), b"new");
    assert_eq!(Entry::of(file).mode, 0o750);
    scratch.assert_no_litter();
}

/// Refused with code 9, a reason and a hint, and nothing in the tree is another.
#[track_caller]
fn is_refused(scratch: &Scratch, arguments: &[&str], reason: &str) -> Outcome {
    let before = scratch.snapshot();
    let outcome = swapbin(scratch).from("new").args(arguments).run();
    outcome.exits(9).says("error: ").says(reason).says("hint: ");
    scratch.snapshot().assert_same_as(&before);
    outcome
}

/// Refused as shared, for root only and only unless that is allowed.
#[track_caller]
fn is_refused_as_shared(scratch: &Scratch, to: &str, named: impl AsRef<Path>) {
    let named = format!("'{}'", named.as_ref().display());
    is_refused(scratch, &["--to", to], &named).says("other users").says("--allow-shared-path");
    swapbin(scratch).from("new").to(to).arg("--allow-shared-path").run().exits(0);
}

#[test]
fn a_relative_link_is_followed_and_said_so() {
    let scratch = tree();
    scratch.link("link", "real/app");
    follows(&scratch, "link");
}

#[test]
fn an_absolute_link_is_followed_and_said_so() {
    let scratch = tree();
    scratch.link("link", scratch.path("real/app"));
    follows(&scratch, "link");
}

#[test]
fn a_relative_link_is_read_from_its_own_directory() {
    let scratch = tree();
    scratch.directory("links");
    scratch.link("links/link", "../real/app");
    follows(&scratch, "links/link");
}

#[test]
fn a_chain_of_links_is_followed_to_its_end() {
    let scratch = tree();
    scratch.link("third", "real/../real/app");
    scratch.link("second", scratch.path("third"));
    scratch.link("link", "./second");
    follows(&scratch, "link");
}

#[test]
fn a_link_in_the_middle_of_the_path_is_followed() {
    let scratch = tree();
    scratch.link("middle", "real");
    swap(&scratch, "middle/app").exits(0).prints(&format!("replaced '{}'", scratch.path("real/app").display()));
    assert_eq!(scratch.read("real/app"), b"new");
    assert_eq!(Entry::of(scratch.path("middle")).kind, Kind::Link { to: "real".into() });
}

#[test]
fn a_link_to_a_directory_takes_the_name_from_the_source() {
    for to in ["link", "link/", "link/."] {
        let scratch = tree();
        scratch.link("link", "real");
        swap(&scratch, to).exits(0).prints("installed").prints(scratch.path("real/new").to_str().unwrap());
        assert_eq!(scratch.read("real/new"), b"new");
        assert_eq!(Entry::of(scratch.path("link")).kind, Kind::Link { to: "real".into() });
    }
}

#[test]
fn a_link_that_has_the_sources_name_in_a_directory_is_followed_too() {
    let scratch = tree();
    scratch.directory("bin");
    scratch.link("bin/new", "../real/app");
    swap(&scratch, "bin").exits(0).prints("replaced");
    assert_eq!(scratch.read("real/app"), b"new");
    assert_eq!(Entry::of(scratch.path("bin/new")).kind, Kind::Link { to: "../real/app".into() });
}

#[test]
fn an_unchanged_file_behind_a_link_is_left_alone_and_said_so() {
    let scratch = tree();
    scratch.link("link", "real/app");
    scratch.file("new", "old");
    let before = scratch.snapshot();
    swap(&scratch, "link").exits(0).prints("unchanged").prints("real/app'").prints("link");
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn no_dereference_replaces_the_link_itself() {
    for target in ["real/app", "real", "missing", "link"] {
        let scratch = tree();
        scratch.link("link", target);
        swapbin(&scratch).from("new").to("link").arg("--no-dereference").run().exits(0).prints("replaced");
        let link = Entry::of(scratch.path("link"));
        assert!(matches!(link.kind, Kind::File { .. }), "a link to {target}: {link:?}");
        assert_eq!(link.mode, 0o755, "a link has no mode to keep");
        assert_eq!((scratch.read("link"), scratch.read("real/app")), (b"new".to_vec(), b"old".to_vec()));
        scratch.assert_no_litter();
    }
}

#[test]
fn no_dereference_follows_links_on_the_way_all_the_same() {
    let scratch = tree();
    scratch.link("middle", "real");
    swapbin(&scratch).from("new").to("middle/app").arg("--no-dereference").run().exits(0);
    assert_eq!(scratch.read("real/app"), b"new");
}

#[test]
fn the_source_behind_a_link_may_replace_the_link() {
    let scratch = tree();
    scratch.link("link", "real/app");
    swapbin(&scratch).from("real/app").to("link").arg("--no-dereference").run().exits(0);
    assert_eq!(scratch.read("link"), b"old");
    assert_ne!(Entry::of(scratch.path("link")).ino, Entry::of(scratch.path("real/app")).ino);
}

#[test]
fn a_source_that_is_the_target_by_another_way_is_refused() {
    let scratch = tree();
    scratch.link("link", "real/app");
    fs::hard_link(scratch.path("real/app"), scratch.path("hard")).unwrap();
    let before = scratch.snapshot();
    for (from, to) in [("real/app", "link"), ("link", "real/app"), ("hard", "real/app"), ("./real/../real/app", "real/app")] {
        swapbin(&scratch).from(from).to(to).run().exits(5).says("itself");
        scratch.snapshot().assert_same_as(&before);
    }
}

#[test]
fn a_dangling_link_is_refused_with_what_it_points_to() {
    for target in ["missing", "missing/app", "real/missing"] {
        let scratch = tree();
        scratch.link("link", target);
        is_refused(&scratch, &["--to", "link"], &format!("'{target}'")).says(scratch.path("link").to_str().unwrap());
    }
}

#[test]
fn links_that_lead_in_a_circle_are_refused() {
    let scratch = tree();
    scratch.link("one", "two");
    scratch.link("two", "one");
    scratch.link("self", "self/app");
    for to in ["one", "self", "one/app"] {
        is_refused(&scratch, &["--to", to], "too many symbolic links");
    }
}

#[test]
fn forty_links_are_followed_as_the_kernel_does_and_one_more_is_not() {
    let scratch = tree();
    scratch.link("link1", "real/app");
    for n in 2..=41 {
        scratch.link(format!("link{n}"), format!("link{}", n - 1));
    }
    assert!(fs::read(scratch.path("link40")).is_ok() && fs::read(scratch.path("link41")).is_err(), "what the kernel does");
    is_refused(&scratch, &["--to", "link41"], "too many symbolic links");
    follows(&scratch, "link40");
}

#[test]
fn root_refuses_a_directory_that_everybody_may_write_to() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.directory("real").mode(0o777);
    is_refused_as_shared(&scratch, "real/app", scratch.path("real"));
}

#[test]
fn root_refuses_a_shared_directory_anywhere_on_the_way() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.directory("shared");
    scratch.directory("shared/bin");
    scratch.directory("shared").mode(0o777);
    is_refused_as_shared(&scratch, "shared/bin/app", scratch.path("shared"));
}

#[test]
fn root_refuses_a_shared_directory_that_a_link_leads_through() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.directory("real").mode(0o777);
    scratch.link("link", "real/app");
    is_refused_as_shared(&scratch, "link", scratch.path("real"));
}

#[test]
fn root_refuses_a_shared_directory_that_is_left_again() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.directory("shared");
    scratch.directory("shared/sub");
    scratch.directory("shared").mode(0o777);
    // Where sub/.. leads is the business of whoever may replace sub.
    is_refused_as_shared(&scratch, "shared/sub/../../real/app", scratch.path("shared"));
}

#[test]
fn root_refuses_a_directory_that_a_group_may_write_to() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.directory("real").owner(0, 2345).mode(0o775);
    is_refused_as_shared(&scratch, "real/app", scratch.path("real"));
}

#[test]
fn root_trusts_the_group_root() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.directory("real").owner(0, 0).mode(0o775);
    swap(&scratch, "real/app").exits(0);
}

#[test]
fn root_refuses_a_directory_of_another_user() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.directory("real").owner(NOBODY, 0);
    is_refused_as_shared(&scratch, "real/app", scratch.path("real"));
}

#[test]
fn root_refuses_a_directory_whose_access_control_list_lets_others_write() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    set_attribute(scratch.path("real"), ACL, &acl(7, (NOBODY, 7), 5, 7, 5));
    let real = Entry::of(scratch.path("real"));
    assert_eq!((real.uid, real.gid, real.mode), (0, 0, 0o775), "by its mode only root's group may write");
    is_refused_as_shared(&scratch, "real/app", scratch.path("real"));
}

#[test]
fn root_goes_through_a_directory_whose_access_control_list_lets_others_only_read() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    set_attribute(scratch.path("real"), ACL, &acl(7, (NOBODY, 5), 5, 5, 5));
    swap(&scratch, "real/app").exits(0);
}

#[test]
fn root_puts_a_file_into_a_sticky_directory() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.directory("real").mode(0o1777);
    swap(&scratch, "real/app").exits(0).prints("replaced");
    swap(&scratch, "real/").exits(0).prints("installed");
}

#[test]
fn root_refuses_a_sticky_directory_of_another_user() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.directory("real").owner(NOBODY, 0).mode(0o1777);
    is_refused_as_shared(&scratch, "real/app", scratch.path("real"));
}

#[test]
fn root_refuses_a_foreign_link_in_a_sticky_directory() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.directory("sticky").mode(0o1777);
    let link = scratch.link("sticky/link", "../real/app");
    std::os::unix::fs::lchown(&link, Some(NOBODY), Some(NOBODY)).unwrap();
    is_refused_as_shared(&scratch, "sticky/link", &link);
}

#[test]
fn root_refuses_a_foreign_link_in_a_sticky_directory_in_the_middle_of_the_path() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.directory("sticky").mode(0o1777);
    let link = scratch.link("sticky/link", "../real");
    std::os::unix::fs::lchown(&link, Some(NOBODY), Some(NOBODY)).unwrap();
    is_refused_as_shared(&scratch, "sticky/link/app", &link);
}

#[test]
fn root_follows_its_own_link_in_a_sticky_directory() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.directory("sticky").mode(0o1777);
    scratch.link("sticky/link", "../real/app");
    follows(&scratch, "sticky/link");
}

#[test]
fn root_replaces_a_foreign_link_in_a_sticky_directory_by_a_file_when_told_to() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.directory("sticky").mode(0o1777);
    let link = scratch.link("sticky/link", "../real/app");
    std::os::unix::fs::lchown(&link, Some(NOBODY), Some(NOBODY)).unwrap();
    swapbin(&scratch).from("new").to("sticky/link").arg("--no-dereference").run().exits(0);
    assert_eq!((scratch.read("sticky/link"), scratch.read("real/app")), (b"new".to_vec(), b"old".to_vec()));
}

#[test]
fn a_link_of_another_user_in_a_directory_of_roots_is_followed() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    let link = scratch.link("link", "real/app");
    // Its owner cannot change it: only who may write to the directory can.
    std::os::unix::fs::lchown(&link, Some(NOBODY), Some(NOBODY)).unwrap();
    follows(&scratch, "link");
}

#[test]
fn a_dry_run_and_a_check_refuse_what_the_swap_would_refuse() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.directory("real").mode(0o777);
    for how in ["--dry-run", "--check"] {
        is_refused(&scratch, &["--to", "real/app", how], "other users");
    }
}

#[test]
fn an_ordinary_user_goes_wherever_he_may() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.directory("real").owner(NOBODY, NOBODY).mode(0o777);
    scratch.file("real/app", "old").owner(NOBODY, NOBODY).mode(0o750);
    scratch.directory("sticky").mode(0o1777);
    let link = scratch.link("sticky/link", "../real/app");
    std::os::unix::fs::lchown(&link, Some(1234), Some(1234)).unwrap();
    swapbin(&scratch).from("new").to("sticky/link").as_user(NOBODY).run().exits(0).prints("replaced");
    assert_eq!(scratch.read("real/app"), b"new");
}

#[test]
fn other_names_of_the_file_keep_the_old_content_and_a_warning_counts_them() {
    for (others, words) in [(1, "another name"), (3, "3 other names")] {
        let scratch = tree();
        let names: Vec<String> = (0..others).map(|n| format!("name{n}")).collect();
        names.iter().for_each(|name| fs::hard_link(scratch.path("real/app"), scratch.path(name)).unwrap());
        let old = Entry::of(scratch.path("real/app")).ino;

        swap(&scratch, "real/app").exits(0).prints("replaced").says("warning: ").says(words);

        assert_eq!(scratch.read("real/app"), b"new");
        for name in names {
            assert_eq!((scratch.read(&name), Entry::of(scratch.path(&name)).ino), (b"old".to_vec(), old));
        }
        let app = Entry::of(scratch.path("real/app"));
        assert_eq!(app.nlink, 1);
        assert_ne!(app.ino, old);
    }
}

#[test]
fn a_file_with_other_names_that_is_left_alone_is_nothing_to_warn_of() {
    let scratch = tree();
    fs::hard_link(scratch.path("real/app"), scratch.path("hard")).unwrap();
    scratch.file("new", "old");
    let outcome = swap(&scratch, "real/app");
    outcome.exits(0).prints("unchanged");
    assert_eq!(outcome.error_text(), "");
}
