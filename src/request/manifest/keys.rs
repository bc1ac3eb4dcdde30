//! The keys of one TOML table, taken one by one; what is left over is unknown.

use std::fmt::Display;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Flaw;
use crate::error::quoted;
use crate::request::{Account, Digest, ModeChange, Preserve, Size, TimeLimit, Wait};

/// What is wrong at a byte of the text.
#[derive(Debug)]
pub(super) struct Fault {
    at: usize,
    reason: String,
}

impl Fault {
    pub(super) fn new(at: usize, reason: impl Into<String>) -> Fault {
        Fault { at, reason: reason.into() }
    }

    /// The same by line and column.
    pub(super) fn in_text(self, text: &str) -> Flaw {
        // The end of the text is a place too; and a place inside a character is that character's.
        let at = (0..=self.at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let before = &text[..at];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Flaw { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1, reason: self.reason }
    }
}

/// A value and the byte it begins at.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub(super) at: usize,
    pub(super) value: T,
}

/// A word that manifests and flags share.
pub(super) trait Word: FromStr<Err: Display> {
    /// What is wanted, for a value of another type.
    const WANTED: &str;
    /// Whether it may be a TOML number.
    const NUMBER: bool;
}

macro_rules! words {
    ($($word:ty, $number:literal, $wanted:literal;)+) => {
        $(impl Word for $word {
            const WANTED: &str = $wanted;
            const NUMBER: bool = $number;
        })+
    };
}

words! {
    Account, true, "a name or a number";
    Digest, false, "64 hexadecimal digits in quotes";
    // 0755 is no number in TOML, and 755 would be another one than it looks.
    ModeChange, false, "text in quotes, such as \"0755\"";
    Preserve, false, "text, such as \"mode,owner\"";
    Size, true, "a number of bytes, or text such as \"10M\"";
    TimeLimit, true, "a number of seconds, or text such as \"5m\"";
    Wait, true, "a number of seconds, or text such as \"5m\"";
}

/// What is left of a table.
pub(super) struct Keys<'t> {
    /// Where the table begins.
    pub(super) at: usize,
    left: Vec<(At<String>, At<DeValue<'t>>)>,
}

impl<'t> Keys<'t> {
    pub(super) fn new(table: DeTable<'t>, at: usize) -> Keys<'t> {
        let placed = |value: Spanned<DeValue<'t>>| At { at: value.span().start, value: value.into_inner() };
        let entry = |key: Spanned<_>, value| {
            let at = key.span().start;
            (At { at, value: std::borrow::Cow::into_owned(key.into_inner()) }, placed(value))
        };
        Keys { at, left: table.into_iter().map(|(key, value)| entry(key, value)).collect() }
    }

    pub(super) fn take(&mut self, key: &str) -> Option<At<DeValue<'t>>> {
        let index = self.left.iter().position(|(found, _)| found.value == key)?;
        Some(self.left.swap_remove(index).1)
    }

    /// Text that may name a file or a variable: not empty, and without the byte that ends a name for the kernel.
    pub(super) fn text(&mut self, key: &str) -> Result<Option<At<String>>, Fault> {
        self.take(key).map(|found| text(key, "text in quotes", found)).transpose()
    }

    /// One text, or several in an array.
    pub(super) fn texts(&mut self, key: &str) -> Result<Option<At<Vec<At<String>>>>, Fault> {
        let Some(found) = self.take(key) else { return Ok(None) };
        let wanted = "text in quotes, or an array of it";
        let at = found.at;
        let values = match found.value {
            DeValue::Array(values) => values
                .into_iter()
                .map(|value| text(key, wanted, At { at: value.span().start, value: value.into_inner() }))
                .collect::<Result<Vec<_>, _>>()?,
            value => vec![text(key, wanted, At { at, value })?],
        };
        if values.is_empty() { Err(Fault::new(at, format!("'{key}' is empty"))) } else { Ok(Some(At { at, value: values })) }
    }

    pub(super) fn flag(&mut self, key: &str) -> Result<Option<bool>, Fault> {
        match self.take(key) {
            None => Ok(None),
            Some(At { value: DeValue::Boolean(value), .. }) => Ok(Some(value)),
            Some(found) => Err(unfit(key, "true or false", &found)),
        }
    }

    pub(super) fn count(&mut self, key: &str) -> Result<Option<u32>, Fault> {
        let Some(found) = self.take(key) else { return Ok(None) };
        let wanted = "a whole number, 0 or more";
        let DeValue::Integer(integer) = &found.value else { return Err(unfit(key, wanted, &found)) };
        match u32::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(count) => Ok(Some(count)),
            Err(_) => Err(Fault::new(found.at, format!("'{key}' is {wanted}, and at most {}", u32::MAX))),
        }
    }

    /// A word in the form of the flag of the same name.
    pub(super) fn word<T: Word>(&mut self, key: &str) -> Result<Option<T>, Fault> {
        self.placed_word(key).map(|word| word.map(|word| word.value))
    }

    /// The same, with its place.
    pub(super) fn placed_word<T: Word>(&mut self, key: &str) -> Result<Option<At<T>>, Fault> {
        let Some(found) = self.take(key) else { return Ok(None) };
        let text = match &found.value {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) if T::NUMBER && number.radix() == 10 => number.as_str().to_owned(),
            DeValue::Float(number) if T::NUMBER => number.as_str().to_owned(),
            _ => return Err(unfit(key, T::WANTED, &found)),
        };
        match text.parse() {
            Ok(value) => Ok(Some(At { at: found.at, value })),
            Err(error) => Err(Fault::new(found.at, format!("'{key}': {error}"))),
        }
    }

    /// Refuses what was not taken, the first of it in the text. `belongs` may know where a key would be right.
    pub(super) fn end(self, belongs: impl Fn(&str) -> Option<&'static str>) -> Result<(), Fault> {
        match self.left.into_iter().map(|(key, _)| key).min_by_key(|key| key.at) {
            None => Ok(()),
            Some(At { at, value: key }) => {
                let more = belongs(&key).map(|place| format!(" here: {place}")).unwrap_or_default();
                Err(Fault::new(at, format!("unknown key {}{more}", quoted(&key))))
            }
        }
    }
}

fn text(key: &str, wanted: &str, found: At<DeValue<'_>>) -> Result<At<String>, Fault> {
    match &found.value {
        DeValue::String(text) if text.is_empty() => Err(Fault::new(found.at, format!("'{key}' is empty"))),
        DeValue::String(text) if text.contains('\0') => Err(Fault::new(found.at, format!("'{key}' holds a NUL byte"))),
        DeValue::String(text) => Ok(At { at: found.at, value: text.to_string() }),
        _ => Err(unfit(key, wanted, &found)),
    }
}

/// A value of the wrong type.
fn unfit(key: &str, wanted: &str, found: &At<DeValue<'_>>) -> Fault {
    let is = match &found.value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    };
    Fault::new(found.at, format!("'{key}' is {wanted}, not {is}"))
}
