use std::collections::HashMap;

use std::ffi::OsStr;
use std::io;

use super::*;
use crate::install::backup::Control;
use crate::install::invocation::{Batch, Context, Id, Job, Modes, Parents, Strip, Times, WhenSame};
use crate::install::quote::Charset;

/// A machine where only `/d` is a directory, and root the only account.
#[derive(Default)]
struct Told {
    variables: HashMap<&'static str, &'static str>,
    selinux: bool,
}

impl Surroundings for Told {
    fn variable(&self, name: &str) -> Option<OsString> {
        self.variables.get(name).map(Into::into)
    }
    fn directory(&self, path: &OsStr) -> io::Result<()> {
        match path.to_str() {
            Some("/d") => Ok(()),
            Some("/file") => Err(io::Error::from_raw_os_error(20)),
            _ => Err(io::Error::from_raw_os_error(2)),
        }
    }
    fn user(&self, name: &OsStr) -> Option<u32> {
        (name == "root").then_some(0)
    }
    fn group(&self, name: &OsStr) -> Option<u32> {
        (name == "root").then_some(0)
    }
    fn selinux(&self) -> bool {
        self.selinux
    }
    fn label(&self, label: &OsStr) -> io::Result<()> {
        if label == "bad" { Err(io::Error::from_raw_os_error(22)) } else { Ok(()) }
    }
}

fn reading(args: &str, around: &Told) -> (String, Next) {
    let voice = Voice::new("install".as_ref(), Charset::Ascii);
    let reading = read(args.split_whitespace().map(Into::into).collect(), &voice, around);
    (String::from_utf8(reading.said).unwrap(), reading.next)
}

