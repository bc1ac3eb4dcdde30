//! The cases of one file, tried one after the other.

use std::env;
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt, symlink};
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::sync::OnceLock;

use super::case::{Arrangement, Case, Users};
use super::mark::Mark;
use super::run::{Circumstances, Locale, Program, Seen, run};
use super::tree::Tree;
use crate::support::{NOBODY, Scratch, program_under_test, require_root};

const ORACLE: &str = "/usr/bin/install";

/// The cases of one flag.
pub struct Suite {
    name: &'static str,
    arrange: Arrangement,
    cases: Vec<Case>,
}

impl Suite {
    pub fn new(name: &'static str) -> Suite {
        Suite { name, arrange: Rc::new(|_: &Tree| {}), cases: Vec::new() }
    }

    /// The tree from which the cases that follow start.
    pub fn tree(&mut self, arrange: impl Fn(&Tree) + 'static) {
        self.arrange = Rc::new(arrange);
    }

    /// One more case: a command line of words between blanks, in which `''` is the empty word.
    #[track_caller]
    pub fn case(&mut self, line: &str) -> &mut Case {
        self.cases.push(Case::new(Location::caller(), Rc::clone(&self.arrange), line));
        self.cases.last_mut().expect("just pushed")
    }

    /// Tries them all.
    pub fn run(self) {
        let bench = Bench::new();
        let mut report = Report::default();
        for case in self.cases.iter().filter(|case| is_wanted(case)) {
            bench.try_case(case, &mut report);
        }
        report.print(self.name);
        let failures = report.failures;
        assert!(failures.is_empty(), "{} of {}:\n\n{}", failures.len(), self.name, failures.join("\n"));
    }
}

/// The programs, and as whom they are run.
struct Bench {
    under_test: PathBuf,
    is_gnu: bool,
    is_root: bool,
    links: Scratch,
}

#[derive(Default)]
struct Report {
    cases: usize,
    comparisons: usize,
    newer: usize,
    safer: usize,
    skipped: usize,
    failures: Vec<String>,
    /// Marks that this machine's newer coreutils do not need.
    idle: usize,
}

impl Bench {
    fn new() -> Bench {
        let gnu = env::var_os("INSTALL_UNDER_TEST").map(PathBuf::from);
        let is_gnu = gnu.is_some();
        let mut under_test = gnu.unwrap_or_else(program_under_test);
        let links = Scratch::new();
        if !everybody_can_run(&under_test) {
            under_test = links.tool(&under_test);
        }
        for name in ["install", "ginstall"] {
            symlink(&under_test, links.tools().join(name)).expect("a link to the program under test");
        }
        Bench { under_test, is_gnu, is_root: rustix::process::geteuid().is_root(), links }
    }

    fn try_case(&self, case: &Case, report: &mut Report) {
        let circumstances = self.circumstances(case);
        if circumstances.is_empty() {
            // Loudly, and a failure where it must not happen.
            if report.skipped == 0 {
                let _ = require_root();
            }
            report.skipped += 1;
            return;
        }
        report.cases += 1;
        match &case.mark {
            Some(Mark::Newer(_)) => report.newer += 1,
            Some(Mark::Safer(_)) => report.safer += 1,
            None => {}
        }
        for circumstances in circumstances {
            self.compare(case, circumstances, report);
        }
    }

    /// Every user and every locale that the case is for, but not each with each, unless `CONFORMANCE_FULL` is set.
    fn circumstances(&self, case: &Case) -> Vec<Circumstances> {
        let root = (case.users != Users::Ordinary && self.is_root).then_some(None);
        let ordinary =
            (case.users != Users::Root && (self.is_root || !case.needs_root)).then_some(self.is_root.then_some(NOBODY));
        let all = env::var_os("CONFORMANCE_FULL").is_some();
        match (root, ordinary) {
            (Some(root), Some(ordinary)) if !all => {
                vec![Circumstances { locale: Locale::C, user: root }, Circumstances { locale: Locale::Utf8, user: ordinary }]
            }
            _ => {
                let users = root.into_iter().chain(ordinary);
                users.flat_map(|user| [Locale::C, Locale::Utf8].map(|locale| Circumstances { locale, user })).collect()
            }
        }
    }

