//! Whoever looks in a tight loop never finds the name missing, half a file, or a program that cannot be started.

use crate::support::{Fixture, Scratch, swapbin};

const SWAPS: usize = 300;

#[test]
fn a_reader_in_a_tight_loop_sees_one_of_the_two_contents_every_time() {
    let scratch = Scratch::new();
    let app = scratch.file_of("app", b'a', 200_000).mode(0o755);
    let sources = [scratch.file_of("b", b'b', 300_000), scratch.file_of("a", b'a', 200_000)];
    let fixture = scratch.program("watcher", "one");
    let watcher = Fixture::start(&fixture, &["watch-file", app.to_str().unwrap(), "755", "200000:a", "300000:b"]);

    for source in sources.iter().cycle().take(SWAPS) {
        swapbin(&scratch).from(source).to(&app).run().exits(0).prints("replaced");
    }

    let count = watcher.finish_counting();
    assert_eq!((count("absent"), count("torn"), count("badmode")), (0, 0, 0), "in {} looks", count("looks"));
    assert!(count("changes") > 10, "the watcher saw {} changes only: it did not look while swaps went on", count("changes"));
    scratch.assert_no_litter();
}

#[test]
fn a_program_started_in_a_tight_loop_starts_every_time() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let sources = [scratch.program("new", "two"), scratch.program("old", "one")];
    let fixture = scratch.program("starter", "one");
    let starter = Fixture::start(&fixture, &["spin-exec", app.to_str().unwrap(), "0", "version"]);

    for source in sources.iter().cycle().take(SWAPS) {
        swapbin(&scratch).from(source).to(&app).run().exits(0).prints("replaced");
    }

    let said = starter.finish();
    assert!(said.contains(" failed=0 reasons= said=one,two"), "starts of a program that is being replaced: {said}");
    scratch.assert_no_litter();
}
