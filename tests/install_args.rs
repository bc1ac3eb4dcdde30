//! What install(1) says about command lines it refuses, compared with coreutils' own: exit code, standard output, standard error.
//!
//! The oracle is `/usr/bin/install`, and it must refuse every line of the table itself. Known differences to its version are
//! marked, and a mark that is no longer needed fails.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const GNU: &str = "/usr/bin/install";
const OURS: &str = env!("CARGO_BIN_EXE_swapbin");
const LOCALES: [&str; 2] = ["C", "C.UTF-8"];

/// Command lines, words apart by spaces. In the directory are the file `f`, the directory `d` and a link `l` that loops.
#[rustfmt::skip]
const REFUSED: &[&str] = &[
    // Nothing to do, or too little, or too much.
    "", "--", "-v", "a", "-- a", "-", "-v a -b", "a -v", "-t d", "-td", "-d", "-d -v", "-D a", "-T a", "-T", "-T a b c",
    "-T a b c d", "-d -T a b c", "-D -T a b c", "-p --", "-- -v",
    // Letters.
    "-q", "-vq a b", "-qv", "-v-", "-:", "-W x", "-h", "-1", "-m", "-vm", "-g", "-o", "-S", "-t", "-dbt", "-Zx a b", "-bsimple",
    "-m644", "-S=x a", "-cq", "-C= a b", "-é",
    // Long names.
    "--x", "--x=y", "--verbos=1 --x", "--backups", "--comparex", "--no", "--no=1 a b", "--s", "--s=x", "--st", "--p", "--pre",
    "--preserve=x", "--preserve- a b", "--co", "--con=x --co=y", "--v", "--ve=1", "--ver", "--mode", "--mod", "--owner", "--group",
    "--suffix", "--su", "--target-directory", "--t", "--strip-program", "--strip-", "--verbose=1 a b", "--verb= a b",
    "--compare=x", "--dir=1", "--directory=", "--strip=x", "--help=1", "--h=", "--version=x", "--vers=x", "--no-target=1",
    "--preserve-t=1", "--preserve-context=x", "--install", "---v", "-- --x", "--target-directory", "a b --x", "--mode -- a",
    // Our own, abbreviated: as if they were not there.
    "--dur=none a b", "--durabilit none a b", "--all a b", "--all-or-nothin a b", "--keep=acl a b", "--state=x a b", "--sta a",
    // Backups.
    "--backup=x a b", "--backup=n a b", "--backup=numberedx a b", "--backup=T a b", "--back=zz", "-b --backup=zz a b",
    "--backup=zz --backup=t --backup=qq a", "--backup=x", "--backup=' a b", "--backup=\\ a b",
    // Directories to install into.
    "-t d -t d f", "-t d -t e -q", "-t d --target=e", "-t none f", "-t f f", "-t f/ f", "-t none/none f", "-D -t f/x f", "-t l f",
    "-D -t l f", "-D -t f f", "-t d -T f", "-T -t none f", "-T -t d a b c", "f f f", "f f none", "f f none/", "f f l", "f f f/x",
    "a b c d e f", "-D f f f", "-t= f", "-tnone f", "--target= f", "-d -t d x", "-d -t d", "-d -t none", "-d -s x", "-ds", "-d -s -t d",
    // Modes.
    "-m q f x", "-m 8 f x", "-m 08 f x", "-m 10000 f x", "-m 17777 f x", "-m 755x f x", "-m u f x", "-m , f x", "-m u+x, f x",
    "-m u+x,,g+x f x", "-m u=755 f x", "-m =644+x f x", "-m =8 f x", "-m =17777 f x", "-m ugo=rwxu f x", "-m u+q f x", 
    "--mode= f x", "--mode=rwx f x", "-m 755 -m q f x", "-d -m q x", "-m u+gu f x", "-m 0x1 f x", "-m +9 f x", "-m é f x",
    "-m ’ f x", "-m \\ f x", "-m ' f x",
    // Owners and groups.
    "-o nobody-here f x", "-g nobody-here f x", "-g nobody-here -o none-either f x", "-o -5 f x", "-o 5x f x", "-o 08 f x", "-o 0x f x",
    "-o 0b1 f x", "-o 4294967296 f x", "-o 99999999999999999999 f x", "-g= f x", "-o root: f x", "--group= f x", "--owner= f x",
    "-o é f x", "-d -o nobody-here x",
    // Which of two complaints is made.
    "-C -s f x", "-Cs -m q f x", "-Cs -o nobody-here f x", "-Cs -t none f", "-m q -t none f", "-m q -o nobody-here f x", "-m q",
    "--backup=x -d -s", "--backup=x -t none f", "-T -m q a b c", "-q -t d -t d", "--backup=x --bogus", "-d -t d --backup=x",
    // Warnings first.
    "--context=x", "--context=x --context=y a", "--preserve-context", "--preserve-context --context= -q", "--context -Z a",
    "--strip-program=p -m q f x", "--strip-program=p -o nobody-here f x", "--strip-program=p", "-C -m 4755 -o nobody-here f x",
    "-C -m u+s -g nobody-here --strip-program p f x", "--strip-program=p -Cs f f f", "-C -m +t -s f x",
];

