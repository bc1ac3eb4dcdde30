//! No /proc, as in a chroot or an initramfs.

use super::Tree;
use crate::support::{NOBODY, Namespace, require_mounts};

#[test]
fn root_needs_no_proc() {
    if !require_mounts() {
        return;
    }
    let (tree, namespace) = (Tree::of_caller(), Namespace::new());
    namespace.hide_proc();
    tree.assert_replaced(&tree.swap().within(&namespace).run());
    tree.assert_installed(&tree.install().within(&namespace).run());
}

#[test]
fn an_ordinary_user_needs_no_proc() {
    if !require_mounts() {
        return;
    }
    let (tree, namespace) = (Tree::new(), Namespace::new());
    namespace.hide_proc();
    tree.assert_replaced(&tree.swap().as_user(NOBODY).within(&namespace).run());
    tree.assert_installed(&tree.install().as_user(NOBODY).within(&namespace).run());
}

#[test]
fn an_ordinary_user_of_an_older_kernel_needs_no_proc() {
    if !require_mounts() {
        return;
    }
    let (tree, namespace) = (Tree::new(), Namespace::new());
    namespace.hide_proc();
    let run = tree.swap().as_user(NOBODY).within(&namespace).without_link_of_descriptors();
    tree.assert_replaced(&run.run());
}

#[test]
fn on_an_older_kernel_the_file_is_named_through_proc() {
    let tree = Tree::of_caller();
    let Some((outcome, calls)) = tree.swap().without_link_of_descriptors().strace("linkat,openat") else { return };
    tree.assert_replaced(&outcome);
    let linked = calls.iter().find(|call| call.name == "linkat" && call.succeeded());
    assert!(linked.is_some_and(|call| call.arguments.contains("/proc/self/fd/")), "{calls:?}");
    assert!(calls.iter().all(|call| !call.arguments.contains("O_CREAT")), "no temporary name is needed: {calls:?}");
}
