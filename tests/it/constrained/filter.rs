//! Filters of containers and older kernels that do not know a system call.

use libc::{ENOSYS, EPERM, c_long};

use super::Tree;
use crate::support::{Scratch, failpoints_available, swapbin, swapbin_as_ordinary_user};

#[track_caller]
fn works_without(calls: &[c_long]) {
    for errno in [EPERM, ENOSYS] {
        let tree = Tree::of_caller();
        tree.assert_replaced(&tree.swap().denying(calls, errno).run());
        tree.assert_installed(&tree.install().denying(calls, errno).run());
    }
}

#[test]
fn a_filter_may_forbid_statx() {
    works_without(&[libc::SYS_statx]);
}

#[test]
fn a_filter_may_forbid_openat2() {
    works_without(&[libc::SYS_openat2]);
}

#[test]
fn a_filter_may_forbid_renameat2() {
    works_without(&[libc::SYS_renameat2]);
}

#[test]
fn a_filter_may_forbid_copy_file_range() {
    works_without(&[libc::SYS_copy_file_range]);
}

#[test]
fn a_batch_without_locks_is_refused_and_leaves_nothing() {
    for errno in [EPERM, ENOSYS] {
        let scratch = Scratch::new();
        scratch.file("app", "old");
        scratch.file("new", "new");
        let before = scratch.snapshot();
        let run = swapbin(&scratch).from("new").to("app").from("new").to("another").denying(&[libc::SYS_flock], errno).run();
        run.exits(9).says("state directory");
        scratch.snapshot().assert_same_as(&before);
    }
}

#[test]
fn a_filter_may_forbid_all_four_at_once() {
    works_without(&[libc::SYS_statx, libc::SYS_openat2, libc::SYS_renameat2, libc::SYS_copy_file_range]);
}

#[test]
fn a_filter_may_forbid_faccessat2() {
    works_without(&[libc::SYS_faccessat2]);
}

#[test]
fn a_filter_may_forbid_flock() {
    works_without(&[libc::SYS_flock]);
}

#[test]
fn a_filter_may_forbid_linkat() {
    works_without(&[libc::SYS_linkat]);
}

#[test]
fn a_filter_may_forbid_close_range() {
    works_without(&[libc::SYS_close_range]);
}

#[test]
fn a_filter_may_forbid_fallocate() {
    works_without(&[libc::SYS_fallocate]);
}

#[test]
fn a_filter_may_forbid_every_ioctl() {
    works_without(&[libc::SYS_ioctl]);
}

#[test]
fn a_filter_may_forbid_reflinks() {
    // FICLONE, linux/fs.h.
    const FICLONE: u32 = 0x4004_9409;
    for errno in [EPERM, ENOSYS, libc::EXDEV, libc::EINVAL, libc::ENOTTY] {
        let tree = Tree::of_caller();
        tree.assert_replaced(&tree.swap().without_ioctl(FICLONE, errno).run());
    }
}

#[test]
fn a_copy_that_the_kernel_refuses_is_made_by_hand_and_whole() {
    // EIO last: reading by hand then gives the true answer.
    for errno in [EPERM, ENOSYS, libc::EXDEV, libc::EINVAL, libc::EOPNOTSUPP, libc::EIO] {
        let tree = Tree::of_caller();
        let bytes: Vec<u8> = (0..1_000_003_u32).map(|n| (n % 251) as u8).collect();
        tree.scratch.file("new", &bytes);
        tree.swap().denying(&[libc::SYS_copy_file_range], errno).run().exits(0);
        assert!(tree.scratch.read("his/app") == bytes, "errno {errno}");
    }
}

#[test]
fn a_new_target_without_renameat2_replaces_nothing_that_came_meanwhile() {
    if !failpoints_available() {
        return;
    }
    let tree = Tree::of_caller();
    let mut running = tree.install().denying(&[libc::SYS_renameat2], ENOSYS).failpoint("rename", "pause").spawn();
    running.wait_until_paused();
    tree.scratch.file("his/another", "somebody else's");
    running.signal(rustix::process::Signal::CONT);
    running.wait().exits(75).says("changed by somebody else");
    assert_eq!(tree.scratch.read("his/another"), b"somebody else's");
    tree.scratch.assert_no_litter();
}

#[test]
fn a_new_target_replaces_nothing_that_came_meanwhile() {
    if !failpoints_available() {
        return;
    }
    let tree = Tree::of_caller();
    let mut running = tree.install().failpoint("rename", "pause").spawn();
    running.wait_until_paused();
    tree.scratch.file("his/another", "somebody else's");
    running.signal(rustix::process::Signal::CONT);
    running.wait().exits(75).says("changed by somebody else");
    assert_eq!(tree.scratch.read("his/another"), b"somebody else's");
    tree.scratch.assert_no_litter();
}

#[test]
fn where_a_filter_leaves_no_way_the_old_file_stays() {
    let forbidden: [&[c_long]; 5] = [
        &[libc::SYS_flistxattr],
        &[libc::SYS_fchmod],
        &[libc::SYS_fsync],
        &[libc::SYS_renameat, libc::SYS_rename, libc::SYS_renameat2],
        &[libc::SYS_getrandom],
    ];
    for calls in forbidden {
        for errno in [EPERM, ENOSYS] {
            let tree = Tree::of_caller();
            let before = tree.scratch.snapshot();
            let outcome = tree.swap().denying(calls, errno).run();
            if outcome.code == Some(0) {
                tree.assert_replaced(&outcome);
                continue;
            }
            assert!(matches!(outcome.code, Some(1 | 9)) && outcome.error_text().starts_with("error: "), "{calls:?}\n{outcome}");
            tree.scratch.snapshot().assert_same_as(&before);
        }
    }
}

#[test]
fn a_filesystem_or_kernel_without_anonymous_files_gets_a_named_one() {
    for errno in [libc::EOPNOTSUPP, libc::EISDIR, libc::ENOENT, libc::EINVAL, EPERM] {
        let tree = Tree::of_caller();
        let Some((outcome, calls)) = tree.swap().without_tmpfile(errno).strace("openat,linkat,renameat") else { return };
        tree.assert_replaced(&outcome);
        let created = calls.iter().find(|call| call.name == "openat" && call.arguments.contains("O_CREAT"));
        let created = created.unwrap_or_else(|| panic!("{calls:?}"));
        for word in [".swapbin.s", "O_EXCL", "O_NOFOLLOW", "O_CLOEXEC", "0600"] {
            assert!(created.arguments.contains(word), "{word} in {created:?}");
        }
        tree.assert_installed(&tree.install().without_tmpfile(errno).run());
    }
}

#[test]
fn an_ordinary_user_of_the_oldest_kernel_supported_is_served() {
    // What came after Linux 4.18, as far as a program may call it.
    let newer = [libc::SYS_openat2, libc::SYS_faccessat2, libc::SYS_close_range, libc::SYS_clone3, libc::SYS_pidfd_open];
    let tree = Tree::new();
    let run = swapbin_as_ordinary_user(&tree.scratch).from("new").to("his/app");
    tree.assert_replaced(&run.denying(&newer, ENOSYS).without_link_of_descriptors().run());
}
