//! The words on the command line.

use super::disturb::Disturbance;
use super::filesystem::Filesystem;

pub const HELP: &str = "\
Cuts the power while swapbin works, on recorded disks, and judges what is left.

cargo test --test powercut -- [OPTION]... [NAME]...

NAMEs are filesystems (ext4, ext4-noauto_da_alloc, xfs, btrfs), scenarios or disturbances (undisturbed, beside, steps, recovery);
without any, all are meant. Without options a sample is tried, and that a sync left out is caught.

  --states N    states per filesystem and scenario (default 15)
  --caught N    states, at most, in which a missing sync must show, per filesystem, scenario and sync (default 60;
                0, not tried, is the default where SWAPBIN_UNDER_TEST names the program)
  --without SYNC
                this sync is left out as well, by the name of its failpoint; that it does not show is no failure
  --everywhere  missing syncs are tried on every filesystem, not only until one shows
  --peers       install, and cp with mv, as well; their bad states are counted, not held against them
  --seed N      another sample
  --jobs N      so many at once (default: one per processor)
  --keep DIR    where the disks of bad states are saved
  --list        names the scenarios
";

pub struct Arguments {
    pub states: usize,
    pub caught: usize,
    pub without: Vec<String>,
    pub everywhere: bool,
    pub peers: bool,
    pub seed: u64,
    pub jobs: usize,
    pub keep: Option<std::path::PathBuf>,
    pub filesystems: Vec<Filesystem>,
    pub disturbances: Vec<Disturbance>,
    pub scenarios: Vec<String>,
}

pub enum Asked {
    Run(Arguments),
    Help,
    List,
    /// A filter for tests with a harness, which have other names.
    Nothing,
}

/// # Errors
/// What is wrong with them.
pub fn parse(words: impl Iterator<Item = String>, scenarios: &[&str]) -> Result<Asked, String> {
    let mut arguments = Arguments {
        states: 15,
        // Another program's build has no failpoints, unless somebody knows better.
        caught: if std::env::var_os("SWAPBIN_UNDER_TEST").is_some() { 0 } else { 60 },
        without: Vec::new(),
        everywhere: false,
        peers: false,
        seed: 1,
        jobs: std::thread::available_parallelism().map_or(1, usize::from),
        keep: None,
        filesystems: Vec::new(),
        disturbances: Vec::new(),
        scenarios: Vec::new(),
    };
    let mut words = words.peekable();
    let mut strangers = 0;
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} wants a value"));
        match word.as_str() {
            "--help" | "-h" => return Ok(Asked::Help),
            "--list" => return Ok(Asked::List),
            "--states" => arguments.states = number(&value()?)?,
            "--caught" => arguments.caught = number(&value()?)?,
            "--seed" => arguments.seed = number(&value()?)?,
            "--jobs" => arguments.jobs = number(&value()?)?,
            "--keep" => arguments.keep = Some(value()?.into()),
            "--without" => arguments.without.push(value()?),
            "--everywhere" => arguments.everywhere = true,
            "--peers" => arguments.peers = true,
            name => match (Filesystem::named(name), Disturbance::named(name)) {
                (Some(filesystem), _) => arguments.filesystems.push(filesystem),
                (_, Some(disturbance)) => arguments.disturbances.push(disturbance),
                _ if scenarios.contains(&name) => arguments.scenarios.push(name.to_owned()),
                // What `cargo test` passes to every test program.
                _ if name.starts_with('-') || "powercut".contains(name) => {}
                _ => strangers += 1,
            },
        }
    }
    let named = arguments.filesystems.len() + arguments.disturbances.len() + arguments.scenarios.len();
    if strangers > 0 && named == 0 {
        return Ok(Asked::Nothing);
    }
    if arguments.filesystems.is_empty() {
        arguments.filesystems = Filesystem::ALL.to_vec();
    }
    if arguments.disturbances.is_empty() {
        arguments.disturbances = Disturbance::ALL.to_vec();
    }
    Ok(Asked::Run(arguments))
}

fn number<N: std::str::FromStr>(word: &str) -> Result<N, String> {
    word.parse().map_err(|_| format!("'{word}' is no number"))
}
