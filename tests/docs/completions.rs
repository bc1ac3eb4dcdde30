//! The completions: what clap makes of the command line, and around it what the option table of `swapbin install` says.
//!
//! A link called `ginstall` is completed as well; no system has a command of that name. One called `install` is not: the
//! completion of the system's own command stays what it is, unless its user says otherwise.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Args;
use crate::options::{self, Argument, Spec};

const BASH: &str = r#"
_swapbin_install() {
    local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD - 1]}" equals=""
    COMPREPLY=()
    if [[ " ${COMP_WORDS[*]:0:COMP_CWORD} " == *" -- "* ]]; then
        return 0
    fi
    # Readline takes --mode=644 for three words.
    if [[ ${cur} == "=" ]]; then
        cur="" equals=1
    elif [[ ${prev} == "=" ]]; then
        prev="${COMP_WORDS[COMP_CWORD - 2]}" equals=1
    elif [[ ${prev} == -[!-]* ]]; then
        # The last of several letters.
        prev="-${prev: -1}"
    fi
    case "${prev}${equals:+=}" in
@CASES@    esac
    if [[ -z ${equals} && ${cur} == -* ]]; then
        COMPREPLY=($(compgen -W "@WORDS@" -- "${cur}"))
    fi
    # Else a file, by the shell's default.
    return 0
}

_swapbin_or_install() {
    if [[ ${COMP_CWORD} -gt 1 && ${COMP_WORDS[1]} == install ]]; then
        _swapbin_install
        return
    fi
    _swapbin "$@"
    if [[ ${COMP_CWORD} -eq 1 && ${2} != -* ]]; then
        COMPREPLY+=($(compgen -W install -- "${2}"))
    fi
}

complete -F _swapbin_or_install -o bashdefault -o default swapbin
complete -F _swapbin_install -o bashdefault -o default ginstall
"#;

const ZSH: &str = r#"_swapbin_install() {
    _arguments -s -S : \
@LINES@'*:file:_files'
}

_swapbin() {
    if [[ $service == (g|)install ]]; then
        _swapbin_install
        return
    fi
    if (( CURRENT > 2 )) && [[ $words[2] == install ]]; then
        shift words
        (( CURRENT-- ))
        _swapbin_install
        return
    fi
    if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
        compadd install
    fi
"#;

const FISH: &str = r#"function __swapbin_is_install
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test $words[2] = install
end
complete -c swapbin -n 'test (count (commandline -opc)) -eq 1' -a install -d 'Install files as install(1) does'
complete -c ginstall -w 'swapbin install'
"#;

/// The whole file for a shell.
pub fn of(shell: Shell) -> String {
    let mut made = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "swapbin", &mut made);
    let swapbin = with_values(shell, String::from_utf8(made).expect("completions are text"));
    match shell {
        Shell::Bash => swapbin + &BASH.replace("@CASES@", &cases()).replace("@WORDS@", &words()),
        Shell::Zsh => {
            let head = "#compdef swapbin\n";
            let begin = "_swapbin() {\n";
            assert!(swapbin.starts_with(head) && swapbin.matches(begin).count() == 1, "clap has changed what it makes for zsh");
            let lines: String = options::all().flat_map(zsh_lines).collect();
            let swapbin = swapbin.replacen(head, "#compdef swapbin ginstall\n", 1);
            swapbin.replacen(begin, &ZSH.replace("@LINES@", &lines), 1)
        }
        Shell::Fish => {
            let begin = "complete -c swapbin ";
            let other = swapbin.replace(begin, "complete -c swapbin -n 'not __swapbin_is_install' ");
            let own: String = options::all().map(fish_line).collect();
            FISH.to_owned() + &other + &own
        }
        other => panic!("no completions for {other}"),
    }
}

/// Words of --preserve.
const PRESERVED: &str = "mode owner group acl xattr caps context all none";

/// What clap makes, with the values that it has no hint for: accounts, and the words of a list.
fn with_values(shell: Shell, made: String) -> String {
    match shell {
        Shell::Bash => {
            let any = |option: &str| format!("{option})\n                    COMPREPLY=($(compgen -f \"${{cur}}\"))");
            let words = format!("-W \"{PRESERVED}\"");
            let all = [("--owner", "-u"), ("-o", "-u"), ("--group", "-g"), ("-g", "-g"), ("--preserve", &words)];
            all.iter().fold(made, |made, (option, reply)| {
                assert!(made.contains(&any(option)), "clap has changed what it makes for bash");
                made.replace(&any(option), &any(option).replace("-f \"", &format!("{reply} -- \"")))
            })
        }
        Shell::Zsh => made
            .replace(":GROUP:_default'", ":GROUP:_groups'")
            .replace(":LIST:_default'", &format!(":LIST:_sequence compadd - {PRESERVED}'")),
        Shell::Fish => {
            let line = |line: &str| match line {
                _ if line.contains(" -l group ") => format!("{line} -f -a \"(__fish_complete_groups)\"\n"),
                _ if line.contains(" -l preserve ") => format!("{line} -f -a '{PRESERVED}'\n"),
                _ => format!("{line}\n"),
            };
            made.lines().map(line).collect()
        }
        _ => made,
    }
}

