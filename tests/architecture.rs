//! The rules of `src/ARCHITECTURE.md`, held against the source.

use std::fs;
use std::path::{Path, PathBuf};

/// What each room of `src/` may name of the crate's other rooms. A room that is not listed here fails the test: say here, and
/// in `src/ARCHITECTURE.md`, where it stands.
const MAY_IMPORT: [(&str, &[&str]); 22] = [
    ("sys", &[]),
    ("failpoint", &[]),
    ("fs", &["sys"]),
    ("elf", &[]),
    ("checksum", &["error", "event", "request"]),
    ("error", &["report", "request"]),
    ("request", &["error"]),
    ("report", &["error", "request"]),
    ("event", &["error", "report"]),
    ("metadata", &["error", "request", "fs"]),
    ("journal", &["request"]),
    ("proc", &["failpoint", "fs", "sys"]),
    ("proof", &["error", "request"]),
    ("rescue", &["elf", "error", "event", "failpoint", "fs", "proc", "report", "request", "sys"]),
    ("usage", &["fs", "journal", "proc", "report"]),
    ("source", &["checksum", "error", "event", "failpoint", "fs", "proof", "report", "request", "sys"]),
    ("plan", &["error", "event", "failpoint", "fs", "metadata", "report", "request", "sys"]),
    (
        "txn",
        &[
            "checksum",
            "elf",
            "error",
            "event",
            "failpoint",
            "fs",
            "journal",
            "metadata",
            "proc",
            "proof",
            "report",
            "request",
            "sys",
        ],
    ),
    (
        "pipeline",
        &[
            "checksum",
            "elf",
            "error",
            "event",
            "failpoint",
            "fs",
            "journal",
            "metadata",
            "plan",
            "proc",
            "proof",
            "report",
            "request",
            "rescue",
            "source",
            "sys",
            "txn",
            "usage",
        ],
    ),
    // What only the crate's own tests see.
    ("testing", &["elf", "proc", "rescue"]),
    // The façade re-exports.
    ("lib", &[]),
    // The program sees the public interface only; the compiler holds that.
    ("bin", &["args", "commands", "exit", "install", "secret", "ui"]),
];

/// Calls and flags that change the filesystem, by names that mean nothing else: wherever one stands in code, it counts.
const CHANGES: [&str; 39] = [
    "renameat",
    "renameat_with",
    "linkat",
    "symlinkat",
    "unlinkat",
    "mkdirat",
    "mknodat",
    "fchmod",
    "chmodat",
    "fchown",
    "chownat",
    "fsetxattr",
    "setxattr",
    "lsetxattr",
    "fremovexattr",
    "removexattr",
    "lremovexattr",
    "utimensat",
    "futimens",
    "ftruncate",
    "fallocate",
    "fsync",
    "fdatasync",
    "syncfs",
    "sync_all",
    "sync_data",
    "set_len",
    "set_permissions",
    "copy_file_range",
    "ioctl_ficlone",
    "hard_link",
    "create_dir_all",
    "remove_dir_all",
    "remove_file",
    "OpenOptions",
    "OFlags::CREATE",
    "OFlags::TMPFILE",
    "OFlags::WRONLY",
    "OFlags::RDWR",
];

/// Words that are such calls only behind one of [`CALLED_BY`]: rooms have functions of these names.
const CHANGES_OF_STD: [&str; 9] =
    ["write", "copy", "create", "create_new", "rename", "create_dir", "remove_dir", "soft_link", "symlink"];

const CALLED_BY: [&str; 4] = ["std::fs::", "fs_err::", "std::os::unix::fs::", "File::"];

struct Source {
    /// Relative to the package, with `/`.
    path: String,
    room: String,
    /// Code without comments, text in quotes, and the unit tests at the end; as many lines as the file.
    code: String,
}