/// Command lines with words that the list above cannot hold.
fn refused_with_nasty_words() -> Vec<Vec<OsString>> {
    let nasty: &[&[u8]] = &[
        b"",
        b" ",
        b"a b",
        b"it's",
        b"it's $5",
        b"n\nl",
        b"\n",
        b"\n'x",
        b"t\tab",
        b"\x07\x08\x0b\x0c\r",
        b"\x01\x7f",
        b"\xff",
        b"\xffa\xfe",
        b"\xc3\xa9",
        b"\xc3",
        b"\xe2\x82",
        b"\xe2\x82x",
        b"\xe2\x80\xa8",
        b"\xe2\x80\x99",
        b"\xf0\x9f\x98\x80",
        b"e\xcc\x81",
        b"\xc2\xa0",
        b"\xc2\x85",
        b"\"",
        b"\\",
        b"$x",
        b"`x`",
        b"*?[]",
        b"#",
        b"a#",
        b"~",
        b"a~'",
        b"#'",
        b"{",
        b"}",
        b"{'}",
        b"!",
        b"^",
        b"a=b",
        b"a:b",
        b"@'%",
        b"?'",
    ];
    let word = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
    let mut lines = Vec::new();
    for bytes in nasty {
        lines.push(vec![word(b"--"), word(bytes)]);
        lines.push(vec![word(b"-m"), word(&[b"q", *bytes].concat()), word(b"f"), word(b"x")]);
    }
    for bytes in [&b"--\xff=\n"[..], b"-\xff", b"-\n", b"--s=\xff\x01", b"--o'"] {
        lines.push(vec![word(bytes)]);
    }
    lines.push(vec![word(b"-o"), word(b" 5 "), word(b"f"), word(b"x")]);
    lines.push(vec![word(b"-o"), word(b"it's\n\xff"), word(b"f"), word(b"x")]);
    lines
}

struct Scene(tempfile::TempDir);

impl Scene {
    fn new() -> Scene {
        let version = Command::new(GNU).arg("--version").output().unwrap().stdout;
        assert!(String::from_utf8_lossy(&version).contains("GNU coreutils"), "{GNU} is not the oracle");
        let dir = tempfile::tempdir().unwrap();
        File::create(dir.path().join("f")).unwrap();
        std::fs::create_dir(dir.path().join("d")).unwrap();
        std::os::unix::fs::symlink("l", dir.path().join("l")).unwrap();
        Scene(dir)
    }

