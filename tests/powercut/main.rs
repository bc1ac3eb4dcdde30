//! Power cuts: records on block level what swapbin does to the disks, replays the record to states that a power cut may leave,
//! and judges each on the real filesystem. `--help` tells the arguments.
//!
//! This process serves the disks (`device`), keeps the record (`log`), chooses the cuts (`cut`) and counts (`tally`). A child
//! process for each filesystem and scenario (`hand`) mounts them, runs swapbin and judges. Mounts lie in namespaces of their
//! own, loop devices are freed with their last user, children die with their parent: nothing is left behind, however it ends.

mod aftermath;
mod arguments;
mod cut;
mod device;
mod dice;
mod disturb;
mod filesystem;
mod hand;
mod image;
mod judge;
mod lane;
mod log;
mod machine;
mod releases;
mod round;
mod scenario;
mod stepper;
mod sys;
mod tally;
mod trial;

use std::path::PathBuf;
use std::process::ExitCode;

use arguments::Asked;
use disturb::Neighbours;
use filesystem::Filesystem;
use scenario::{Places, Scenario};

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1).peekable();
    // The forms in which this program starts itself.
    let served = match words.peek().map(String::as_str) {
        Some("--hand") => Some(be_the_hand(words.by_ref().skip(1).collect())),
        Some("--committer") => Some(be_the_committer(words.by_ref().skip(1).collect())),
        _ => None,
    };
    if let Some(served) = served {
        return match served {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("powercut: {error}");
                ExitCode::FAILURE
            }
        };
    }
    let scenarios = scenario::all();
    let names: Vec<&str> = scenarios.iter().map(|scenario| scenario.name).collect();
    match arguments::parse(words, &names) {
        Err(wrong) => {
            eprintln!("powercut: {wrong}");
            ExitCode::from(2)
        }
        Ok(Asked::Help) => {
            print!("{}", arguments::HELP);
            ExitCode::SUCCESS
        }
        Ok(Asked::List) => {
            names.iter().for_each(|name| println!("{name}: test"));
            ExitCode::SUCCESS
        }
        Ok(Asked::Nothing) => ExitCode::SUCCESS,
        Ok(Asked::Run(arguments)) => match machine::prepare() {
            Ok(base) => trial::run(&arguments, &scenarios, &base),
            Err(why) => machine::skip(&why),
        },
    }
}

fn be_the_hand(words: Vec<String>) -> std::io::Result<()> {
    let [filesystem, scenario, base, program, rest @ ..] = &words[..] else { panic!("{words:?}") };
    let places = Places { base: PathBuf::from(base), program: program.clone() };
    let filesystem = Filesystem::named(filesystem).expect("a filesystem");
    let scenario = Scenario::named(scenario).expect("a scenario");
    hand::serve(filesystem, scenario, places, rest.first().cloned())
}

fn be_the_committer(words: Vec<String>) -> std::io::Result<()> {
    let filesystem = Filesystem::named(&words[0]).expect("a filesystem");
    disturb::commit_forever(&Neighbours { filesystem, paths: words[1..].iter().map(PathBuf::from).collect() })
}
