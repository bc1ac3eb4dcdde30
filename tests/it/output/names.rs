//! Names are bytes, chosen by anybody: every one works, and none is believed by the terminal.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use super::{at_a_terminal, tree};
use crate::support::{NOBODY, Outcome, Reply, Server, require_program, sha256, swapbin};

const NASTY: [(&[u8], &str); 7] = [
    (b"a\x1b[31mred", r"a\x1b[31mred"),
    (b"two\nlines", r"two\nlines"),
    (b"over\rwritten", r"over\rwritten"),
    (b"bell\x07\x7f", r"bell\x07\x7f"),
    (b"not\xffutf8\xc3", r"not\xffutf8\xc3"),
    ("c1\u{9b}31m".as_bytes(), r"c1\x9b31m"),
    ("evil\u{202e}gnp".as_bytes(), r"evil\u{202e}gnp"),
];

/// Not one byte that a terminal would take for more than a letter, but for the ends of lines.
#[track_caller]
fn is_plain(outcome: &Outcome) {
    for (name, bytes) in [("standard output", &outcome.stdout), ("standard error", &outcome.stderr)] {
        let text = std::str::from_utf8(bytes).unwrap_or_else(|error| panic!("{name} is not UTF-8, {error}: {outcome}"));
        let bad = |c: char| c != '\n' && (c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c));
        assert!(!text.contains(bad), "{name}: {text:?}");
    }
}

#[test]
fn a_target_of_any_name_is_replaced_and_its_name_escaped() {
    for (bytes, escaped) in NASTY {
        let scratch = tree();
        let name = OsStr::from_bytes(bytes);
        let outcome = swapbin(&scratch).from("new").to(name).arg("-v").run();
        outcome.exits(0).prints("installed").prints(escaped).says(escaped);
        assert_eq!(outcome.output_text().lines().count(), 1, "{outcome}");
        is_plain(&outcome);
        assert_eq!(scratch.read(name), b"new");
        swapbin(&scratch).from("app").to(name).run().exits(0).prints("replaced");
        swapbin(&scratch).from("app").to(name).run().exits(0).prints("unchanged").prints(escaped);
    }
}

#[test]
fn a_source_of_any_name_is_read_and_its_name_escaped() {
    for (bytes, escaped) in NASTY {
        let scratch = tree();
        let name = OsStr::from_bytes(bytes);
        scratch.file(name, "other");
        let outcome = swapbin(&scratch).from(name).to("app").arg("-v").run();
        outcome.exits(0).says(escaped);
        is_plain(&outcome);
        assert_eq!(scratch.read("app"), b"other");
        // In a directory the target has the same name.
        scratch.directory("bin");
        is_plain(swapbin(&scratch).from(name).to("bin").run().exits(0).prints(escaped));
        assert_eq!(scratch.read(Path::new("bin").join(name)), b"other");
    }
}

#[test]
fn what_would_be_done_tells_of_trees_and_kept_versions_with_escaped_names() {
    for (bytes, escaped) in NASTY {
        let scratch = tree();
        let stage = OsStr::from_bytes(bytes);
        scratch.directory("srv");
        scratch.file("srv/tool", "old");
        scratch.directory(stage);
        scratch.file(Path::new(stage).join("tool"), "new");
        scratch.link(Path::new(stage).join("link"), "tool");
        scratch.directory(Path::new(stage).join("more"));
        let apply = |more: &[&str]| {
            let run = swapbin(&scratch).args(["apply", "--tree"]).arg(stage).args(["--to", "srv"]).args(more.iter().copied());
            run.run()
        };
        for (more, code) in [(&["-n"][..], 0), (&["--check"], 10), (&["-n", "--exchange"], 0), (&["--check", "--exchange"], 10)] {
            let outcome = apply(more);
            is_plain(outcome.exits(code).prints(" from '").prints(escaped));
        }
        is_plain(apply(&["-v", "--exchange"]).exits(0));
        // A kept version lies beside its file, in a directory of any name.
        let dir = scratch.directory(Path::new(stage).join("bin"));
        scratch.file(dir.join("app"), "old");
        swapbin(&scratch).from("new").to(dir.join("app")).keeping().run().exits(0);
        let dry = swapbin(&scratch).args(["rollback", "--dry-run"]).arg(dir.join("app")).run();
        is_plain(dry.exits(0).prints(" from '").prints(escaped));
    }
}