    fn command(&self, program: &str, name: &str, locale: &str) -> Command {
        let mut command = Command::new(program);
        command
            .arg0(name)
            .current_dir(self.0.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", locale)
            .stdin(Stdio::null());
        command
    }

    fn both(&self, args: &[OsString], locale: &str, variables: &[(&str, &str)]) -> [Output; 2] {
        [GNU, OURS]
            .map(|program| self.command(program, "install", locale).args(args).envs(variables.iter().copied()).output().unwrap())
    }

    fn names(&self) -> usize {
        std::fs::read_dir(self.0.path()).unwrap().count()
    }
}

fn words(line: &str) -> Vec<OsString> {
    line.split(' ').filter(|word| !word.is_empty()).map(Into::into).collect()
}

/// Compares every line in both locales, and shows all that differ at once.
#[track_caller]
fn compare(lines: &[Vec<OsString>], variables: &[(&str, &str)]) {
    let scene = Scene::new();
    let mut differences = Vec::new();
    for (args, locale) in lines.iter().flat_map(|args| LOCALES.map(|locale| (args, locale))) {
        let [gnu, ours] = scene.both(args, locale, variables);
        if gnu.status.code() != Some(1) {
            differences.push(format!("{args:?} belongs elsewhere: the oracle takes it"));
        } else if gnu != ours {
            differences.push(format!("{locale} {args:?}\n  gnu:  {gnu:?}\n  ours: {ours:?}"));
        }
    }
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
    assert_eq!(scene.names(), 3, "something was made");
}

#[test]
fn refused_command_lines_get_the_same_words_as_from_coreutils() {
    let lines: Vec<_> = REFUSED.iter().map(|line| words(line)).collect();
    assert!(lines.len() >= 100);
    compare(&lines, &[]);
}

#[test]
fn names_and_words_are_quoted_as_by_coreutils() {
    compare(&refused_with_nasty_words(), &[]);
}

#[test]
fn the_environment_is_heard_where_coreutils_hears_it() {
    let lines = |lines: &[&str]| lines.iter().map(|line| words(line)).collect::<Vec<_>>();
    compare(&lines(&["-b f x", "-S x f x", "--backup f x", "--backup= f x", "-b -d -s x", "-b"]), &[("VERSION_CONTROL", "q")]);
    compare(&lines(&["-b f x", "--backup=zz f x"]), &[("VERSION_CONTROL", "n")]);
    compare(&lines(&["f -v f", "f --x f", "f -q -- f", "-v -- f", "-q f"]), &[("POSIXLY_CORRECT", "1")]);
    compare(&lines(&["f -v f"]), &[("POSIXLY_CORRECT", "")]);
}

#[test]
fn messages_begin_with_the_name_in_full() {
    let scene = Scene::new();
    for name in ["install", "/a b/install", "../x/ginstall", "./ginstall"] {
        for args in [&["-q"][..], &["--s"], &[], &["-m", "q", "f", "x"]] {
            let [gnu, ours] = [GNU, OURS].map(|program| scene.command(program, name, "C").args(args).output().unwrap());
            assert_eq!(gnu, ours, "{name} {args:?}");
            assert!(ours.stderr.starts_with(name.as_bytes()));
        }
    }
}

#[test]
fn as_a_command_of_swapbin_it_is_called_install() {
    let scene = Scene::new();
    let gnu = scene.command(GNU, "install", "C").arg("-q").output().unwrap();
    assert_eq!(scene.command(OURS, "swapbin", "C").args(["install", "-q"]).output().unwrap(), gnu);
    let link = scene.0.path().join("ginstall");
    std::os::unix::fs::symlink(OURS, &link).unwrap();
    let linked = Command::new(&link).arg("-q").output().unwrap();
    assert!(linked.stderr.starts_with(link.as_os_str().as_bytes()), "{linked:?}");
}

/// What 9.1 says otherwise than later versions. The last word is what ours says.
#[test]
fn known_differences_to_the_oracle_are_still_differences() {
    let scene = Scene::new();
    for (line, wanted) in [
        ("--d", "install: option '--d' is ambiguous; possibilities: '--debug' '--directory'\n"),
        ("--debug=1", "install: option '--debug' doesn't allow an argument\n"),
        ("--de", "install: missing file operand\n"),
        // Legal since 9.11, so that the next complaint is heard.
        ("-C -p -o nobody-here f x", "install: invalid user 'nobody-here'\n"),
    ] {
        let [gnu, ours] = scene.both(&words(line), "C", &[]);
        assert_ne!(gnu, ours, "{line}: no difference any more");
        assert_eq!(ours.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&ours.stderr).starts_with(wanted), "{line}: {ours:?}");
    }
    // All names, ours apart, and the one that 9.1 lacks.
    let [gnu, ours] = scene.both(&words("--=x"), "C", &[]);
    let text = String::from_utf8(ours.stderr).unwrap();
    assert!(text.contains(" '--debug'"));
    assert_eq!(text.replace(" '--debug'", "").as_bytes(), gnu.stderr);
    // A name that has an apostrophe and ends in an escape.
    let [gnu, ours] = scene.both(&["a'\n".into()], "C", &[]);
    assert!(
        gnu.stderr != ours.stderr && ours.stderr.starts_with(b"install: missing destination file operand after 'a'\\'''$'\\n'\n")
    );
}

