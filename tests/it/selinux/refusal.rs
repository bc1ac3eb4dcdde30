//! Labels that cannot be had: what is said, in GNU's words, and whether the file is installed all the same.

use super::{POLICY, install, tree};
use crate::support::{Outcome, Scratch, Selinux, label, set_label, swapbin};

/// Installs where the kernel lets nobody change a label.
fn denied(selinux: &Selinux, scratch: &Scratch, line: &str) -> Outcome {
    install(selinux, scratch, line).denying(&[libc::SYS_fsetxattr], libc::EACCES).run()
}

#[track_caller]
fn is_installed(scratch: &Scratch, outcome: &Outcome, words: &str) {
    assert_eq!(outcome.exits(0).error_text(), words);
    assert_eq!((scratch.read("app"), label(scratch.path("app"))), (b"new".to_vec(), None));
    scratch.assert_no_litter();
}

#[test]
fn a_label_of_the_policy_that_cannot_be_set_is_told_and_costs_nothing() {
    let scratch = tree();
    let Some(selinux) = Selinux::pretend(&scratch).map(|it| it.has("app", POLICY)) else { return };
    set_label(scratch.path("new"), "u:r:source_t:s0");
    let words = format!("install: warning: app: failed to change context to '{POLICY}': Permission denied\n");
    is_installed(&scratch, &denied(&selinux, &scratch, "new app"), &words);
    let words = "install: failed to set default file creation context for 'app': Permission denied\n";
    is_installed(&scratch, &denied(&selinux, &scratch, "-Z new app"), words);
    let words = "install: failed to set default file creation context to 'u:r:source_t:s0': Permission denied\n";
    is_installed(&scratch, &denied(&selinux, &scratch, "--preserve-context new app"), words);
}

#[test]
fn a_label_asked_for_that_cannot_be_set_keeps_the_old_file() {
    let scratch = tree();
    let Some(selinux) = Selinux::pretend(&scratch) else { return };
    let before = scratch.snapshot();
    for line in ["--context=u:r:own_t new app", "-b --context=u:r:own_t new app"] {
        let words = "install: failed to set the security context of 'app': Permission denied\n";
        assert_eq!(denied(&selinux, &scratch, line).exits(1).error_text(), words);
        scratch.snapshot().assert_same_as(&before);
    }
}

#[test]
fn a_label_that_the_kernel_does_not_know_is_refused_before_anything_else() {
    let scratch = tree();
    let Some(selinux) = Selinux::pretend(&scratch) else { return };
    let before = scratch.snapshot();
    for line in ["--context=bad new app", "--context=bad -d dir", "--context=bad", "-Z --context=bad new app"] {
        let words = "install: failed to set default file creation context to 'bad': Invalid argument\n";
        assert_eq!(install(&selinux, &scratch, line).run().exits(1).error_text(), words, "{line}");
    }
    let both = install(&selinux, &scratch, "--context=u:r:own_t --preserve-context new app").run();
    assert_eq!(both.exits(1).error_text(), "install: cannot set target context and preserve it\n");
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn a_filesystem_that_keeps_no_labels_is_no_reason_to_complain() {
    let scratch = tree();
    let Some(selinux) = Selinux::pretend(&scratch).map(|it| it.has("app", POLICY)) else { return };
    for line in ["new app", "-Z new app", "--context=u:r:own_t new app", "--preserve-context new app"] {
        let calls = [libc::SYS_fsetxattr, libc::SYS_fgetxattr];
        let outcome = install(&selinux, &scratch, line).denying(&calls, libc::EOPNOTSUPP).run();
        outcome.is_quiet();
        is_installed(&scratch, &outcome, "");
    }
}

#[test]
fn a_policy_that_fails_to_answer_is_told() {
    let scratch = tree();
    // EIO.
    let Some(selinux) = Selinux::pretend(&scratch).map(|it| it.has("app", "5")) else { return };
    let outcome = install(&selinux, &scratch, "new app").run();
    is_installed(&scratch, &outcome, "install: warning: app: context lookup failed: Input/output error\n");
    let outcome = install(&selinux, &scratch, "-Z new app").run();
    is_installed(&scratch, &outcome, "install: failed to set default file creation context for 'app': Input/output error\n");
    let reading = install(&selinux, &scratch, "--preserve-context new app").denying(&[libc::SYS_fgetxattr], libc::EACCES).run();
    is_installed(&scratch, &reading, "install: failed to get security context of 'new': Permission denied\n");
}

#[test]
fn a_policy_that_cannot_be_asked_is_told_once_a_call() {
    for missing in ["library", "labels"] {
        let scratch = tree();
        scratch.file("more", "more");
        scratch.directory("dir");
        let Some(selinux) = Selinux::pretend(&scratch) else { return };
        let selinux = if missing == "library" { selinux.without_library() } else { selinux.without_labels() };
        for line in ["new more dir", "-Z new more dir", "-Zd one two/three"] {
            let text = install(&selinux, &scratch, line).run().exits(0).error_text();
            assert!(text.starts_with("install: warning: security labeling handle failed: "), "{missing}, {line}: {text}");
            assert_eq!(text.lines().count(), 1, "{missing}, {line}: {text}");
        }
        assert_eq!((scratch.read("dir/new"), scratch.read("dir/more")), (b"new".to_vec(), b"more".to_vec()));
        // What needs no policy needs no library.
        install(&selinux, &scratch, "--context=u:r:own_t new app").run().exits(0).is_quiet();
        set_label(scratch.path("new"), "u:r:source_t");
        install(&selinux, &scratch, "--preserve-context new other").run().exits(0).is_quiet();
        let labels = ["app", "other"].map(|name| label(scratch.path(name)).unwrap_or_default());
        assert_eq!(labels, ["u:r:own_t", "u:r:source_t"], "{missing}");
    }
}

#[test]
fn in_a_container_that_knows_nothing_of_selinux_nothing_is_said() {
    let scratch = tree();
    let Some(selinux) = Selinux::pretend(&scratch).map(|it| it.without_library().hidden()) else { return };
    install(&selinux, &scratch, "new app").run().exits(0).is_quiet();
    install(&selinux, &scratch, "-Z new app").run().exits(0).is_quiet();
    selinux.host(swapbin(&scratch).from("new").to("other")).run().exits(0).never_mentions("label");
}
