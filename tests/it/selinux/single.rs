//! `--from`, `--to`: the label of the file that is replaced is kept; where there is none to keep, the policy decides.

use super::{OLD, POLICY, tree};
use crate::support::{Call, Scratch, Selinux, Swapbin, label, set_label, swapbin};

fn swap<'s>(selinux: &Selinux, scratch: &'s Scratch, to: &str) -> Swapbin<'s> {
    selinux.host(swapbin(scratch).from("new").to(to))
}

#[test]
fn the_replaced_file_s_label_is_kept_whatever_the_policy_says() {
    let scratch = tree();
    let Some(selinux) = Selinux::pretend(&scratch).map(|it| it.has("app", POLICY)) else { return };
    set_label(scratch.path("app"), OLD);
    swap(&selinux, &scratch, "app").run().exits(0).prints("replaced");
    assert_eq!(label(scratch.path("app")).as_deref(), Some(OLD));
    assert_eq!(selinux.lookups(), [""; 0]);
    swap(&selinux, &scratch, "app").run().exits(0).prints("unchanged");
}

#[test]
fn a_new_file_gets_the_policy_s_label_and_then_is_current() {
    let scratch = tree();
    scratch.directory("real");
    scratch.link("shortcut", "real");
    let Some(selinux) = Selinux::pretend(&scratch).map(|it| it.has("real/app", POLICY)) else { return };
    set_label(scratch.path("new"), OLD);
    let Some((outcome, calls)) = swap(&selinux, &scratch, "shortcut/app").strace("%file,%desc") else { return };
    outcome.exits(0).prints("installed");
    assert_eq!(label(scratch.path("real/app")).as_deref(), Some(POLICY));
    assert_eq!(selinux.lookups(), ["f real/app"]);
    let place = |name: &str, from: usize, word: &str| {
        let fits = |call: &Call| call.name.starts_with(name) && call.succeeded() && call.arguments.contains(word);
        calls[from..].iter().position(fits).map(|at| at + from)
    };
    let renamed = place("rename", 0, "\"app\"").unwrap();
    let labelled = place("fsetxattr", 0, "bin_t").unwrap();
    let synced = place("fsync", labelled, "").unwrap();
    assert!(synced < renamed, "{calls:#?}");
    swap(&selinux, &scratch, "shortcut/app").run().exits(0).prints("unchanged");
}

#[test]
fn a_label_that_is_not_to_be_kept_is_the_policy_s_and_does_not_change_the_file_each_time() {
    let scratch = tree();
    let Some(selinux) = Selinux::pretend(&scratch).map(|it| it.has("app", POLICY)) else { return };
    set_label(scratch.path("app"), OLD);
    scratch.file("app", "older");
    let run = |to: &str| swap(&selinux, &scratch, to).args(["--preserve", "mode,owner"]).run();
    run("app").exits(0).prints("replaced");
    assert_eq!(label(scratch.path("app")).as_deref(), Some(POLICY));
    run("app").exits(0).prints("unchanged");
    // The label alone is no reason to replace a file: restorecon(8) is there for it.
    set_label(scratch.path("app"), OLD);
    run("app").exits(0).prints("unchanged");
    // A path of which the policy says nothing: whatever label is there is as good as any.
    run("other").exits(0).prints("installed");
    set_label(scratch.path("other"), OLD);
    run("other").exits(0).prints("unchanged");
}

#[test]
fn a_new_file_that_cannot_be_labelled_is_installed_with_a_warning() {
    let scratch = tree();
    let Some(selinux) = Selinux::pretend(&scratch).map(|it| it.has("first", POLICY)) else { return };
    let outcome = swap(&selinux, &scratch, "first").denying(&[libc::SYS_fsetxattr], libc::EACCES).run();
    outcome.exits(0).says("does not get the security label that the policy has for it").says(POLICY).says("Permission denied");
    let json = swap(&selinux.without_library(), &scratch, "second").arg("--json").run();
    assert_eq!(json.exits(0).json()["warnings"][0]["kind"], "not-labelled");
    assert_eq!((scratch.read("first"), scratch.read("second")), (b"new".to_vec(), b"new".to_vec()));
}