/// What a value can be.
enum Values {
    Any,
    Users,
    Groups,
    Directories,
    Programs,
    Words(&'static [&'static str]),
}

fn values(spec: &Spec) -> Values {
    match spec.value {
        "MODE" | "SUFFIX" | "CTX" => Values::Any,
        "OWNER" => Values::Users,
        "GROUP" => Values::Groups,
        "DIRECTORY" | "DIR" => Values::Directories,
        "PROGRAM" => Values::Programs,
        "CONTROL" => Values::Words(&["none", "off", "simple", "never", "numbered", "t", "existing", "nil"]),
        "HOW" => Values::Words(&["full", "none"]),
        "LIST" => Values::Words(&["acl", "xattr", "caps", "all", "none"]),
        other => panic!("say what a {other} can be"),
    }
}

/// The option as it is typed, letter first.
fn names(spec: &Spec) -> impl Iterator<Item = String> {
    let short = spec.short.map(|letter| format!("-{}", char::from(letter)));
    short.into_iter().chain(spec.long.map(|long| format!("--{long}")))
}

fn words() -> String {
    options::all().flat_map(names).collect::<Vec<_>>().join(" ")
}

/// Bash: which words end in what. The value of a long name may stand behind `=`, an optional one must.
fn cases() -> String {
    let mut cases = String::new();
    for spec in options::all().filter(|spec| spec.argument != Argument::None) {
        let reply = match values(spec) {
            Values::Any => continue,
            Values::Users => "-u".to_owned(),
            Values::Groups => "-g".to_owned(),
            Values::Programs => "-c".to_owned(),
            Values::Directories => "-d".to_owned(),
            Values::Words(words) => format!("-W \"{}\"", words.join(" ")),
        };
        let long = spec.long.map(|long| format!("--{long}=")).into_iter();
        let patterns: Vec<String> = match spec.argument {
            Argument::Optional => long.collect(),
            _ => names(spec).chain(long).collect(),
        };
        cases += &format!("        {})\n", patterns.join(" | "));
        cases += &format!("            mapfile -t COMPREPLY < <(compgen {reply} -- \"${{cur}}\")\n");
        if matches!(values(spec), Values::Directories) {
            cases += "            compopt -o filenames\n";
        }
        cases += "            return 0\n            ;;\n";
    }
    cases
}

/// Zsh: a line of `_arguments` for the letter, and one for the name.
fn zsh_lines(spec: &'static Spec) -> impl Iterator<Item = String> {
    let help = spec.help.replace('\'', r"'\''").replace('[', r"\[").replace(']', r"\]").replace(':', r"\:");
    let action = || match values(spec) {
        Values::Any => " ".to_owned(),
        Values::Users => "_users".to_owned(),
        Values::Groups => "_groups".to_owned(),
        Values::Programs => "_command_names -e".to_owned(),
        Values::Directories => "_files -/".to_owned(),
        Values::Words(words) if spec.value == "LIST" => format!("_sequence compadd - {}", words.join(" ")),
        Values::Words(words) => format!("({})", words.join(" ")),
    };
    names(spec).map(move |name| {
        let is_long = name.starts_with("--");
        match (spec.argument, is_long) {
            (Argument::Optional, true) => format!("'{name}=-[{help}]::{}:{}' \\\n", spec.value, action()),
            (Argument::Required, true) => format!("'{name}=[{help}]:{}:{}' \\\n", spec.value, action()),
            (Argument::Required, false) => format!("'{name}+[{help}]:{}:{}' \\\n", spec.value, action()),
            _ => format!("'{name}[{help}]' \\\n"),
        }
    })
}

fn fish_line(spec: &Spec) -> String {
    let mut line = "complete -c swapbin -n __swapbin_is_install".to_owned();
    if let Some(letter) = spec.short {
        line += &format!(" -s {}", char::from(letter));
    }
    if let Some(long) = spec.long {
        line += &format!(" -l {long}");
    }
    line += &format!(" -d '{}'", spec.help.replace('\\', r"\\").replace('\'', r"\'"));
    if spec.argument != Argument::None {
        // fish(1) offers values behind `=` also where none need be.
        let requires = if spec.argument == Argument::Required { " -x" } else { " -f" };
        line += requires;
        match values(spec) {
            Values::Any => {}
            Values::Users => line += " -a '(__fish_complete_users)'",
            Values::Groups => line += " -a '(__fish_complete_groups)'",
            Values::Programs => line += " -a '(__fish_complete_command)'",
            Values::Directories => line += " -a '(__fish_complete_directories)'",
            Values::Words(words) => {
                // An optional value's words would be offered as operands.
                if spec.argument == Argument::Required {
                    line += &format!(" -a '{}'", words.join(" "));
                }
            }
        }
    }
    line + "\n"
}
