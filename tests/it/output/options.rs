//! Arguments: what they say of themselves, and that a mistake in them touches nothing.

use super::{swap, tree};
use crate::support::{Entry, NOBODY, require_root, swapbin, swapbin_as_ordinary_user};

#[test]
fn help_goes_to_standard_output_and_names_every_exit_code() {
    let scratch = tree();
    for option in ["--help", "-h"] {
        let outcome = swapbin(&scratch).arg(option).run();
        outcome.exits(0).prints("Usage: swapbin");
        let text = outcome.output_text();
        let (_, table) = text.split_once("Exit status:").expect("a table of exit codes");
        let codes: Vec<&str> = table.lines().filter_map(|line| line.split_whitespace().next()).collect();
        for code in ["0", "1", "2", "4", "5", "7", "8", "9", "10", "75", "128+n"] {
            assert!(codes.contains(&code), "no {code} in {option}: {codes:?}");
        }
        assert_eq!(outcome.error_text(), "");
    }
}

#[test]
fn the_version_is_the_packages() {
    let scratch = tree();
    for option in ["--version", "-V"] {
        let outcome = swapbin(&scratch).arg(option).run();
        outcome.exits(0);
        assert_eq!(outcome.output_text(), concat!("swapbin ", env!("CARGO_PKG_VERSION"), "\n"));
    }
}

#[test]
fn a_mistake_in_the_arguments_is_2_and_touches_nothing() {
    let scratch = tree();
    let before = scratch.snapshot();
    let whole = ["--from", "new", "--to", "app"];
    let mistakes: [&[&str]; 16] = [
        &["--bogus"],
        &["extra"],
        &["--to", "other"],
        &["--mode", "0755", "--mode", "0700"],
        &["--force", "--force"],
        &["--force", "--check"],
        &["--sha256", "beef"],
        &["--sha256", ""],
        &["--max-filesize", "big"],
        &["--max-filesize", "-1"],
        &["--max-time", "0"],
        &["--stall-timeout", "soon"],
        &["--retry", "-1"],
        &["--progress", "loud"],
        &["--header-env", "NAME"],
        &["--token-env", "SWAPBIN_TEST_NO_SUCH_VARIABLE"],
    ];
    for mistake in mistakes {
        let outcome = swapbin(&scratch).args(whole).args(mistake).run();
        outcome.exits(2).says("error: ");
        assert_eq!(outcome.output_text(), "", "{outcome}");
        scratch.snapshot().assert_same_as(&before);
    }
}

