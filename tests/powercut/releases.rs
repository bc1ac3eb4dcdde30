//! Releases beside each other, and a link to the current one: the targets are what is seen through the link.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::judge::{Found, bystander_content};
use super::scenario::{Before, LINK, Places, RELEASES, Scenario};

/// The release that is there before.
const FIRST: &str = "first";
/// A file of the first release that is not staged: the next one has it too.
const BYSTANDER: &str = "bystander";

/// Makes the first release, without the targets, and the link to it.
///
/// # Errors
/// Of the files.
pub fn format(scenario: &Scenario, places: &Places) -> io::Result<()> {
    let Some(disk) = scenario.releases_on else { return Ok(()) };
    let first = places.disk(disk).join(RELEASES).join(FIRST);
    fs::create_dir_all(first.join("lib"))?;
    fs::write(first.join(BYSTANDER), bystander_content())?;
    symlink(first_text(places, disk), places.disk(0).join(LINK))
}

/// What the link to the first release says.
fn first_text(places: &Places, disk: usize) -> PathBuf {
    let first = Path::new(RELEASES).join(FIRST);
    if disk == 0 { first } else { places.disk(disk).join(first) }
}

/// What the one version of the link that is kept says; `None` where there is no link.
pub fn kept_link(scenario: &Scenario, places: &Places) -> Option<Vec<u8>> {
    scenario.releases_on.map(|disk| first_text(places, disk).as_os_str().as_bytes().to_vec())
}

/// Gives the files of the release that the link leads to their names as seen through it. The first release, which is not changed
/// by the next one, is looked at and left out.
///
/// # Errors
/// What is wrong.
pub fn follow(scenario: &Scenario, places: &Places, files: &mut BTreeMap<(usize, String), Found>) -> Result<(), String> {
    let Some(disk) = scenario.releases_on else { return Ok(()) };
    let text = fs::read_link(places.disk(0).join(LINK)).map_err(|error| format!("the link cannot be read: {error}"))?;
    let to = places.disk(0).join(&text);
    let name = to.strip_prefix(places.disk(disk).join(RELEASES)).ok().and_then(Path::to_str);
    let name = name.ok_or_else(|| format!("the link leads to '{}'", text.display()))?;
    files.remove(&(0, LINK.to_owned()));
    let current = take(files, disk, name);
    judge_bystander(&current).map_err(|wrong| format!("{wrong}, seen through the link to '{}'", text.display()))?;
    if name != FIRST {
        let first = take(files, disk, FIRST);
        judge_bystander(&first)?;
        let whole = scenario.targets.iter().all(|target| match (first.get(leaf(target.path)), target.before) {
            (Some(found), Before::Is(version)) => found.is(&version, target),
            _ => false,
        });
        if !whole || first.len() != scenario.targets.len() + 1 {
            return Err("the first release is not what it was".to_owned());
        }
    }
    files.extend(current.into_iter().map(|(path, found)| ((0, format!("{LINK}/{path}")), found)));
    Ok(())
}

fn judge_bystander(release: &BTreeMap<String, Found>) -> Result<(), String> {
    match release.get(BYSTANDER) {
        Some(found) if found.content == bystander_content() => Ok(()),
        _ => Err("the file that stays is not there".to_owned()),
    }
}

fn leaf(target: &str) -> &str {
    target.strip_prefix(LINK).and_then(|rest| rest.strip_prefix('/')).unwrap_or(target)
}

/// The files of one release.
fn take(files: &mut BTreeMap<(usize, String), Found>, disk: usize, release: &str) -> BTreeMap<String, Found> {
    let below = format!("{RELEASES}/{release}/");
    let (taken, rest) = std::mem::take(files).into_iter().partition(|((on, path), _)| *on == disk && path.starts_with(&below));
    *files = rest;
    let taken: BTreeMap<(usize, String), Found> = taken;
    taken.into_iter().map(|((_, path), found)| (path[below.len()..].to_owned(), found)).collect()
}