#[test]
fn errors_escape_the_transactions_they_speak_of() {
    for (bytes, escaped) in NASTY.into_iter().filter(|(bytes, _)| std::str::from_utf8(bytes).is_ok()) {
        let scratch = tree();
        swapbin(&scratch).from("new").to("app").keeping().run().exits(0);
        let name = OsStr::from_bytes(bytes);
        for words in [&["rollback", "--txn"][..], &["rollback", "-n", "--txn"], &["recover", "--abandon"], &["recover", "--back"]]
        {
            let outcome = swapbin(&scratch).args(words.iter().copied()).arg(name).run();
            is_plain(outcome.exits(2).says("no transaction is called '").says(escaped));
        }
        // Whatever is called so in the state directory: names of records have 20 bytes.
        let mut record = bytes.to_vec();
        record.resize(20, b'0');
        std::fs::write(scratch.state(None).join("history").join(OsStr::from_bytes(&record)), "none").unwrap();
        is_plain(swapbin(&scratch).arg("prune").run().exits(0).says(&format!("called '.swapbin~{escaped}0")));
    }
}

#[test]
fn errors_escape_the_names_they_speak_of() {
    for (bytes, escaped) in NASTY {
        let scratch = tree();
        let name = OsStr::from_bytes(bytes);
        let below = OsString::from_vec([bytes, b"/app"].concat());
        let outcomes = [
            swapbin(&scratch).from(name).to("app").run(),
            swapbin(&scratch).from("new").to(&below).run(),
            swapbin(&scratch).from(name).to(&below).args(["--json", "-v"]).run(),
        ];
        for outcome in &outcomes {
            outcome.says("error: ").says(escaped);
            is_plain(outcome);
        }
        let link = scratch.link("link", name);
        is_plain(swapbin(&scratch).from("new").to(link).run().exits(9).says(escaped));
    }
}

#[test]
fn a_wrong_argument_is_escaped_when_it_is_repeated() {
    let scratch = tree();
    for arguments in [["--mode", "\x1b]0;title\x07"], ["--preserve", "a\x1b[2Jb"], ["--\x1b[31mred\r", "x"], ["a\x07b", "c"]] {
        let outcome = swapbin(&scratch).from("new").to("app").args(arguments).run();
        is_plain(outcome.exits(2).says("error: "));
        if require_program("script").is_some() {
            // At a terminal nothing is taken out on the way. NO_COLOR leaves the argument as the only source of escapes.
            let wrapper =
                ["sh", "-c", "export A=\"$1\" B=\"$2\"; exec script -qec \"$3 \\\"\\$A\\\" \\\"\\$B\\\"\" /dev/null", "sh"];
            let wrapper = wrapper.into_iter().chain(arguments);
            let outcome = swapbin(&scratch).under(wrapper).env("NO_COLOR", "1").env("TERM", "xterm").run();
            let text = outcome.output_text().replace("\r\n", "\n");
            assert!(!text.contains(|c: char| c != '\n' && c.is_control()), "{text:?}");
        }
    }
}

#[test]
fn what_a_server_says_is_escaped() {
    let scratch = tree();
    let server = Server::answering(Reply::redirect(302, "/elsewhere\x1b[31m"));
    let address = server.url("/app%1b[31m");
    is_plain(&swapbin(&scratch).from(address).to("app").args(["--sha256", &sha256("new"), "-v"]).run());
}

#[test]
fn a_name_of_255_bytes_works() {
    let scratch = tree();
    let name = "n".repeat(255);
    for _ in 0..2 {
        swapbin(&scratch).from("new").to(&name).arg("--force").run().exits(0).prints(&name);
    }
    assert_eq!(scratch.read(&name), b"new");
    scratch.assert_no_litter();
}