fn files_below(dir: &str, found: &mut Vec<PathBuf>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Ok(entries) = fs::read_dir(root.join(dir)) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        let relative = path.strip_prefix(root).unwrap().to_owned();
        if path.is_dir() {
            files_below(relative.to_str().unwrap(), found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(relative);
        }
    }
}

fn rust_files(dirs: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    dirs.iter().for_each(|dir| files_below(dir, &mut found));
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The library and the program.
fn sources() -> Vec<Source> {
    let found: Vec<Source> = rust_files(&["src"])
        .into_iter()
        // Unit tests in files of their own: they may do what they like.
        .filter(|path| !path.components().any(|part| part.as_os_str() == "tests") && !path.ends_with("tests.rs"))
        .map(|path| {
            let name = path.to_str().unwrap().to_owned();
            let room = name["src/".len()..].split('/').next().unwrap().trim_end_matches(".rs").to_owned();
            let text = read(&path);
            // By convention unit tests stand last.
            let code = bare(&text);
            let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
            Source { path: name, room, code }
        })
        .collect();
    assert!(found.len() > 30, "only {} files found", found.len());
    found
}

/// The text with comments and the insides of string literals blanked; line ends stay.
fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (skipped, kept) = match c {
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), ""),
            '/' if rest.starts_with("/*") => (rest.find("*/").map_or(rest.len(), |end| end + 2), ""),
            'r' if !out.ends_with(is_word) && raw_string(rest).is_some() => (raw_string(rest).unwrap(), "\"\""),
            '"' => (string(rest), "\"\""),
            // A character, not a lifetime.
            '\'' if rest.starts_with("'\\") => {
                (2 + rest[2..].char_indices().skip(1).find(|(_, c)| *c == '\'').unwrap().0 + 1, "' '")
            }
            '\'' if rest.chars().nth(2) == Some('\'') => (rest.char_indices().nth(3).map_or(rest.len(), |(at, _)| at), "' '"),
            _ => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
                continue;
            }
        };
        out.push_str(kept);
        out.extend(rest[..skipped].chars().filter(|c| *c == '\n'));
        rest = &rest[skipped..];
    }
    out
}

/// The length of the string literal at the beginning.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The length of the raw string literal at the beginning, if there is one.
fn raw_string(text: &str) -> Option<usize> {
    let hashes = text[1..].bytes().take_while(|b| *b == b'#').count();
    text[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let start = 2 + hashes;
    Some(text[start..].find(&end).map_or(text.len(), |at| start + at + end.len()))
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Where `word` stands by itself: byte offsets.
fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |at| !code[..*at].ends_with(is_word) && !code[at + word.len()..].starts_with(is_word))
}

fn line(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

#[track_caller]
fn none(rule: &str, broken: Vec<String>) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

#[test]
fn unsafe_code_is_in_sys_alone() {
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| source.room != "sys") {
        broken.extend(words(&source.code, "unsafe").map(|at| format!("{}:{}", source.path, line(&source.code, at))));
    }
    none("unsafe outside src/sys.rs and src/sys/", broken);
}

#[test]
fn the_library_never_prints_and_never_ends_the_process() {
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| source.room != "bin") {
        for word in ["println", "eprintln", "print", "eprint", "dbg"] {
            let printed = words(&source.code, word).filter(|at| source.code[at + word.len()..].starts_with('!'));
            broken.extend(printed.map(|at| format!("{}:{}: {word}!", source.path, line(&source.code, at))));
        }
        for word in ["process::exit", "process::abort", "stdout", "stderr"] {
            // A dot before it: a child's own, Command::stdout.
            let ours = words(&source.code, word).filter(|at| !source.code[..*at].ends_with('.'));
            broken.extend(ours.map(|at| format!("{}:{}: {word}", source.path, line(&source.code, at))));
        }
    }
    none("printing or exiting is for src/bin", broken);
}