#[track_caller]
fn understood(args: &str) -> Invocation {
    match reading(args, &Told::default()) {
        (said, Next::Install(invocation)) if said.is_empty() => *invocation,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refused(args: &str) -> String {
    let (said, next) = reading(args, &Told::default());
    assert_eq!(next, Next::Refuse, "{args}: {said}");
    said.lines().next().unwrap_or_default().strip_prefix("install: ").unwrap_or_default().to_owned()
}

#[test]
fn operands_make_one_of_three_jobs() {
    let source = || OsString::from("a");
    let expect = Parents::Expect;
    assert_eq!(understood("a b").job, Job::File { source: source(), dest: "b".into(), parents: expect, exact: false });
    assert_eq!(understood("-T a /d").job, Job::File { source: source(), dest: "/d".into(), parents: expect, exact: true });
    assert_eq!(understood("a /d").job, Job::Into { sources: vec![source()], directory: "/d".into(), parents: expect });
    assert_eq!(understood("-t /d a").job, understood("a /d").job);
    let created = Job::Into { sources: vec![source()], directory: "new".into(), parents: Parents::Create };
    assert_eq!(understood("-D a -t new").job, created);
    assert_eq!(understood("-d a /d").job, Job::Directories(vec![source(), "/d".into()]));
}

#[test]
fn operands_that_fit_no_form_are_refused() {
    assert_eq!(refused(""), "missing file operand");
    assert_eq!(refused("-t /d"), "missing file operand");
    assert_eq!(refused("a"), "missing destination file operand after 'a'");
    assert_eq!(refused("-T a b c"), "extra operand 'c'");
    assert_eq!(refused("-dT a b c"), "extra operand 'c'");
    assert_eq!(refused("a b /file"), "target '/file': Not a directory");
    assert_eq!(refused("-t none a"), "failed to access 'none': No such file or directory");
    assert_eq!(refused("-D -t /file a"), "failed to access '/file': Not a directory");
}

#[test]
fn the_first_check_of_coreutils_speaks_first() {
    assert_eq!(refused("-t x -t y -q"), "multiple target directories specified");
    assert_eq!(refused("-ds -t x"), "the strip option may not be used when installing a directory");
    assert_eq!(refused("-d -t x"), "target directory not allowed when installing a directory");
    assert_eq!(refused("-T -t none -m q a"), "cannot combine --target-directory (-t) and --no-target-directory (-T)");
    assert_eq!(refused("-t none -m q a"), "failed to access 'none': No such file or directory");
    assert_eq!(refused("-Cs -m q a b"), "invalid mode 'q'");
    assert_eq!(refused("-Cs -o nobody a b"), "options --compare (-C) and --strip are mutually exclusive");
    assert_eq!(refused("-g nobody -o someone a b"), "invalid user 'someone'");
    assert_eq!(refused("--backup=x"), "invalid argument 'x' for 'backup type'");
}

#[test]
fn warnings_stand_before_what_follows_them() {
    let (said, next) = reading("--context=x --preserve-context --strip-program=p -C -m 4755 a b", &Told::default());
    let first_words: Vec<_> = said.lines().map(|line| line.split(' ').take(4).collect::<Vec<_>>().join(" ")).collect();
    let wanted = [
        "install: warning: ignoring --context;",
        "install: WARNING: ignoring --preserve-context;",
        "install: WARNING: ignoring --strip-program",
        "install: the --compare (-C)",
    ];
    assert_eq!(first_words, wanted);
    let Next::Install(invocation) = next else { panic!("{next:?}") };
    assert_eq!((invocation.when_same, invocation.strip, invocation.context), (WhenSame::Replace, Strip::No, Context::Usual));
    let (said, next) = reading("--context=x --help -q", &Told::default());
    assert!(said.lines().count() == 1 && next == Next::Help, "{said}");
}

#[test]
fn backups_are_named_by_option_then_environment() {
    let of = |args: &str, variables: &[(&'static str, &'static str)]| {
        let around = Told { variables: variables.iter().copied().collect(), selinux: false };
        match reading(args, &around) {
            (_, Next::Install(invocation)) => Ok(invocation.backup.map(|backup| (backup.control, backup.suffix))),
            (said, _) => Err(said.lines().next().unwrap().to_owned()),
        }
    };
    let numbered = ("VERSION_CONTROL", "numbered");
    assert_eq!(of("a b", &[numbered]), Ok(None));
    assert_eq!(of("-b a b", &[]), Ok(Some((Control::Existing, "~".into()))));
    assert_eq!(of("-S .o a b", &[numbered]), Ok(Some((Control::Numbered, ".o".into()))));
    assert_eq!(of("--backup= a b", &[numbered]), Ok(Some((Control::Numbered, "~".into()))));
    assert_eq!(of("--backup=simple -b a b", &[numbered]), Ok(Some((Control::Simple, "~".into()))));
    assert_eq!(of("--backup=off a b", &[numbered]), Ok(None));
    assert_eq!(of("-b a b", &[("SIMPLE_BACKUP_SUFFIX", ".x")]), Ok(Some((Control::Existing, ".x".into()))));
    assert_eq!(of("-b a b", &[("VERSION_CONTROL", "")]), Ok(Some((Control::Existing, "~".into()))));
    let wrong = of("-b a b", &[("VERSION_CONTROL", "q")]);
    assert_eq!(wrong, Err("install: invalid argument 'q' for '$VERSION_CONTROL'".into()));
    assert_eq!(of("a b", &[("VERSION_CONTROL", "q")]), Ok(None));
}

#[test]
fn modes_start_from_nothing_and_tell_directories_apart() {
    let of = |args: &str| {
        let Modes { file, directory, directory_mask } = understood(args).modes;
        (file.bits(), directory.bits(), directory_mask.bits())
    };
    assert_eq!(of("a b"), (0o755, 0o755, 0o7777));
    assert_eq!(of("-m 640 a b"), (0o640, 0o640, 0o1777));
    assert_eq!(of("-m 00640 a b"), (0o640, 0o640, 0o7777));
    assert_eq!(of("-m 600 -m u=rwX,+w a b"), (0o622, 0o722, 0o722));
}

#[test]
fn the_words_of_the_environment_bend_the_reading() {
    let posix = Told { variables: HashMap::from([("POSIXLY_CORRECT", "")]), selinux: false };
    let (said, _) = reading("a -v /file", &posix);
    assert_eq!(said, "install: target '/file': Not a directory\n");
    let durability =
        |args: &str, word| match reading(args, &Told { variables: [("SWAPBIN_DURABILITY", word)].into(), selinux: false }) {
            (_, Next::Install(invocation)) => Some(invocation.durability),
            _ => None,
        };
    assert_eq!(durability("a b", "none"), Some(Durability::None));
    assert_eq!(durability("--durability full a b", "none"), Some(Durability::Full));
    assert_eq!(durability("a b", ""), Some(Durability::Full));
    assert_eq!(durability("a b", "some"), None);
}

#[test]
fn labels_count_where_the_kernel_has_them() {
    let of = |args: &str| match reading(args, &Told { selinux: true, ..Told::default() }) {
        (said, Next::Install(invocation)) if said.is_empty() => Ok(invocation.context),
        (said, _) => Err(said),
    };
    assert_eq!(of("-Z a b"), Ok(Context::Policy));
    assert_eq!(of("--context=l a b"), Ok(Context::Exactly("l".into())));
    assert_eq!(of("--preserve-context a b"), Ok(Context::OfSource));
    let refused = "install: failed to set default file creation context to 'bad': Invalid argument\n";
    assert_eq!(of("--context=bad"), Err(refused.into()));
    assert_eq!(of("-Z --context=l a b"), Ok(Context::Policy));
    assert_eq!(of("--preserve-context -Z a b"), Err("install: cannot set target context and preserve it\n".into()));
}

#[test]
fn everything_else_is_carried_over() {
    let all = understood("-Cpvo root -g 0x10 --all-or-nothing --keep-attributes acl --state-dir /s a b");
    assert_eq!((all.when_same, all.times, all.verbosity), (WhenSame::Leave, Times::OfSource, Verbosity::Names));
    assert_eq!(all.owner, Some(Id { text: "root".into(), number: 0 }));
    assert_eq!(all.group, Some(Id { text: "0x10".into(), number: 16 }));
    assert_eq!((all.batch, all.state_dir), (Batch::AllOrNothing, Some("/s".into())));
    assert!(all.keep.has(swapbin::Kept::Acl));
    let stripped = understood("-s --strip-program llvm-strip --debug -v a b");
    assert_eq!((stripped.strip, stripped.verbosity), (Strip::With("llvm-strip".into()), Verbosity::Copying));
    assert_eq!(understood("-s a b").strip, Strip::With("strip".into()));
    assert_eq!(understood("a b").durability, Durability::Full);
}