#[test]
fn source_and_target_must_be_named_and_not_empty() {
    let scratch = tree();
    let before = scratch.snapshot();
    for arguments in [&["--from", "new"][..], &["--to", "app"], &["--from", "new", "--to", ""], &["new", "app"]] {
        swapbin(&scratch).args(arguments).run().exits(2).says("error: ");
    }
    swapbin(&scratch).run().exits(2).says("Usage: swapbin");
    swapbin(&scratch).from("").to("app").run().says("error: ");
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn several_sources_without_a_digest_are_a_mistake() {
    let scratch = tree();
    let before = scratch.snapshot();
    swapbin(&scratch).from("new").from("app").to("app").run().exits(2).says("digest").says("hint: ");
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn a_state_directory_that_cannot_be_used_is_no_obstacle_to_one_file_and_said() {
    let scratch = tree();
    scratch.directory("shared").mode(0o777);
    scratch.directory("real");
    scratch.link("link", "real");
    for (state, why) in [("/proc/nowhere/state", "no such"), ("new", "no directory"), ("shared", "others"), ("link", "a link")] {
        for from_environment in [true, false] {
            scratch.file("app", "old");
            let command = swap(&scratch).keeping();
            let command = match from_environment {
                true => command.env("SWAPBIN_STATE_DIR", state),
                false => command.args(["--state-dir", state]),
            };
            let outcome = command.run();
            outcome.exits(0).prints("replaced");
            assert!(outcome.error_text().contains("is not kept") && outcome.error_text().contains(why), "{state}: {outcome}");
            assert_eq!(scratch.read("app"), scratch.read("new"));
        }
    }
    for directory in ["shared", "real"] {
        assert_eq!(std::fs::read_dir(scratch.path(directory)).unwrap().count(), 0, "{directory}");
    }
}

#[test]
fn a_state_directory_is_made_for_its_user_alone_and_nothing_is_put_elsewhere() {
    let scratch = tree();
    swap(&scratch).keeping().args(["--state-dir", "deep/er/state"]).run().exits(0).prints("replaced");
    for directory in ["deep", "deep/er", "deep/er/state", "deep/er/state/txn", "deep/er/state/history"] {
        assert_eq!(Entry::of(scratch.path(directory)).mode, 0o700, "{directory}");
    }
    assert_eq!(std::fs::read_dir(scratch.path("deep/er/state/history")).unwrap().count(), 1);
    assert_eq!(std::fs::read_dir(scratch.home()).unwrap().count(), 0);
}

#[test]
fn an_empty_state_directory_in_the_environment_is_none() {
    let scratch = tree();
    scratch.directory("his").of_ordinary_user();
    let run = swapbin_as_ordinary_user(&scratch).from("new").to("his/app").env("SWAPBIN_STATE_DIR", "");
    run.env("XDG_STATE_HOME", scratch.path("his")).run().exits(0).prints("installed");
    assert!(scratch.path("his/swapbin/txn").is_dir());
}

#[test]
fn an_ordinary_user_without_a_home_needs_no_state() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.directory("his").owner(NOBODY, NOBODY);
    let command = swapbin(&scratch).from("new").to("his/app").as_user(NOBODY);
    command.env("HOME", "/nonexistent").env("XDG_STATE_HOME", "").run().exits(0).prints("installed");
}

#[test]
fn the_last_step_needs_no_environment_at_all() {
    let scratch = tree();
    // The state directory by option: root's own is the machine's.
    let state = scratch.state(None);
    swap(&scratch).under(["env", "-i"]).arg("--state-dir").arg(state).run().exits(0).prints("replaced");
}

#[test]
fn sizes_are_read_with_their_units() {
    let scratch = tree();
    scratch.file_of("new", b'x', 2049);
    for (limit, code) in [("2048", 5), ("2K", 5), ("2k", 5), ("2KiB", 5), ("2049", 0), ("3K", 0), ("1M", 0), ("1G", 0)] {
        scratch.file("app", "old");
        swap(&scratch).args(["--max-filesize", limit]).run().exits(code);
    }
}

#[test]
fn a_mistake_that_others_make_too_is_answered_by_what_was_meant() {
    let scratch = tree();
    let says = |words: &[&str], advice: &str| {
        swapbin(&scratch).args(words).run().exits(2).says(advice);
    };
    says(&["new", "app"], "did you mean --from 'new' --to 'app'?");
    says(&["--to", "app", "--to", "b"], "each --to needs a --from before it");
    says(&["--from", "new", "--to", "app", "--mode", "9"], "octal up to 7777");
    swapbin(&scratch).arg("help").run().exits(0).prints("Usage: swapbin");
    swapbin(&scratch).args(["help", "apply"]).run().exits(0).prints("Usage: swapbin apply");
    swapbin(&scratch).args(["apply", "--version"]).run().exits(0).prints(env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_state_directory_from_the_environment_is_not_asked_for_in_the_usage() {
    let scratch = tree();
    for command in ["apply", "recover", "rollback", "history", "prune"] {
        let run = swapbin(&scratch).args([command, "--no-such-option"]).env("SWAPBIN_STATE_DIR", scratch.path("state")).run();
        run.exits(2).says("Usage: swapbin ").never_mentions("--state-dir");
    }
}

#[test]
fn the_words_after_the_options_fit_80_columns() {
    let scratch = tree();
    // clap breaks what is too long for the terminal, in the middle of a paragraph or a command.
    let after = |columns: &str| {
        let help = swapbin(&scratch).arg("--help").env("COLUMNS", columns).run().exits(0).output_text();
        help.split_once("Several files are one change").expect("the text after the options").1.to_owned()
    };
    assert_eq!(after("80"), after("100"));
}

#[test]
fn options_of_every_command_may_stand_before_it() {
    let scratch = tree();
    swap(&scratch).keeping().args(["--state-dir", "st ate"]).run().exits(0);
    let listed = swapbin(&scratch).args(["history", "--state-dir", "st ate", "--json"]).run().exits(0).json();
    assert_eq!(listed["changes"].as_array().unwrap().len(), 1);
    for words in
        [&["--state-dir", "st ate", "--json"][..], &["--json", "--state-dir=st ate"], &["-v", "--json", "--state-dir=st ate"]]
    {
        assert_eq!(swapbin(&scratch).args(words).arg("history").run().exits(0).json(), listed, "{words:?}");
    }
    swapbin(&scratch).args(["--state-dir", "st ate", "recover", "--list"]).run().exits(0).prints("nothing is left over");
    // Twice is once too often, and what belongs to the main job belongs to it alone.
    swapbin(&scratch).args(["--json", "history", "--json"]).run().exits(2).says("cannot be used multiple times");
    swapbin(&scratch).args(["--dry-run", "history"]).run().exits(2);
    swapbin(&scratch).args(["--state-dir", "history"]).run().exits(2);
}

#[test]
fn a_command_that_advice_names_has_the_state_directory_as_a_shell_reads_it() {
    let scratch = tree();
    let hint = |dir: &str, shown: &str| {
        let words = format!("swapbin recover --state-dir {shown} --list");
        let rollback = || swapbin(&scratch).args(["--state-dir", dir, "rollback", "--last"]);
        rollback().run().exits(7).says(&words);
        let object = rollback().arg("--json").run().exits(7).json();
        assert!(object["error"]["hint"].as_str().unwrap().contains(&words), "{object}");
    };
    let root = scratch.root().display().to_string();
    hint("plain", &format!("{root}/plain"));
    hint("st ate; $(true)", &format!("'{root}/st ate; $(true)'"));
    hint("it's", &format!("\"{root}/it's\""));
}
