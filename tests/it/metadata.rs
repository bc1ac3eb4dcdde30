//! The new file has the old one's metadata, or what was asked for; what cannot be had is an error and not a loss.

mod ordinary_user;
mod preserve;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::support::{
    ACL, CAPABILITY, DEFAULT_ACL, Entry, NOBODY, Outcome, Scratch, acl, attribute, may_bind_low_ports, require_root,
    set_attribute, swapbin, try_set_attribute,
};

/// A name that stands for a security label: any `security.` attribute that is none of the known ones.
const LABEL: &str = "security.swapbin_test";

/// A tree with `app`, content `old`, mode 0644, and `new`, content `new`, mode 0600.
fn tree() -> Scratch {
    let scratch = Scratch::new();
    scratch.file("app", "old");
    scratch.file("new", "new").mode(0o600);
    scratch
}

/// A tree in which `his` is a directory of the ordinary user's, with `app` in it; `new` may be read by everybody.
fn tree_of_nobody() -> Scratch {
    let scratch = Scratch::new();
    scratch.directory("his").owner(NOBODY, NOBODY);
    scratch.file("his/app", "old").mode(0o755).owner(NOBODY, NOBODY);
    scratch.file("new", "new");
    scratch
}

/// Runs `swapbin --from new --to his/app` as the ordinary user, expecting an error that names `what` and leaves no trace.
#[track_caller]
fn is_refused(scratch: &Scratch, arguments: &[&str], what: &str) {
    let before = scratch.snapshot();
    let outcome = as_nobody(scratch, arguments);
    outcome.exits(1).says("error: ").says(what).says("hint: ");
    scratch.snapshot().assert_same_as(&before);
}

#[track_caller]
fn as_nobody(scratch: &Scratch, arguments: &[&str]) -> Outcome {
    swapbin(scratch).from("new").to("his/app").args(arguments).as_user(NOBODY).run()
}

#[track_caller]
fn swap(scratch: &Scratch, arguments: &[&str]) -> Outcome {
    let outcome = swapbin(scratch).from("new").to("app").args(arguments).run();
    outcome.exits(0);
    assert_eq!(scratch.read("app"), b"new");
    scratch.assert_no_litter();
    outcome
}

fn mode_of(path: impl AsRef<Path>) -> u32 {
    Entry::of(path).mode
}

fn owner_of(path: impl AsRef<Path>) -> (u32, u32) {
    let entry = Entry::of(path);
    (entry.uid, entry.gid)
}

#[test]
fn the_mode_of_the_old_file_is_kept_and_not_the_sources() {
    for mode in [0o755, 0o700, 0o555, 0o644, 0o751, 0o1755] {
        let scratch = tree();
        scratch.file("app", "old").mode(mode);
        swap(&scratch, &[]);
        assert_eq!(mode_of(scratch.path("app")), mode, "{mode:04o}");
    }
}

#[test]
fn owner_and_group_of_the_old_file_are_kept() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.file("app", "old").mode(0o750).owner(1234, 2345);
    swap(&scratch, &[]);
    assert_eq!(owner_of(scratch.path("app")), (1234, 2345));
    assert_eq!(mode_of(scratch.path("app")), 0o750);
}

#[test]
fn the_access_control_list_of_the_old_file_is_kept() {
    let scratch = tree();
    let list = acl(7, (1234, 5), 4, 5, 0);
    set_attribute(scratch.path("app"), ACL, &list);
    swap(&scratch, &[]);
    assert_eq!(attribute(scratch.path("app"), ACL), Some(list));
    assert_eq!(mode_of(scratch.path("app")), 0o750, "the group bits are the list's mask");
}

#[test]
fn extended_attributes_of_the_old_file_are_kept_and_not_the_sources() {
    let scratch = tree();
    let long = vec![b'x'; 2000];
    for (name, value) in [("user.note", &b"kept"[..]), ("user.empty", b""), ("user.long", &long)] {
        set_attribute(scratch.path("app"), name, value);
    }
    set_attribute(scratch.path("new"), "user.source", b"not taken over");
    swap(&scratch, &[]);
    assert_eq!(attribute(scratch.path("app"), "user.note").as_deref(), Some(&b"kept"[..]));
    assert_eq!(attribute(scratch.path("app"), "user.empty").as_deref(), Some(&b""[..]));
    assert_eq!(attribute(scratch.path("app"), "user.long"), Some(long));
    assert_eq!(attribute(scratch.path("app"), "user.source"), None);
}