#[test]
fn only_the_room_fs_changes_the_filesystem() {
    let mut broken = Vec::new();
    // `sys` only makes the calls that need `unsafe`; that `fs` alone asks it for those that change something, the names tell.
    for source in sources().iter().filter(|source| !["fs", "sys"].contains(&source.room.as_str())) {
        let mut tell = |at: usize, what: &str| broken.push(format!("{}:{}: {what}", source.path, line(&source.code, at)));
        for word in CHANGES {
            words(&source.code, word).for_each(|at| tell(at, word));
        }
        for prefix in CALLED_BY {
            for (at, _) in source.code.match_indices(prefix) {
                let named = &source.code[at + prefix.len()..];
                let names = match named.strip_prefix('{') {
                    Some(list) => top_level_names(list),
                    None => vec![named.split(|c| !is_word(c)).next().unwrap_or_default()],
                };
                names.into_iter().filter(|name| CHANGES_OF_STD.contains(name)).for_each(|name| tell(at, name));
            }
        }
    }
    none("calls that change the filesystem are for src/fs", broken);
}

#[test]
fn imports_point_down() {
    let mut broken = Vec::new();
    for source in &sources() {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(room, _)| *room == source.room) else {
            broken.push(format!("{}: the room {} is in no place yet", source.path, source.room));
            continue;
        };
        for at in words(&source.code, "crate") {
            let Some(named) = source.code[at..].strip_prefix("crate::") else { continue };
            let rooms: Vec<&str> = match named.strip_prefix('{') {
                Some(list) => top_level_names(list),
                None => vec![named.split(|c| !is_word(c)).next().unwrap_or_default()],
            };
            let wrong = rooms.into_iter().filter(|room| *room != source.room && !allowed.contains(room));
            broken.extend(wrong.map(|room| format!("{}:{}: {} names {room}", source.path, line(&source.code, at), source.room)));
        }
    }
    none("imports that point up or aside", broken);
}

/// The first parts of the paths in `{a::b, c::{d, e}}`, from behind the first brace.
fn top_level_names(list: &str) -> Vec<&str> {
    let mut depth = 0;
    let mut names = Vec::new();
    let mut start = 0;
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            ',' | '}' if depth == 0 => {
                names.push(list[start..at].trim().split(|c| !is_word(c)).next().unwrap_or_default());
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[test]
fn no_file_is_a_dumping_ground() {
    const NAMES: [&str; 6] = ["util", "helper", "common", "misc", "type", "manager"];
    let dumping = |part: &str| NAMES.iter().any(|name| part == *name || part == format!("{name}s"));
    let named = rust_files(&["src", "tests", "benches"]).into_iter().filter(|path| {
        path.components().any(|part| part.as_os_str().to_str().is_some_and(|part| dumping(part.trim_end_matches(".rs"))))
    });
    none("a name that says nothing", named.map(|path| path.display().to_string()).collect());
}

#[test]
fn no_test_is_ignored() {
    let mut broken = Vec::new();
    for path in rust_files(&["src", "tests", "benches"]) {
        let code = bare(&read(&path));
        // With and without a reason, also as part of cfg_attr.
        let ignored = words(&code, "ignore").filter(|at| {
            let before = code[..*at].trim_end();
            before.ends_with("#[")
                || (before.ends_with(',') && before.rsplit('\n').next().is_some_and(|line| line.contains("cfg_attr")))
        });
        broken.extend(ignored.map(|at| format!("{}:{}", path.display(), line(&code, at))));
    }
    none("ignored tests", broken);
}

#[test]
fn comments_and_texts_are_no_code() {
    let text = "a // unsafe\n/* b\nc */ \"un\\\"safe\" r#\"x\"y\"# '\"' '\\'' 'a fn<'a>()\n";
    assert_eq!(bare(text), "a \n\n \"\" \"\" ' ' ' ' 'a fn<'a>()\n");
    assert_eq!(top_level_names("fs::{self, dir::Dir}, error::Error};"), ["fs", "error"]);
}
