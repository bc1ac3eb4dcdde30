//! What was overwritten comes back in place.

use super::Tree;
use crate::support::{
    CAPABILITY, Fixture, Scratch, attribute, is_kept, may_bind_low_ports, require_root, set_attribute, swapbin,
};

#[test]
fn the_old_content_comes_back_in_the_same_inode_and_goes_again() {
    let tree = Tree::new();
    tree.overwrite().keeping().run().exits(0);
    assert!(tree.is_new());
    let outcome = swapbin(&tree.scratch).args(["history", "app"]).run();
    outcome.exits(0).prints("in-place").prints(".swapbin~");
    for expected in [false, true, false] {
        swapbin(&tree.scratch).args(["rollback", "app"]).run().exits(0).prints("replaced");
        assert_eq!(tree.is_new(), expected);
        let kept = tree.scratch.snapshot().names().filter(|name| is_kept(name)).count();
        assert_eq!(kept, 1);
        tree.scratch.assert_no_litter();
    }
}

#[test]
fn mode_owner_and_capabilities_come_back_with_it() {
    if !require_root() {
        return;
    }
    let mut tree = Tree::new();
    set_attribute(tree.scratch.path("app"), CAPABILITY, &may_bind_low_ports());
    tree.before = tree.scratch.snapshot();
    tree.overwrite().keeping().args(["-o", "1", "-g", "2", "-m", "711"]).run().exits(0);
    swapbin(&tree.scratch).args(["rollback", "app"]).run().exits(0);
    assert!(!tree.is_new());
    assert_eq!(attribute(tree.scratch.path("app"), CAPABILITY), Some(may_bind_low_ports()));
}

#[test]
fn a_file_that_somebody_has_is_not_rolled_back() {
    let tree = Tree::new();
    tree.overwrite().keeping().run().exits(0);
    let reader = tree.scratch.program("reader", "one");
    let held = Fixture::start(&reader, &["map", tree.scratch.path("app").to_str().unwrap()]);
    swapbin(&tree.scratch).args(["rollback", "app"]).run().exits(3).says("(reader) maps it");
    assert_eq!(held.finish(), format!("sum={}\n", u64::from(b'n') * (super::SIZE as u64 + 50_000)));
}

#[test]
fn a_copy_that_was_changed_is_not_brought_back_and_only_so_many_are_kept() {
    let tree = Tree::new();
    for byte in [b'1', b'2', b'3'] {
        tree.scratch.file_of("new", byte, 30_000);
        tree.overwrite().keeping().args(["--keep", "2"]).run().exits(0);
    }
    let kept = || -> Vec<_> {
        tree.scratch.snapshot().names().filter(|name| is_kept(name)).map(|name| tree.scratch.path(name)).collect()
    };
    assert_eq!(kept().len(), 2);
    // The newest, of which the name sorts last.
    std::fs::write(kept().pop().unwrap(), "changed").unwrap();
    for words in [&["rollback", "--last"], &["rollback", "app"]] {
        swapbin(&tree.scratch).args(words).run().exits(4).says("another size");
    }
    assert!(tree.scratch.read("app") == vec![b'3'; 30_000]);
    std::fs::rename(kept().pop().unwrap(), tree.scratch.path("looked-at")).unwrap();
    swapbin(&tree.scratch).args(["rollback", "app"]).run().exits(0);
    assert!(tree.scratch.read("app") == vec![b'1'; 30_000], "the one before");
}

#[test]
fn a_file_that_was_overwritten_is_replaced_by_renaming_as_any_other() {
    let tree = Tree::of(Scratch::new(), 5000, 6000);
    tree.overwrite().keeping().run().exits(0);
    tree.scratch.file("newest", "newest");
    swapbin(&tree.scratch).from("newest").to("app").keeping().run().exits(0);
    let kept = || tree.scratch.snapshot().names().filter(|name| is_kept(name)).count();
    assert_eq!((tree.scratch.read("app"), kept()), (b"newest".to_vec(), 1), "the copy is beyond what is kept");
    swapbin(&tree.scratch).args(["rollback", "app"]).run().exits(0);
    assert!(tree.scratch.read("app") == vec![b'n'; 6000]);
    swapbin(&tree.scratch).args(["prune", "--keep", "0"]).run().exits(0);
    assert_eq!(kept(), 0);
}