#[test]
fn file_capabilities_are_kept_and_said_aloud() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.file("app", "old").mode(0o755).owner(1234, 2345);
    set_attribute(scratch.path("app"), CAPABILITY, &may_bind_low_ports());
    swap(&scratch, &[]).says("warning: ").says("file capabilities");
    assert_eq!(attribute(scratch.path("app"), CAPABILITY), Some(may_bind_low_ports()));
}

#[test]
fn the_security_label_is_kept() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    set_attribute(scratch.path("app"), LABEL, b"secret");
    swap(&scratch, &[]);
    assert_eq!(attribute(scratch.path("app"), LABEL).as_deref(), Some(&b"secret"[..]));
}

#[test]
fn setuid_and_setgid_are_kept_with_their_owner_and_said_aloud() {
    for mode in [0o4755, 0o2755, 0o6711] {
        let scratch = tree();
        scratch.file("app", "old").mode(mode);
        swap(&scratch, &[]).says("warning: ").says(&format!("{mode:04o}"));
        assert_eq!(mode_of(scratch.path("app")), mode);
    }
}

#[test]
fn a_swap_that_keeps_nothing_dangerous_warns_of_nothing() {
    let outcome = swap(&tree(), &[]);
    assert_eq!(outcome.error_text(), "");
}

#[test]
fn a_new_file_is_0755_whatever_the_umask_and_the_source_are() {
    for umask in ["000", "022", "077", "777"] {
        let scratch = tree();
        let script = format!("umask {umask}; exec \"$@\"");
        swapbin(&scratch).from("new").to("fresh").under(["sh", "-c", &script, "sh"]).run().exits(0).prints("installed");
        assert_eq!(mode_of(scratch.path("fresh")), 0o755, "umask {umask}");
    }
}

#[test]
fn a_mode_asked_for_is_given_whatever_the_umask_is() {
    let scratch = tree();
    let wrapper = ["sh", "-c", "umask 077; exec \"$@\"", "sh"];
    swapbin(&scratch).from("new").to("fresh").args(["-m", "1777"]).under(wrapper).run().exits(0);
    assert_eq!(mode_of(scratch.path("fresh")), 0o1777);
}

#[test]
fn what_belongs_to_the_old_bytes_or_layer_is_never_carried_over() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    let app = scratch.path("app");
    // A kernel that measures or signs files may refuse some of these to be set by hand.
    let names = ["security.ima", "security.evm", "trusted.overlay.origin", "trusted.overlay.opaque"];
    let set: Vec<&str> = names.into_iter().filter(|name| try_set_attribute(&app, name, b"\x01old").is_ok()).collect();
    assert!(set.contains(&"trusted.overlay.origin"), "only {set:?} could be set");
    swap(&scratch, &["--preserve", "all"]);
    for name in set {
        assert_eq!(attribute(&app, name), None, "{name}");
    }
}

#[test]
fn an_attribute_that_is_never_carried_over_is_no_reason_to_replace() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    set_attribute(scratch.path("app"), "trusted.overlay.origin", b"old");
    scratch.file("new", "old");
    let before = scratch.snapshot();
    swapbin(&scratch).from("new").to("app").run().exits(0).prints("unchanged");
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn the_directorys_default_list_is_not_inherited() {
    let scratch = tree();
    set_attribute(scratch.root(), DEFAULT_ACL, &acl(7, (1234, 7), 7, 7, 0));
    swap(&scratch, &[]);
    swapbin(&scratch).from("new").to("fresh").run().exits(0);
    for (name, mode) in [("app", 0o644), ("fresh", 0o755)] {
        assert_eq!(attribute(scratch.path(name), ACL), None, "{name}");
        assert_eq!(mode_of(scratch.path(name)), mode, "{name}");
    }
    // What the kernel does for everybody else, or this test would mean nothing.
    fs::write(scratch.path("other"), "").unwrap();
    assert!(attribute(scratch.path("other"), ACL).is_some());
}

#[test]
fn without_its_list_a_kept_mode_gives_the_group_no_more_than_before() {
    let scratch = tree();
    // One user may do all, the group may only read: the mode shows rwx for the group, which is the list's mask.
    set_attribute(scratch.path("app"), ACL, &acl(7, (1234, 7), 4, 7, 0));
    assert_eq!(mode_of(scratch.path("app")), 0o770);
    swap(&scratch, &["--preserve", "mode,owner,group"]);
    assert_eq!(attribute(scratch.path("app"), ACL), None);
    assert_eq!(mode_of(scratch.path("app")), 0o740);
}

