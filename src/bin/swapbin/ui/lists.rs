//! What the commands that look after earlier changes show: leftovers, history, what was removed.

use std::path::{Path, PathBuf};

use swapbin::{Broken, Error, Past, PastFile, Recovery, quoted};

use super::moment;

/// Whether something was done, or is only talked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tense {
    Did,
    Would,
}

/// A line for each transaction that was left over, and the files of those that somebody has to decide about.
pub fn recoveries(recoveries: &[Recovery], tense: Tense) -> String {
    if recoveries.is_empty() {
        return "nothing is left over".to_owned();
    }
    recoveries.iter().map(|recovery| leftover(recovery, tense)).collect::<Vec<_>>().join("\n")
}

fn leftover(Recovery { txid, files, lost, left, outcome }: &Recovery, tense: Tense) -> String {
    let count = match files.len() {
        0 => String::new(),
        1 => " (1 file)".to_owned(),
        count => format!(" ({count} files)"),
    };
    let (of, which) = match left.len() {
        0 => (String::new(), count.clone()),
        skipped => (format!("{} of {} files of ", files.len() - skipped, files.len()), String::new()),
    };
    let line = match (outcome, tense) {
        (Broken::Running, _) => format!("transaction {txid}: its run is still at work"),
        (Broken::Finished, Tense::Did) => format!("finished {of}transaction {txid}{which}"),
        (Broken::Finished, Tense::Would) => format!("would finish transaction {txid}{count}"),
        (Broken::TakenBack, Tense::Did) => format!("took back {of}transaction {txid}{which}"),
        (Broken::TakenBack, Tense::Would) => format!("would take back transaction {txid}{count}"),
        (Broken::Abandoned, _) => format!("forgot transaction {txid}{count}; every file is left as it was found"),
        (Broken::Stuck(error), _) => {
            let problem = |file: &Path| match error {
                Error::Unfinished { path, reason, .. } if path == file => format!(": {reason}"),
                _ => String::new(),
            };
            let files = files.iter().map(|file| format!("\n  {}{}", shown(file), problem(file)));
            format!("transaction {txid} is left as it is{}", files.collect::<String>())
        }
    };
    let lost = lost.iter().map(|file| format!("\n  {} was lost with the last boot", shown(file)));
    let left = left.iter().map(|file| format!("\n  {} is left as it is", shown(file)));
    line + &lost.chain(left).collect::<String>()
}

/// Why one cannot be settled.
pub fn failure(recovery: &Recovery) -> Option<&Error> {
    match &recovery.outcome {
        Broken::Stuck(error) => Some(error),
        _ => None,
    }
}

/// The changes as a table for people, newest first.
pub fn table(past: &[Past]) -> String {
    let name = |kept: &Path| shown(kept.file_name().map_or(kept, Path::new));
    let heads = ["WHEN", "CHANGE", "BY", "FILE", "KEPT"].map(str::to_owned);
    aligned(std::iter::once(heads).chain(rows(past, name)))
}

/// Rows with their cells one below the other; nothing stands behind the last.
pub fn aligned<const COLUMNS: usize>(rows: impl Iterator<Item = [String; COLUMNS]>) -> String {
    let rows: Vec<_> = rows.collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    let line = |row: &[String; COLUMNS]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The changes as lines for programs.
pub fn columns(past: &[Past]) -> String {
    rows(past, shown).map(|row| row.join("\t")).collect::<Vec<_>>().join("\n")
}

fn rows<'a>(past: &'a [Past], kept: impl Fn(&Path) -> String + Copy + 'a) -> impl Iterator<Item = [String; 5]> + 'a {
    past.iter().flat_map(move |change| {
        let row = move |file: &PastFile| {
            let kept = file.kept.as_deref().map_or_else(|| "-".to_owned(), kept);
            [moment::utc(change.time), change.txid.clone(), change.command.clone(), shown(&file.path), kept]
        };
        change.files.iter().map(row)
    })
}

/// What was removed.
pub fn pruned(files: &[PathBuf]) -> String {
    match files {
        [] => "nothing to remove".to_owned(),
        files => {
            let lines = files.iter().map(|file| format!("removed kept versions of {}", quoted(file)));
            lines.collect::<Vec<_>>().join("\n")
        }
    }
}

/// A path as it is, so that it can be taken over; where that is not safe, as everywhere else.
pub fn shown(path: &Path) -> String {
    match (path.to_str(), quoted(path)) {
        (Some(text), quoted) if quoted[1..quoted.len() - 1] == *text => text.to_owned(),
        (_, quoted) => quoted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_aligned_and_a_name_cannot_break_it() {
        let file = |path: &str, kept: Option<&str>| PastFile {
            path: path.into(),
            old: Some(1),
            new: Some(2),
            kept: kept.map(PathBuf::from),
        };
        let files = vec![file("/a\n/b", None), file("/longer/app", Some("/longer/.swapbin~1.0"))];
        let past = [Past { txid: "1".to_owned(), time: 0, command: "apply".to_owned(), files }];
        let expected = "\
WHEN                  CHANGE  BY     FILE         KEPT
1970-01-01T00:00:00Z  1       apply  '/a\\n/b'     -
1970-01-01T00:00:00Z  1       apply  /longer/app  .swapbin~1.0";
        assert_eq!(table(&past), expected);
        assert!(columns(&past).ends_with("\t/longer/app\t/longer/.swapbin~1.0"));
    }
}
