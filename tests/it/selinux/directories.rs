//! Directories that `install` makes.

use super::{OLD, install, tree};
use crate::support::{Selinux, label, set_label};

#[test]
fn without_an_option_directories_keep_what_the_kernel_gives() {
    let scratch = tree();
    let Some(selinux) = Selinux::pretend(&scratch).map(|it| it.has("one/", "u:r:one_t").has("one/new", "u:r:new_t")) else {
        return;
    };
    for line in ["-d one", "-d --preserve-context one/two"] {
        install(&selinux, &scratch, line).run().exits(0).is_quiet();
    }
    assert_eq!((label(scratch.path("one")), label(scratch.path("one/two"))), (None, None));
    install(&selinux, &scratch, "-D new one/three/new").run().exits(0).is_quiet();
    assert_eq!(selinux.lookups(), ["f one/three/new"]);
}

#[test]
fn z_labels_every_directory_that_is_made_and_those_asked_for() {
    let scratch = tree();
    scratch.directory("there/old");
    set_label(scratch.path("there"), OLD);
    set_label(scratch.path("there/old"), OLD);
    let Some(selinux) = Selinux::pretend(&scratch) else { return };
    let selinux = ["there/", "there/old/", "one/", "one/two/"].iter().fold(selinux, |it, name| it.has(name, "u:r:made_t:s0"));
    install(&selinux, &scratch, "-Z -m 700 -d there/old one/two/ there/old/none").run().exits(0).is_quiet();
    assert_eq!(selinux.lookups(), ["d there/old", "d one", "d one/two", "d there/old/none"]);
    assert_eq!(label(scratch.path("there/old")).as_deref(), Some("staff_u:object_r:made_t:s0:c1,c2"));
    assert_eq!(label(scratch.path("there")).as_deref(), Some(OLD), "it was there, and nobody asked for it");
    for name in ["one", "one/two"] {
        assert_eq!(label(scratch.path(name)).as_deref(), Some("u:r:made_t:s0"), "{name}");
    }
}

#[test]
fn z_labels_the_leading_directories_too() {
    let scratch = tree();
    let Some(selinux) = Selinux::pretend(&scratch) else { return };
    let selinux = selinux.has("a/", "u:r:a_t").has("a/b/", "u:r:b_t").has("a/b/new", "u:r:new_t").has("t/", "u:r:t_t");
    install(&selinux, &scratch, "-ZD new a/b/new").run().exits(0).is_quiet();
    install(&selinux, &scratch, "-ZD -t t new").run().exits(0).is_quiet();
    let labels = ["a", "a/b", "a/b/new", "t"].map(|name| label(scratch.path(name)).unwrap_or_default());
    assert_eq!(labels, ["u:r:a_t", "u:r:b_t", "u:r:new_t", "u:r:t_t"]);
    assert_eq!(selinux.lookups(), ["d a", "d a/b", "f a/b/new", "d t", "f t/new"]);
}

#[test]
fn a_context_is_for_what_is_new() {
    let scratch = tree();
    scratch.directory("there");
    let Some(selinux) = Selinux::pretend(&scratch) else { return };
    install(&selinux, &scratch, "--context=u:r:own_t -d there there/two/three").run().exits(0).is_quiet();
    install(&selinux, &scratch, "--context=u:r:own_t -D new a/new").run().exits(0).is_quiet();
    for name in ["there/two", "there/two/three", "a", "a/new"] {
        assert_eq!(label(scratch.path(name)).as_deref(), Some("u:r:own_t"), "{name}");
    }
    assert_eq!(label(scratch.path("there")), None);
}

#[test]
fn a_directory_that_cannot_be_labelled_is_told_in_gnu_s_words() {
    let scratch = tree();
    let Some(selinux) = Selinux::pretend(&scratch).map(|it| it.has("a/", "u:r:a_t").has("a/b/", "5")) else { return };
    let denied = |line: &str| install(&selinux, &scratch, line).denying(&[libc::SYS_setxattr], libc::EACCES).run();
    let words = "install: failed to set default creation context for 'a': Permission denied\n\
                 install: failed to restore context for 'a/b': Input/output error\n";
    assert_eq!(denied("-Zd a/b").exits(0).error_text(), words);
    let words = "install: failed to set the security context of 'c': Permission denied\n";
    assert_eq!(denied("--context=u:r:c_t -d c").exits(1).error_text(), words);
    assert_eq!(denied("--context=u:r:c_t -D new d/new").exits(1).error_text(), words.replace("'c'", "'d'"));
    assert!(!scratch.path("d/new").exists());
}