#[test]
fn an_octal_mode_replaces_the_kept_one() {
    for (text, mode) in [("0750", 0o750), ("4711", 0o4711), ("600", 0o600), ("0", 0)] {
        let scratch = tree();
        let outcome = swapbin(&scratch).from("new").to("app").args(["--mode", text]).run();
        outcome.exits(0);
        // Not Entry::of, which reads the file too: one of them may not be read.
        assert_eq!(fs::metadata(scratch.path("app")).unwrap().mode() & 0o7777, mode, "{text}");
        assert_eq!(outcome.error_text(), "", "what was asked for gives no reason to warn");
    }
}

#[test]
fn a_symbolic_mode_starts_from_the_kept_mode() {
    let scratch = tree();
    scratch.file("app", "old").mode(0o640);
    swap(&scratch, &["-m", "a+x,g-r"]);
    assert_eq!(mode_of(scratch.path("app")), 0o711);
}

#[test]
fn a_symbolic_mode_starts_from_0755_where_there_is_nothing_to_keep() {
    let scratch = tree();
    scratch.file("app", "old").mode(0o640);
    swapbin(&scratch).from("new").to("fresh").args(["-m", "o-x"]).run().exits(0);
    swap(&scratch, &["-m", "o-x", "--preserve", "none"]);
    assert_eq!(mode_of(scratch.path("fresh")), 0o754);
    assert_eq!(mode_of(scratch.path("app")), 0o754);
}

#[test]
fn a_mode_that_is_none_is_a_mistake_found_before_anything_is_touched() {
    for mode in ["8", "10000", "rwx", "u+q", "", "-8"] {
        let scratch = tree();
        let before = scratch.snapshot();
        swapbin(&scratch).from("new").to("app").arg(format!("--mode={mode}")).run().exits(2).says("mode");
        scratch.snapshot().assert_same_as(&before);
    }
}

#[test]
fn owner_and_group_are_given_by_number() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    swap(&scratch, &["-o", "1234", "-g", "2345"]);
    assert_eq!(owner_of(scratch.path("app")), (1234, 2345));
    swapbin(&scratch).from("new").to("fresh").args(["--owner", "1234"]).run().exits(0);
    assert_eq!(owner_of(scratch.path("fresh")).0, 1234);
}

#[test]
fn owner_and_group_are_given_by_name() {
    if !require_root() {
        return;
    }
    let number = |file: &str, name: &str| -> u32 {
        let lines = fs::read_to_string(file).unwrap();
        let line = lines.lines().find(|line| line.starts_with(&format!("{name}:"))).expect("an account every system has");
        line.split(':').nth(2).unwrap().parse().unwrap()
    };
    let scratch = tree();
    swap(&scratch, &["-o", "daemon", "-g", "daemon"]);
    assert_eq!(owner_of(scratch.path("app")), (number("/etc/passwd", "daemon"), number("/etc/group", "daemon")));
}

#[test]
fn an_owner_asked_for_leaves_the_group_as_it_was() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.file("app", "old").mode(0o750).owner(1234, 2345);
    swap(&scratch, &["-o", "1"]);
    assert_eq!(owner_of(scratch.path("app")), (1, 2345));
    assert_eq!(mode_of(scratch.path("app")), 0o750);
}

#[test]
fn an_unknown_account_is_a_mistake_found_before_anything_is_touched() {
    for (option, account) in [("-o", "no-such-user"), ("-g", "no-such-group"), ("-o", "4294967295"), ("-o", ""), ("-g", "-1")] {
        let scratch = tree();
        let before = scratch.snapshot();
        let outcome = swapbin(&scratch).from("missing").to("missing/app").arg(format!("{option}{account}")).run();
        outcome.exits(2).says("error: ");
        scratch.snapshot().assert_same_as(&before);
    }
}

#[test]
fn setuid_setgid_and_capabilities_are_dropped_with_a_warning_when_the_owner_or_group_changes() {
    if !require_root() {
        return;
    }
    for arguments in [["-o", "1"], ["-g", "1"]] {
        for (mode, caps) in [(0o4755, false), (0o2755, false), (0o755, true)] {
            let scratch = tree();
            scratch.file("app", "old").owner(1234, 2345).mode(mode);
            if caps {
                set_attribute(scratch.path("app"), CAPABILITY, &may_bind_low_ports());
            }
            swap(&scratch, &arguments).says("warning: ").says("loses");
            assert_eq!(mode_of(scratch.path("app")), 0o755, "{arguments:?} over {mode:04o}");
            assert_eq!(attribute(scratch.path("app"), CAPABILITY), None);
        }
    }
}

