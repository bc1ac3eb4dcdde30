//! Man page, completions and README say what the program does: held against the program's own command line.

// Read by the program; here only its clap command is wanted.
#[allow(dead_code, unused_imports)]
#[path = "../src/bin/swapbin/args/mod.rs"]
mod args;

#[path = "docs/completions.rs"]
mod completions;

// Read by the program; here its table is wanted.
#[allow(dead_code)]
#[path = "../src/bin/swapbin/install/options.rs"]
mod options;

#[path = "docs/shells.rs"]
mod shells;

#[path = "docs/unit.rs"]
mod unit;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Args as _, Command, CommandFactory};
use clap_complete::Shell;

const COMPLETIONS: [(Shell, &str); 3] =
    [(Shell::Bash, "completions/swapbin.bash"), (Shell::Zsh, "completions/_swapbin"), (Shell::Fish, "completions/swapbin.fish")];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Every flag of the program as it is typed, `--help` and `--version` included.
fn flags() -> BTreeSet<String> {
    flags_of(args::Args::command())
}

fn flags_of(mut command: Command) -> BTreeSet<String> {
    command.build();
    let long = command.get_arguments().filter_map(|arg| arg.get_long().map(|long| format!("--{long}")));
    let short = command.get_arguments().filter_map(|arg| arg.get_short().map(|short| format!("-{short}")));
    long.chain(short).collect()
}

/// The codes that `--help` lists: the first word of each line after `Exit status:`, up to the next empty line.
fn exit_codes() -> BTreeSet<String> {
    let mut command = args::Args::command();
    let help = command.render_help().to_string();
    let (_, list) = help.split_once("Exit status:\n").expect("--help lists the exit codes");
    list.lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_ascii_whitespace().next())
        .filter(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        .map(str::to_owned)
        .collect()
}

/// The flags that mdoc(7) marks up as such: `Fl m , Fl -mode Ar mode` is `-m` and `--mode`.
fn flags_of_the_man_page(name: &str) -> BTreeSet<String> {
    let page = read(name);
    let macros = page.lines().filter(|line| line.starts_with('.'));
    let words = macros
        .flat_map(|line| line.split_ascii_whitespace().collect::<Vec<_>>().windows(2).map(<[_]>::to_vec).collect::<Vec<_>>());
    let marked = words.filter(|pair| matches!(pair[0], "Fl" | ".Fl")).map(|pair| format!("-{}", pair[1]));
    marked.collect()
}

/// Long flags typed after the program's name in lines of examples. A pipe's end or `&&` ends what is ours.
fn flags_in_examples(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let joined = text.replace("\\e\n", " ").replace("\\\n", " ");
    for line in joined.lines() {
        for part in line.split("swapbin ").skip(1) {
            let ours = part.split(['|', '&', ';', '#', '`']).next().unwrap_or_default();
            found
                .extend(ours.split_ascii_whitespace().filter(|word| word.starts_with("--") && word.len() > 2).map(str::to_owned));
        }
    }
    found
}

#[track_caller]
fn assert_all_in(what: &str, wanted: &BTreeSet<String>, found: &BTreeSet<String>) {
    let missing: Vec<_> = wanted.difference(found).collect();
    assert!(missing.is_empty(), "{what}: missing {missing:?}");
}

/// Whether the flag stands in the text as a word of its own.
fn has_word(text: &str, word: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.match_indices(word).any(|(at, _)| !text[..at].ends_with(inside) && !text[at + word.len()..].starts_with(inside))
}

#[test]
fn the_completions_are_what_the_command_line_and_the_table_of_install_make() {
    for (shell, name) in COMPLETIONS {
        let made = completions::of(shell);
        if std::env::var_os("SWAPBIN_BLESS").is_some_and(|bless| bless == "1") {
            std::fs::write(path(name), &made).unwrap();
        }
        assert!(read(name) == made, "{name} is out of date: SWAPBIN_BLESS=1 cargo test --test docs");
    }
}

/// A quotation lasts until the end of its line, mdoc(7): a second one on the same line would be inside the first.
#[test]
fn no_quotation_of_a_man_page_has_another_one_in_it() {
    let pages = std::fs::read_dir(path("man")).unwrap().map(|page| page.unwrap().path());
    let pages: Vec<PathBuf> = pages.collect();
    assert!(pages.len() > 4);
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        let quotations =
            |line: &str| line.split(' ').filter(|word| ["Qq", "Dq", "Sq", "Ql"].contains(&word.trim_start_matches('.'))).count();
        let nested: Vec<&str> = text.lines().filter(|line| line.starts_with('.') && quotations(line) > 1).collect();
        assert!(nested.is_empty(), "{}: {nested:?}", page.display());
    }
}