    fn compare(&self, case: &Case, circumstances: Circumstances, report: &mut Report) {
        report.comparisons += 1;
        let name = case.called.unwrap_or("install");
        let oracle = Program { path: ORACLE.into(), called: Some(name), subcommand: None };
        let program = self.program(case, circumstances.locale);
        let wanted = run(case, &oracle, circumstances);
        let seen = run(case, &program, circumstances);
        let differences = match &case.mark {
            None => wanted.losses().chain(wanted.differences(&seen)).collect(),
            Some(mark) => self.differences_of_marked(mark, &wanted, &seen, report),
        };
        show(case, &wanted);
        if !differences.is_empty() {
            let user = circumstances.user.map_or(String::from("the user of the tests"), |user| format!("user {user}"));
            let locale = circumstances.locale.name();
            let differences = differences.join("\n").replace('\n', "\n    ");
            report.failures.push(format!("{}\n  by {user}, LC_ALL={locale}, {program:?}\n    {differences}\n", title(case)));
        }
    }

    /// As a subcommand in the one locale, by a link in the other.
    fn program(&self, case: &Case, locale: Locale) -> Program {
        let link = |name| Program { path: self.links.tools().join(name), called: Some(name), subcommand: None };
        match case.called {
            Some(name) => Program { called: Some(name), ..link("install") },
            None if self.is_gnu || locale == Locale::Utf8 => link("install"),
            None => Program { path: self.under_test.clone(), called: None, subcommand: Some("install") },
        }
    }

    fn differences_of_marked(&self, mark: &Mark, wanted: &Seen, seen: &Seen, report: &mut Report) -> Vec<String> {
        let expected = mark.expected();
        let is_needed = !expected.differences(wanted, wanted).is_empty();
        if !is_needed {
            if matches!(mark, Mark::Newer(_)) && oracle_is_newer() {
                report.idle += 1;
                return wanted.differences(seen);
            }
            return vec![format!("the mark is no longer needed: {ORACLE} does just that")];
        }
        if self.is_gnu {
            let as_the_oracle = wanted.differences(seen);
            let as_later = matches!(mark, Mark::Newer(_)) && expected.differences(wanted, seen).is_empty();
            return if as_later { Vec::new() } else { as_the_oracle };
        }
        expected.differences(wanted, seen)
    }
}

impl Report {
    fn print(&self, name: &str) {
        let mut line = format!("conformance {name}: {} cases, {} comparisons", self.cases, self.comparisons);
        if self.newer + self.safer > 0 {
            let _ = write!(line, ", marked: {} newer than 9.1, {} safer", self.newer, self.safer);
        }
        if self.idle > 0 {
            let _ = write!(line, "; {} comparisons did not need their mark: {} here", self.idle, oracle_version());
        }
        if self.skipped > 0 {
            let _ = write!(line, ", SKIPPED without root: {}", self.skipped);
        }
        // Not eprintln!, which is shown for failed tests only.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

/// Whether a user without any right on it can start it where it is.
fn everybody_can_run(program: &Path) -> bool {
    let has = |path: &Path, bits| path.metadata().is_ok_and(|facts| facts.mode() & bits == bits);
    has(program, 0o005) && program.ancestors().skip(1).all(|directory| has(directory, 0o001))
}

/// `install (GNU coreutils) 9.1`
fn oracle_version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let output = Command::new(ORACLE).arg("--version").output().expect("the oracle");
        String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned()
    })
}

fn oracle_is_newer() -> bool {
    !oracle_version().ends_with(" 9.1")
}

/// `CONFORMANCE_ONLY=TEXT`: only the cases whose title has it.
fn is_wanted(case: &Case) -> bool {
    env::var("CONFORMANCE_ONLY").map_or(true, |text| title(case).contains(&text))
}

fn title(case: &Case) -> String {
    let mut title = format!("{}:{}: {}", case.at.file(), case.at.line(), case.called.unwrap_or("install"));
    for word in &case.words {
        let _ = write!(title, " {}", if word.is_empty() { "''".into() } else { word.to_string_lossy() });
    }
    for (name, value) in &case.environment {
        let _ = write!(title, " ({name}={})", value.display());
    }
    title
}

/// `CONFORMANCE_SHOW=1`: what the oracle did.
fn show(case: &Case, seen: &Seen) {
    if env::var_os("CONFORMANCE_SHOW").is_none() {
        return;
    }
    let mut text = format!("{} by {} in {}\n  {}\n", title(case), seen.owner, seen.locale.name(), seen.ending);
    for (stream, output) in [("out", &seen.stdout), ("err", &seen.stderr)] {
        output.lines().for_each(|line| text += &format!("  {stream}: {line}\n"));
    }
    for (name, line) in seen.tree.iter().filter(|(name, line)| seen.before.get(*name) != Some(line)) {
        text += &format!("  {name}: {line}\n");
    }
    for name in seen.before.keys().filter(|name| !seen.tree.contains_key(*name)) {
        text += &format!("  {name}: gone\n");
    }
    let _ = std::io::stderr().write_all(text.as_bytes());
}