#[test]
fn setuid_and_capabilities_stay_when_the_owner_asked_for_is_the_one_they_had() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.file("app", "old").owner(1234, 2345).mode(0o4755);
    set_attribute(scratch.path("app"), CAPABILITY, &may_bind_low_ports());
    swap(&scratch, &["-o", "1234", "-g", "2345"]).says("4755").says("file capabilities");
    assert_eq!(mode_of(scratch.path("app")), 0o4755);
    assert_eq!(attribute(scratch.path("app"), CAPABILITY), Some(may_bind_low_ports()));
}

#[test]
fn a_setuid_mode_asked_for_is_given_to_the_owner_asked_for() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.file("app", "old").owner(1234, 2345).mode(0o4755);
    let outcome = swap(&scratch, &["-o", "1", "-m", "4711"]);
    assert_eq!(mode_of(scratch.path("app")), 0o4711);
    assert_eq!(outcome.error_text(), "", "nothing is lost and nothing taken over unasked");
}

#[test]
fn what_a_symbolic_mode_gives_back_is_not_called_lost() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.file("app", "old").owner(1234, 2345).mode(0o4755);
    let outcome = swap(&scratch, &["-o", "1", "-m", "u+s"]);
    assert_eq!(mode_of(scratch.path("app")), 0o4755);
    outcome.never_mentions("loses");
}

#[test]
fn setgid_that_the_kernel_would_drop_silently_is_an_error() {
    if !require_root() {
        return;
    }
    let scratch = tree_of_nobody();
    // Files made here belong to a group the user is not in, for which the kernel ignores setgid, chmod(2).
    scratch.directory("his").mode(0o2755).owner(NOBODY, 2345);
    scratch.file("his/app", "old").owner(NOBODY, 2345).mode(0o2755);
    is_refused(&scratch, &[], "mode");
    is_refused(&scratch, &["-m", "2711"], "2711");
    as_nobody(&scratch, &["-m", "0711"]).exits(0);
    assert_eq!(mode_of(scratch.path("his/app")), 0o711);
    assert_eq!(owner_of(scratch.path("his/app")), (NOBODY, 2345));
}

#[test]
fn metadata_is_final_before_the_file_is_synced_and_only_then_renamed() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.file("app", "old").owner(1234, 2345).mode(0o4755);
    set_attribute(scratch.path("app"), CAPABILITY, &may_bind_low_ports());
    set_attribute(scratch.path("app"), "user.note", b"kept");
    let calls = "fchown,fchownat,fchmod,fchmodat,fsetxattr,fsync,linkat,rename,renameat,renameat2,close";
    let Some((outcome, calls)) = swapbin(&scratch).from("new").to("app").strace(calls) else { return };
    outcome.exits(0);
    let at = |what: &str, found: &dyn Fn(&str, &str) -> bool| {
        let hits = calls.iter().enumerate().filter(|(_, call)| call.succeeded() && found(&call.name, &call.arguments));
        let hits: Vec<usize> = hits.map(|(at, _)| at).collect();
        assert!(!hits.is_empty(), "no {what} in {calls:#?}");
        hits
    };
    let chown = at("chown", &|name, _| name.starts_with("fchown"));
    let chmod = at("chmod", &|name, _| name.starts_with("fchmod"));
    let xattr = at("setxattr", &|name, _| name == "fsetxattr");
    let sync = at("fsync", &|name, _| name == "fsync");
    let rename = at("rename", &|name, _| name.starts_with("rename"));
    assert!(chown.last() < chmod.first(), "chown clears setuid, so it comes before chmod: {calls:#?}");
    assert!(chown.last() < xattr.first(), "chown clears capabilities: {calls:#?}");
    let metadata = chmod.last().max(xattr.last());
    assert!(metadata < sync.first(), "a change after the sync would be lost by a power cut: {calls:#?}");
    assert!(sync.first() < rename.first(), "{calls:#?}");
    assert!(sync.iter().any(|at| rename.last() < Some(at)), "the directory is synced after the rename: {calls:#?}");
}

#[test]
fn the_old_files_times_are_not_given_to_the_new_one() {
    let scratch = tree();
    let long_ago = fs::File::options().write(true).open(scratch.path("app")).unwrap();
    long_ago.set_modified(std::time::UNIX_EPOCH).unwrap();
    swap(&scratch, &[]);
    assert!(fs::metadata(scratch.path("app")).unwrap().mtime() > 0, "make and package managers look at it");
}
