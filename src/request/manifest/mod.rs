//! A batch written down: `[[swap]]` entries in TOML, with the words of the flags.
//!
//! ```toml
//! wait = 30
//!
//! [defaults]
//! owner = "root"
//! group = "root"
//!
//! [[swap]]
//! from = "build/app"
//! to = "/usr/local/bin/app"
//! mode = "0755"
//!
//! [[swap]]
//! from = ["https://example.org/libapp.so.1", "https://example.net/libapp.so.1"]
//! sha256 = "…"
//! to = "/usr/local/lib/"
//! ```

mod entry;
mod keys;

use std::path::Path;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::{Batch, Request, Secret, SecretName, Wait};
use crate::error::{Error, escaped};
use entry::Entry;
use keys::{Fault, Keys};

/// Finds a secret by its name, or says why there is none, without repeating the name.
pub type FindSecret<'a> = &'a mut dyn FnMut(&SecretName) -> Result<Secret, String>;

/// Where a manifest is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManifestFile<'a> {
    /// In this file. Relative paths in it are relative to its directory, as this path names it.
    At(&'a Path),
    /// On standard input, which no file of the batch can come from then. Relative paths are relative to the working directory.
    Stdin,
}

impl<'a> ManifestFile<'a> {
    /// Its path for messages.
    pub fn name(self) -> &'a Path {
        match self {
            ManifestFile::At(path) => path,
            ManifestFile::Stdin => Path::new("-"),
        }
    }

    /// What relative paths in it are relative to; empty for the working directory.
    fn base(self) -> &'a Path {
        self.name().parent().unwrap_or(Path::new(""))
    }
}

/// What a manifest says.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The files. At least one.
    pub batch: Batch,
    /// How long to wait for another run that changes the same files.
    pub wait: Option<Duration>,
}

/// What is wrong with a manifest, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// What is wrong. Text that may be a secret is not repeated.
    pub reason: String,
}

impl Manifest {
    /// Reads the text of a manifest; `find` finds the secrets it names.
    ///
    /// # Errors
    /// The first thing that is wrong: no TOML, an unknown key, a value of the wrong type, and whatever no run could make
    /// sense of.
    pub fn parse(text: &[u8], file: ManifestFile<'_>, find: FindSecret<'_>) -> Result<Manifest, Flaw> {
        let text = match std::str::from_utf8(text) {
            Ok(text) => text,
            Err(error) => {
                let valid = String::from_utf8_lossy(&text[..error.valid_up_to()]);
                return Err(Fault::new(valid.len(), "a manifest is UTF-8, this is not").in_text(&valid));
            }
        };
        read(text, file, find).map_err(|fault| fault.in_text(text))
    }
}

fn read(text: &str, file: ManifestFile<'_>, find: FindSecret<'_>) -> Result<Manifest, Fault> {
    let document = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        // Nearly always a mode.
        let hint = if error.message().contains("leading zero") { "; a mode is text in quotes, such as \"0755\"" } else { "" };
        Fault::new(at, format!("{}{hint}", escaped(error.message().trim_end_matches(", expected nothing").as_ref())))
    })?;
    let mut keys = Keys::new(document.into_inner(), 0);
    let wait: Option<Wait> = keys.word("wait")?;
    let defaults = match keys.take("defaults") {
        None => Entry::default(),
        Some(table) => match table.value {
            DeValue::Table(inner) => Entry::read_defaults(Keys::new(inner, table.at))?,
            _ => return Err(Fault::new(table.at, "defaults are a table: [defaults]")),
        },
    };
    let mut entries = Vec::new();
    if let Some(array) = keys.take("swap") {
        let double = "a swap begins with [[swap]], in double brackets";
        let DeValue::Array(tables) = array.value else { return Err(Fault::new(array.at, double)) };
        for table in tables {
            let at = table.span().start;
            let DeValue::Table(inner) = table.into_inner() else { return Err(Fault::new(at, double)) };
            entries.push(Entry::read(Keys::new(inner, at))?);
        }
    }
    keys.end(|key| match Entry::KEYS.contains(&key) {
        true => Some("it belongs under [defaults] or a [[swap]]"),
        false => None,
    })?;
    if entries.is_empty() {
        return Err(Fault::new(0, "there is no [[swap]] in it"));
    }
    let base = file.base();
    let requests = entries.iter().map(|entry| entry.or(&defaults).into_request(base, find));
    let batch = Batch { swaps: requests.collect::<Result<_, _>>()? };
    if let (ManifestFile::Stdin, Some(index)) = (file, batch.swaps.iter().position(Request::reads_stdin)) {
        return Err(Fault::new(entries[index].source_at(), "standard input is this manifest, and cannot be a source too"));
    }
    batch.judge().map_err(|(index, error)| {
        let at = match error {
            Error::StdinTwice => entries[index].source_at(),
            _ => entries[index].target_at(),
        };
        Fault::new(at, error.to_string())
    })?;
    Ok(Manifest { batch, wait: wait.map(|wait| wait.0) })
}