#[test]
fn every_flag_is_in_every_completion() {
    for (shell, name) in COMPLETIONS {
        let text = read(name);
        let found = flags().into_iter().filter(|flag| match shell {
            // fish(1): complete -s m -l mode.
            Shell::Fish => match flag.strip_prefix("--") {
                Some(long) => has_word(&text, &format!("-l {long}")),
                None => has_word(&text, &format!("-s {}", &flag[1..])),
            },
            _ => has_word(&text, flag),
        });
        assert_all_in(name, &flags(), &found.collect());
    }
}

#[test]
fn the_man_page_has_every_flag_and_no_other() {
    let of = |command: Command| flags_of(command.disable_version_flag(true));
    let apply = of(args::ApplyArgs::augment_args(Command::new("apply")));
    let later = [
        of(args::RollbackArgs::augment_args(Command::new("rollback"))),
        of(args::HistoryArgs::augment_args(Command::new("history"))),
        of(args::PruneArgs::augment_args(Command::new("prune"))),
        of(args::RecoverArgs::augment_args(Command::new("recover"))),
    ];
    let later = later.into_iter().flatten().collect();
    let rescue = of(args::RescueArgs::augment_args(Command::new("rescue")));
    let looked_at =
        [of(args::WhoArgs::augment_args(Command::new("who"))), of(args::StaleArgs::augment_args(Command::new("stale")))];
    let pages = [
        ("man/swapbin.1", flags()),
        ("man/swapbin-apply.1", apply),
        ("man/swapbin-recover.1", later),
        ("man/swapbin-rescue.1", rescue),
        ("man/swapbin-who.1", looked_at.into_iter().flatten().collect()),
    ];
    for (name, flags) in pages {
        let page = flags_of_the_man_page(name);
        assert_all_in(name, &flags, &page);
        assert_all_in(&format!("the program, of what {name} names"), &page, &flags);
    }
}

#[test]
fn every_exit_code_is_in_man_page_and_readme_and_no_other() {
    let codes = exit_codes();
    assert!(codes.contains("0") && codes.contains("128+n"), "{codes:?}");

    let page = read("man/swapbin.1");
    let (_, section) = page.split_once(".Sh EXIT STATUS\n").expect("the man page has a section EXIT STATUS");
    let section = section.split("\n.Sh ").next().unwrap_or_default();
    let listed = section.lines().filter_map(|line| line.strip_prefix(".It ")).map(str::to_owned).collect();
    assert_all_in("EXIT STATUS of man/swapbin.1", &codes, &listed);
    assert_all_in("--help, of the codes of man/swapbin.1", &listed, &codes);

    let readme = read("README.md");
    let (_, section) = readme.split_once("## Exit codes\n").expect("the README has a section of exit codes");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let listed = rows.filter(|code| code.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned).collect();
    assert_all_in("exit codes of README.md", &codes, &listed);
    assert_all_in("--help, of the codes of README.md", &listed, &codes);
}

#[test]
fn the_examples_use_flags_that_exist() {
    let of_commands = args::Args::command().get_subcommands().flat_map(|command| flags_of(command.clone())).collect::<Vec<_>>();
    let known: BTreeSet<String> = flags().into_iter().chain(of_commands).collect();
    for name in [
        "README.md",
        "man/swapbin.1",
        "man/swapbin-apply.1",
        "man/swapbin-recover.1",
        "man/swapbin-rescue.1",
        "man/swapbin-who.1",
        "examples/replace-running.sh",
    ] {
        let used = flags_in_examples(&read(name));
        assert!(!used.is_empty(), "{name} has an example");
        assert_all_in(&format!("the program, of the examples in {name}"), &used, &known);
    }
}

#[test]
fn the_readme_shows_the_library_example_that_is_compiled() {
    let readme = read("README.md");
    let shown = readme.split_once("```rust\n").and_then(|(_, rest)| rest.split_once("```")).expect("an example in rust").0;
    // The crate's front page is compiled and run as a test of documentation; `# ` hides a line there.
    let page = read("src/ARCHITECTURE.md");
    let compiled = page.split_once("```\n").and_then(|(_, rest)| rest.split_once("```")).expect("an example in rust").0;
    let visible: String = compiled.split_inclusive('\n').filter(|line| !line.starts_with("# ")).collect();
    assert_eq!(shown, visible);
}

/// What a manifest says to one key of a `[[swap]]`, given a value that is right for none.
fn reason_of_key(key: &str) -> String {
    let text = format!("[[swap]]\n{key} = {{}}\n");
    let file = swapbin::ManifestFile::Stdin;
    swapbin::Manifest::parse(text.as_bytes(), file, &mut |_| unreachable!()).unwrap_err().reason
}

