//! The completions, asked by the shells they are for.

use std::collections::BTreeSet;

use crate::{options, path};

/// What a shell says that goes about a completion script.
#[track_caller]
fn answer(shell: &str, arguments: &[&str]) -> Option<Vec<String>> {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(directory.path().join("directory")).unwrap();
    std::fs::write(directory.path().join("file"), "").unwrap();
    let mut command = std::process::Command::new(shell);
    command.args(arguments).current_dir(directory.path()).env("HOME", directory.path());
    let output = match command.output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "SKIPPED: no {shell} here");
            return None;
        }
        Err(error) => panic!("{shell}: {error}"),
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{shell} {arguments:?}: {}\n{errors}", output.status);
    Some(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

/// What bash offers at the end of a line, given as readline divides it.
#[track_caller]
fn bash_offers(words: &[&str]) -> Vec<String> {
    let script = r#"source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        compopt() { :; }
        function=$(complete -p "$1") function=${function##*-F }
        "${function%% *}" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    let script_path = path("completions/swapbin.bash");
    let mut arguments = vec!["-c", script, script_path.to_str().unwrap()];
    arguments.extend(words);
    let mut offers = answer("bash", &arguments).expect("bash runs these tests");
    offers.retain(|offer| !offer.is_empty());
    offers
}

#[test]
fn bash_completes_install() {
    let every: BTreeSet<String> = options::all().filter_map(|spec| spec.long.map(|long| format!("--{long}"))).collect();
    for command in [&["swapbin", "install"][..], &["ginstall"]] {
        let offers = |words: &[&str]| bash_offers(&[command, words].concat());
        assert_eq!(offers(&["--"]).into_iter().collect::<BTreeSet<_>>(), every);
        assert_eq!(offers(&["-"]).len(), every.len() + options::all().filter(|spec| spec.short.is_some()).count());
        assert_eq!(offers(&["--no-t"]), ["--no-target-directory"]);
        assert_eq!(offers(&["--durability", "=", "n"]), ["none"]);
        assert_eq!(offers(&["--durability", "="]), ["full", "none"]);
        assert_eq!(offers(&["--backup", "=", "nu"]), ["numbered"]);
        assert_eq!(offers(&["--backup", "nu"]), [""; 0], "the value needs its sign");
        assert_eq!(offers(&["-v", "-o", "roo"]), ["root"]);
        for words in [&["-t", "d"][..], &["-Dt", "d"], &["--target-directory", "=", "d"]] {
            assert_eq!(offers(words), ["directory"]);
        }
        // Left to the shell, which offers files.
        for words in [&["f"][..], &["-m", "644", "f"], &["--", "-"], &["--mode", "=", "-"]] {
            assert_eq!(offers(words), [""; 0], "{words:?}");
        }
    }
    assert_eq!(bash_offers(&["swapbin", "inst"]), ["install"]);
    assert!(bash_offers(&["swapbin", "--from", "install", "--to"]).contains(&"--to".to_owned()));
    assert!(!bash_offers(&["swapbin", "--"]).contains(&"--all-or-nothing".to_owned()));
}

#[test]
fn fish_completes_install() {
    let script = path("completions/swapbin.fish");
    let offers = |line: &str| -> Option<Vec<String>> {
        let ask = format!("source {}; complete -C '{line}'", script.display());
        let offers = answer("fish", &["--no-config", "-c", &ask])?;
        Some(offers.iter().map(|offer| offer.split('\t').next().unwrap_or_default().to_owned()).collect())
    };
    for command in ["swapbin install", "ginstall"] {
        let Some(found) = offers(&format!("{command} --no-t")) else { return };
        assert_eq!(found, ["--no-target-directory"]);
        assert_eq!(offers(&format!("{command} -t d")).unwrap(), ["directory/"]);
        assert_eq!(offers(&format!("{command} --durability=n")).unwrap(), ["--durability=none"]);
        assert_eq!(offers(&format!("{command} --fro")).unwrap(), [""; 0]);
        assert_eq!(offers(&format!("{command} fil")).unwrap(), ["file"]);
    }
    assert_eq!(offers("swapbin --all-o").unwrap(), [""; 0]);
    assert_eq!(offers("swapbin --fro").unwrap(), ["--from"]);
    assert_eq!(offers("swapbin inst").unwrap(), ["install"]);
}

#[test]
fn zsh_can_read_its_completion() {
    if let Some(said) = answer("zsh", &["-n", path("completions/_swapbin").to_str().unwrap()]) {
        assert_eq!(said, [""; 0]);
    }
}