#[test]
fn a_name_of_256_bytes_is_refused() {
    let scratch = tree();
    let before = scratch.snapshot();
    let name = "n".repeat(256);
    for to in [name.clone(), format!("{name}/app"), format!("{name}/")] {
        swapbin(&scratch).from("new").to(to).run().exits(9).says("longer name").says("hint: ");
    }
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn a_path_longer_than_the_kernel_takes_in_one_piece_works() {
    let scratch = tree();
    // PATH_MAX is 4096 bytes, for one call. A path is walked piece by piece.
    let deep = vec!["../tree"; 600].join("/");
    assert!(deep.len() > 4096);
    swapbin(&scratch).from("new").to(format!("{deep}/app")).run().exits(0).prints("replaced");
    assert_eq!(scratch.read("app"), b"new");
}

#[test]
fn a_directory_takes_the_name_from_the_source() {
    for to in ["bin", "bin/", "./bin/.", "bin//", "bin/../bin"] {
        let scratch = tree();
        scratch.directory("bin");
        swapbin(&scratch).from("./new").to(to).run().exits(0).prints("installed");
        assert_eq!(scratch.read("bin/new"), b"new", "{to}");
    }
}

#[test]
fn a_directory_takes_the_name_from_an_address() {
    let scratch = tree();
    scratch.directory("bin");
    let server = Server::answering(Reply::ok("new"));
    let arguments = ["--sha256", &sha256("new")];
    swapbin(&scratch).from(server.url("/dl/tool%2B1?x=/y")).to("bin").args(arguments).run().exits(0);
    assert_eq!(scratch.read("bin/tool+1"), b"new");
}

#[test]
fn the_working_directory_and_the_one_above_are_directories_like_others() {
    let scratch = tree();
    scratch.directory("bin");
    let run = |to: &str| {
        let script = "cd bin && exec \"$@\"";
        swapbin(&scratch).from("../new").to(to).under(["sh", "-c", script, "sh"]).run().exits(0).prints("installed");
    };
    run(".");
    assert_eq!(scratch.read("bin/new"), b"new");
    scratch.file("new", "newer");
    scratch.directory("bin/sub");
    swapbin(&scratch).from("new").to("bin/sub/..").run().exits(0).prints("replaced");
    assert_eq!(scratch.read("bin/new"), b"newer");
}

#[test]
fn the_root_directory_is_a_directory_like_others() {
    let scratch = tree();
    let name = format!("swapbin-test-{}", std::process::id());
    scratch.file(&name, "new");
    // Nothing may be written there, whatever is wrong with the program: a dry run, and by a user who may not.
    let command = swapbin(&scratch).from(&name).to("/").arg("-n");
    let command = if rustix::process::geteuid().is_root() { command.as_user(NOBODY) } else { command };
    command.run().exits(9).says("'/' is a directory you may not write to");
}

#[test]
fn a_directory_without_a_name_from_the_source_is_refused() {
    let scratch = tree();
    let before = scratch.snapshot();
    swapbin(&scratch).from("-").to(".").stdin("new").run().exits(5).says("no usable file name").says("hint: ");
    let server = Server::answering(Reply::ok("new"));
    for path in ["/", "/a%2fb", "/%00", "/%2e%2e", "/a/"] {
        let digest = sha256("new");
        let outcome = swapbin(&scratch).from(server.url(path)).to(".").args(["--sha256", &digest]).run();
        outcome.exits(5).says("no usable file name");
    }
    assert_eq!(server.connections(), 0);
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn a_directory_that_has_a_directory_of_the_sources_name_is_refused() {
    let scratch = tree();
    scratch.directory("bin");
    scratch.directory("bin/new");
    let before = scratch.snapshot();
    swapbin(&scratch).from("new").to("bin").run().exits(9).says("is a directory").says("hint: ");
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn a_trailing_slash_asks_for_a_directory() {
    let scratch = tree();
    let before = scratch.snapshot();
    swapbin(&scratch).from("new").to("app/").run().exits(9).says("is not a directory");
    swapbin(&scratch).from("new").to("missing/").run().exits(9).says("does not exist").says("create the directory");
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn a_name_that_begins_with_a_dash_is_a_name() {
    let scratch = tree();
    swapbin(&scratch).from("new").arg("--to=-app").run().exits(0);
    assert_eq!(scratch.read("-app"), b"new");
    swapbin(&scratch).arg("--from=-app").to("./-").run().exits(0);
    assert_eq!(scratch.read("-"), b"new", "as a target it is a name like any other");
}

#[test]
fn a_name_shown_at_a_terminal_is_escaped_there_too() {
    if require_program("script").is_none() {
        return;
    }
    let scratch = tree();
    scratch.link("link", "a\x1b[31mred");
    let outcome = at_a_terminal(swapbin(&scratch).from("new").to("link").env("NO_COLOR", "1"));
    outcome.exits(9).prints(r"a\x1b[31mred").never_mentions("\x1b");
}