#[test]
fn every_flag_of_a_file_is_a_key_of_the_manifest_and_no_other() {
    let of_run = flags_of(args::RunArgs::augment_args(Command::new("run").version("1")));
    let flags = flags().into_iter().filter(|flag| !of_run.contains(flag));
    let flags = flags.filter_map(|flag| flag.strip_prefix("--").map(str::to_owned));
    // What is overwritten in place is not all or nothing with others.
    let flags: BTreeSet<String> = flags.filter(|flag| flag != "in-place").collect();
    for flag in &flags {
        assert!(!reason_of_key(flag).contains("unknown key"), "{flag} is no key of a [[swap]]");
    }
    for key in ["wait", "json", "check", "in-place", "bogus"] {
        assert!(reason_of_key(key).contains("unknown key"), "{key} is a key of a [[swap]]");
    }

    let page = read("man/swapbin-apply.1");
    let (_, section) = page.split_once("\n.Sh MANIFEST\n").expect("a section on the manifest");
    let section = section.split("\n.Sh ").next().unwrap_or_default();
    let items = section.lines().filter_map(|line| line.strip_prefix(".It Cm "));
    let listed: BTreeSet<String> = items.flat_map(|keys| keys.split(" , ")).map(str::to_owned).collect();
    let at_the_top = ["defaults", "swap", "wait"].map(str::to_owned).into();
    let all: BTreeSet<String> = flags.union(&at_the_top).cloned().collect();
    assert_eq!(listed, all, "keys of man/swapbin-apply.1, and of a manifest");
}

#[test]
fn the_manifests_shown_are_manifests() {
    let page = read("man/swapbin-apply.1");
    let shown = page.split(".Bd -literal -offset indent\n").nth(1).and_then(|rest| rest.split(".Ed\n").next());
    let mut help = args::Args::command();
    let help = help.find_subcommand_mut("apply").expect("a subcommand").render_long_help().to_string();
    let (_, in_help) = help.split_once("deploy.toml:\n").expect("a manifest in the help");
    let in_help = in_help.replace("HEX", &"0".repeat(64));
    for text in [shown.expect("a manifest in the man page"), &in_help] {
        let file = swapbin::ManifestFile::At(Path::new("/srv/deploy.toml"));
        let manifest = swapbin::Manifest::parse(text.as_bytes(), file, &mut |_| unreachable!());
        assert_eq!(manifest.map(|manifest| manifest.batch.swaps.len()).map_err(|flaw| flaw.reason), Ok(2), "{text}");
    }
}

/// The personality has an option table of its own; `--help` is made of it.
#[test]
fn the_man_page_of_install_has_every_flag_of_its_help() {
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_swapbin")).args(["install", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let man = read("man/swapbin-install.1");
    let flags: BTreeSet<&str> = help
        .lines()
        .filter(|line| line.starts_with("  ") && line.trim_start().starts_with('-'))
        .flat_map(|line| line.split_whitespace().take_while(|word| word.starts_with('-')))
        .map(|word| word.trim_end_matches(',').split(['=', '[']).next().unwrap_or_default())
        .collect();
    assert!(flags.len() > 30, "{flags:?}");
    for flag in flags {
        let written = flag.strip_prefix("--").map_or_else(|| format!("Fl {}", &flag[1..]), |long| format!("Fl -{long}"));
        assert!(has_word(&man, &written), "{flag} is not in man/swapbin-install.1");
    }
}

/// What stands in a text from one word to another one.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let start = text.find(from).unwrap_or_else(|| panic!("no {from:?}"));
    let rest = &text[start + from.len()..];
    &rest[..rest.find(to).unwrap_or_else(|| panic!("no {to:?} behind {from:?}"))]
}

/// The keys of the JSON objects that a piece of the program's source makes: in `json!`, or inserted.
fn json_keys(source: &str) -> BTreeSet<String> {
    let pieces: Vec<&str> = source.split('"').collect();
    // Every other piece is in quotes.
    let quoted = pieces.windows(3).step_by(2);
    let is_key = |three: &&[&str]| {
        let [before, _, after] = three else { return false };
        let inserted =
            ["insert(", "object[", "insert_path(&mut object, ", "from_iter([("].iter().any(|call| before.ends_with(call));
        after.starts_with(':') || inserted || (*before == ", " && after.starts_with(", "))
    };
    quoted.filter(is_key).map(|three| three[1].to_owned()).collect()
}

#[test]
fn every_key_of_the_json_of_rescue_who_and_stale_is_in_their_pages() {
    let (objects, usage) = (read("src/bin/swapbin/ui/json.rs"), read("src/bin/swapbin/ui/usage.rs"));
    let rescue = between(&objects, "pub fn rescuable(", "/// That something was settled");
    let mut who = json_keys(between(&usage, "fn object(", "/// Those who still have"));
    who.extend(json_keys(between(&usage, "fn one_use(", "\n}\n")));
    who.extend(["uses", "files"].map(str::to_owned));
    for (page, keys, known) in [("rescue", json_keys(rescue), "lost_addresses"), ("who", who, "evidence")] {
        assert!(keys.contains(known) && keys.contains("path_b64") && keys.len() > 20, "{keys:?}");
        let text = read(&format!("man/swapbin-{page}.1"));
        let section = between(&text, ".Sh JSON", ".Sh EXAMPLES");
        let found = keys.iter().filter(|key| has_word(section, key)).cloned().collect();
        assert_all_in(page, &keys, &found);
    }
}
