//! The line that says what happened, more of it or less, colours, and outputs that take nothing.

use super::{ESCAPE, at_a_terminal, swap, tree};
use crate::support::{require_program, swapbin};

#[test]
fn one_line_says_what_happened_and_to_what() {
    let scratch = tree();
    let outcome = swap(&scratch).run();
    let line = format!("replaced '{}' (3 bytes)\n", scratch.path("app").display());
    assert_eq!((outcome.output_text(), outcome.error_text()), (line, String::new()));
    let outcome = swapbin(&scratch).from("new").to("fresh").run();
    assert_eq!(outcome.output_text(), format!("installed '{}' (3 bytes)\n", scratch.path("fresh").display()));
    let outcome = swap(&scratch).run();
    assert_eq!(outcome.output_text(), format!("unchanged '{}'\n", scratch.path("app").display()));
}

#[test]
fn the_size_is_told_in_a_unit_that_fits() {
    let scratch = tree();
    for (length, size) in [(1, "(1 byte)"), (1023, "(1023 bytes)"), (1536, "(1.5 KiB)"), (12_897_484, "(12.3 MiB)")] {
        scratch.file_of("new", b'x', length);
        swap(&scratch).run().exits(0).prints(size);
    }
}

#[test]
fn quiet_says_nothing_but_errors() {
    let scratch = tree();
    for option in ["-q", "--quiet"] {
        scratch.file("app", "old").mode(0o4755);
        swap(&scratch).arg(option).run().exits(0).is_quiet();
    }
    swapbin(&scratch).from("missing").to("app").arg("-q").run().exits(7).says("error: ");
}

#[test]
fn quiet_tells_by_its_code_what_check_finds() {
    let scratch = tree();
    swap(&scratch).args(["-q", "--check"]).run().exits(10).is_quiet();
}

#[test]
fn verbose_says_each_step_on_standard_error() {
    let scratch = tree();
    for option in ["-v", "--verbose", "-vv"] {
        scratch.file("app", "old");
        let outcome = swap(&scratch).arg(option).run();
        outcome.exits(0).says("target '").says("'new'").says("on the disk").says("renamed into place");
        assert_eq!(outcome.output_text().lines().count(), 1, "standard output stays one line:\n{outcome}");
    }
}

#[test]
fn without_verbose_no_step_is_told() {
    let scratch = tree();
    assert_eq!(swap(&scratch).run().exits(0).error_text(), "");
}

#[test]
fn quiet_and_verbose_contradict_each_other() {
    let scratch = tree();
    let before = scratch.snapshot();
    swap(&scratch).args(["-q", "-v"]).run().exits(2);
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn an_error_is_one_line_and_a_hint_is_another() {
    let scratch = tree();
    let outcome = swapbin(&scratch).from("new").to("missing/app").run();
    outcome.exits(9);
    let text = outcome.error_text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{outcome}");
    assert!(lines[0].starts_with("error: '") && !lines[0].ends_with('.'), "{outcome}");
    assert!(lines[1].starts_with("hint: "), "{outcome}");
    assert_eq!(outcome.output_text(), "");
}

#[test]
fn no_colours_go_into_a_file_or_pipe_even_if_the_terminal_has_them() {
    let scratch = tree();
    swapbin(&scratch).from("missing").to("app").env("TERM", "xterm-256color").run().exits(7).never_mentions(ESCAPE);
    swapbin(&scratch).arg("--help").env("TERM", "xterm-256color").run().exits(0).never_mentions(ESCAPE);
    swapbin(&scratch).arg("--bogus").env("TERM", "xterm-256color").run().exits(2).never_mentions(ESCAPE);
}

#[test]
fn a_terminal_gets_colours_unless_no_color_says_no() {
    if require_program("script").is_none() {
        return;
    }
    let scratch = tree();
    let fails = || swapbin(&scratch).from("missing").to("app");
    at_a_terminal(fails()).exits(7).prints("error:").prints(ESCAPE);
    at_a_terminal(fails().env("NO_COLOR", "1")).exits(7).prints("error:").never_mentions(ESCAPE);
    at_a_terminal(swapbin(&scratch).arg("--bogus").env("NO_COLOR", "1")).exits(2).never_mentions(ESCAPE);
}

#[test]
fn a_reader_that_went_away_changes_neither_the_work_nor_the_code() {
    let scratch = tree();
    swap(&scratch).stdout_broken().run().exits(0).never_mentions("panicked");
    assert_eq!(scratch.read("app"), b"new");
    scratch.file("new", "newer");
    swap(&scratch).args(["--check", "--json"]).stdout_broken().run().exits(10).never_mentions("panicked");
    swapbin(&scratch).from("missing").to("app").arg("--json").stdout_broken().run().exits(7).says("error: ");
    for option in ["--help", "-h", "--version"] {
        swapbin(&scratch).arg(option).stdout_broken().run().exits(0).never_mentions("panicked");
    }
}

#[test]
fn a_closed_standard_output_changes_neither_the_work_nor_the_code() {
    let scratch = tree();
    swap(&scratch).stdout_closed().run().exits(0).never_mentions("panicked");
    assert_eq!(scratch.read("app"), b"new");
    scratch.file("new", "newer");
    swap(&scratch).args(["--check", "--json"]).stdout_closed().run().exits(10).never_mentions("panicked");
    swapbin(&scratch).from("missing").to("app").arg("--json").stdout_closed().run().exits(7).says("error: ");
    swapbin(&scratch).arg("--help").stdout_closed().run().exits(0).never_mentions("panicked");
}

#[test]
fn a_target_is_never_written_to_by_way_of_a_closed_descriptor() {
    let scratch = tree();
    // With 0, 1 and 2 closed the first files opened would get these numbers, and the report would go into one of them.
    let closing = ["sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"];
    swap(&scratch).arg("-v").under(closing).run().exits(0).is_quiet();
    assert_eq!(scratch.read("app"), b"new");
    scratch.assert_no_litter();
}

#[test]
fn a_full_standard_output_is_an_error_but_no_reason_to_panic() {
    let scratch = tree();
    swap(&scratch)
        .stdout_full()
        .run()
        .exits(1)
        .says("standard output")
        .says("is in place all the same")
        .never_mentions("panicked");
    assert_eq!(scratch.read("app"), b"new", "the file was in place before it could not be told");
    swapbin(&scratch).from("missing").to("app").arg("--json").stdout_full().run().exits(7).never_mentions("panicked");
    swap(&scratch).arg("-q").stdout_full().run().exits(0).is_quiet();
}