#[test]
fn our_own_options_answer_for_themselves() {
    let scene = Scene::new();
    let said = |line: &str, variables: &[(&str, &str)]| {
        let ours = scene.command(OURS, "install", "C").args(words(line)).envs(variables.iter().copied()).output().unwrap();
        assert_eq!(ours.status.code(), Some(1));
        String::from_utf8(ours.stderr).unwrap()
    };
    let valid = "Valid arguments are:\n  - 'full'\n  - 'none'\nTry 'install --help' for more information.\n";
    assert_eq!(said("--durability=x f x", &[]), format!("install: invalid argument 'x' for '--durability'\n{valid}"));
    let variable = [("SWAPBIN_DURABILITY", "x")];
    assert_eq!(said("f x", &variable), format!("install: invalid argument 'x' for '$SWAPBIN_DURABILITY'\n{valid}"));
    assert!(said("--durability", &[]).starts_with("install: option '--durability' requires an argument\n"));
    assert!(said("--all-or-nothing=x", &[]).starts_with("install: option '--all-or-nothing' doesn't allow an argument\n"));
    assert!(said("--keep-attributes mode f x", &[]).starts_with("install: invalid argument 'mode' for '--keep-attributes'\n"));
    assert_eq!(scene.names(), 3);
}

#[test]
fn help_and_version_go_to_standard_output_and_fail_if_it_is_full() {
    let scene = Scene::new();
    for option in ["--help", "--hel", "--version", "--vers"] {
        let ours = scene.command(OURS, "install", "C").args([option, "-q"]).output().unwrap();
        assert!(ours.status.success() && ours.stderr.is_empty() && !ours.stdout.is_empty(), "{ours:?}");
        let full = || File::options().write(true).open(Path::new("/dev/full")).unwrap();
        let [gnu, ours] = [GNU, OURS].map(|program| {
            let child = scene.command(program, "install", "C").arg(option).stdout(full()).stderr(Stdio::piped()).spawn().unwrap();
            child.wait_with_output().unwrap()
        });
        assert_eq!(gnu, ours);
    }
}

/// Every text is tried on a file and on a directory that has setuid and setgid.
#[test]
fn modes_mean_what_they_mean_to_coreutils() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new();
    let (file, dir) = (scene.0.path().join("x"), scene.0.path().join("d"));
    let bits = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    let octal = [
        "0", "7", "755", "0755", "00755", "4755", "04755", "2000", "007777", "8", "7778", "10000", "=755", "+111", "-022",
        "=4711",
    ];
    let one: Vec<String> = ["", "u", "g", "o", "a", "ug", "go", "uo", "ugo", "q", "1"]
        .iter()
        .flat_map(|who| ["+", "-", "="].map(|op| format!("{who}{op}")))
        .flat_map(|start| {
            ["", "r", "wx", "X", "s", "t", "st", "u", "g", "o", "rwXst", "ug", "7"].map(|perms| format!("{start}{perms}"))
        })
        .collect();
    let several = one.iter().zip(one.iter().cycle().skip(37)).step_by(3).map(|(a, b)| format!("u=rwx,{a},{b}"));
    let chained = one.iter().step_by(5).map(|text| format!("g=rx{text}"));
    let all: Vec<String> = octal.map(String::from).into_iter().chain(one.iter().cloned()).chain(several).chain(chained).collect();
    for text in all {
        let change = text.parse::<swapbin::ModeChange>().ok();
        std::fs::set_permissions(&dir, PermissionsExt::from_mode(0o6711)).unwrap();
        let gnu = scene.command(GNU, "install", "C").args(["-m", &text, "f", "x"]).output().unwrap().status.success();
        let made = scene.command(GNU, "install", "C").args(["-m", &text, "-d", "d"]).output().unwrap().status.success();
        assert_eq!((gnu, made), (change.is_some(), change.is_some()), "{text}");
        let Some(change) = change else { continue };
        let nothing = swapbin::Mode::from_bits(0);
        assert_eq!(bits(&file), change.apply(nothing).bits(), "{text}");
        let (mode, mask) = change.apply_to_directory(nothing);
        assert_eq!(bits(&dir), 0o6711 & !mask.bits() | mode.bits() & mask.bits(), "-d {text}");
    }
}
