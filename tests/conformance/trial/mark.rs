//! Where the program under test is meant to differ from the oracle, and how.

use super::run::{Locale, Seen};

/// A known difference.
pub enum Mark {
    /// What coreutils after 9.1 do.
    Newer(Expected),
    /// What swapbin does because GNU's way loses a file.
    Safer(Expected),
}

impl Mark {
    pub fn expected(&self) -> &Expected {
        match self {
            Mark::Newer(expected) | Mark::Safer(expected) => expected,
        }
    }
}

/// What is to be seen instead of what the oracle shows; all that is not said here stays as the oracle has it.
#[derive(Default)]
pub struct Expected {
    ending: Option<String>,
    stdout: Option<Text>,
    stderr: Option<Text>,
    names: Vec<(&'static str, Fate)>,
}

enum Text {
    Exactly(String),
    Mentioning(&'static [&'static str]),
}

enum Fate {
    Untouched,
    Absent,
    Is(&'static str),
}

/// Nothing else than the oracle yet.
pub fn expected() -> Expected {
    Expected::default()
}

impl Expected {
    pub fn exit(mut self, code: i32) -> Expected {
        self.ending = Some(format!("exit code {code}"));
        self
    }

    /// This text; ‘ and ’ are quotes of the locale.
    pub fn stdout(mut self, text: impl Into<String>) -> Expected {
        self.stdout = Some(Text::Exactly(text.into()));
        self
    }

    /// This text; ‘ and ’ are quotes of the locale.
    pub fn stderr(mut self, text: impl Into<String>) -> Expected {
        self.stderr = Some(Text::Exactly(text.into()));
        self
    }

    /// `install: ` and words of our own, these among them.
    pub fn stderr_mentioning(mut self, words: &'static [&'static str]) -> Expected {
        self.stderr = Some(Text::Mentioning(words));
        self
    }

    /// A name is what it was before the run.
    pub fn untouched(mut self, name: &'static str) -> Expected {
        self.names.push((name, Fate::Untouched));
        self
    }

    /// A name is not there.
    pub fn absent(mut self, name: &'static str) -> Expected {
        self.names.push((name, Fate::Absent));
        self
    }

    /// A name is this; `{user}` stands for uid and gid of the run.
    pub fn is(mut self, name: &'static str, line: &'static str) -> Expected {
        self.names.push((name, Fate::Is(line)));
        self
    }

    /// In what `seen` is not this, given what the oracle did.
    pub fn differences(&self, oracle: &Seen, seen: &Seen) -> Vec<String> {
        let mut wanted = oracle.clone();
        wanted.still.clear();
        if let Some(ending) = &self.ending {
            wanted.ending.clone_from(ending);
        }
        let mut differences = Vec::new();
        for (stream, text, wanted, seen) in [
            ("stdout", &self.stdout, &mut wanted.stdout, &seen.stdout),
            ("stderr", &self.stderr, &mut wanted.stderr, &seen.stderr),
        ] {
            match text {
                None => {}
                Some(Text::Exactly(text)) => *wanted = quotes_of(oracle.locale, text),
                Some(Text::Mentioning(words)) => {
                    wanted.clone_from(seen);
                    if !seen.starts_with("install: ") || words.iter().any(|word| !seen.contains(word)) {
                        differences
                            .push(format!("{stream}: {seen:?} begins otherwise than `install: ` or lacks one of {words:?}"));
                    }
                }
            }
        }
        for (name, fate) in &self.names {
            let line = match fate {
                Fate::Untouched => oracle.before.get(*name).cloned(),
                Fate::Absent => None,
                Fate::Is(line) => Some(line.replace("{user}", &oracle.owner)),
            };
            match line {
                Some(line) => drop(wanted.tree.insert((*name).to_owned(), line)),
                None => drop(wanted.tree.remove(*name)),
            }
        }
        differences.extend(wanted.differences(seen));
        differences
    }
}

/// The text with the quotes of a locale.
fn quotes_of(locale: Locale, text: &str) -> String {
    match locale {
        Locale::C => text.replace(['‘', '’'], "'"),
        Locale::Utf8 => text.to_owned(),
    }
}
