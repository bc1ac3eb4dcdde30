//! The stories that people tell of how they got a file back, from beginning to end.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Entry, Fixture, Process, Scratch, program_under_test, require_program, sha256, status_of, swapbin};

#[test]
fn a_shell_that_was_removed_is_brought_back_from_the_shell_itself() {
    let Some(bash) = require_program("bash") else { return };
    let scratch = Scratch::new();
    let bytes = fs::read(bash).unwrap();
    let shell = scratch.file("bash", &bytes).mode(0o755);
    // Only what the shell has itself, and swapbin.
    let script = "rm \"$0\" && [ ! -e \"$0\" ] && \"$1\" rescue --pid $$ && \"$0\" -c 'echo it is back'";
    let mut command = Command::new(&*shell);
    command.args(["-c", script]).args([&*shell, &program_under_test()]).stdin(Stdio::null()).stdout(Stdio::piped());
    command.env("SWAPBIN_STATE_DIR", scratch.state(None));
    let mut process = Process::spawn_group(&mut command);
    assert!(process.wait(Duration::from_secs(60)).is_some_and(|status| status.success()));
    let mut said = String::new();
    std::io::Read::read_to_string(&mut process.pipes().stdout.take().unwrap(), &mut said).unwrap();
    assert!(said.starts_with("rescued '") && said.ends_with("it is back\n"), "{said}");
    assert!(fs::read(&shell).unwrap() == bytes);
    assert_eq!(Entry::of(&shell).mode, 0o755);
}

#[test]
fn a_video_that_was_removed_while_it_plays_is_brought_back_whole() {
    let scratch = Scratch::new();
    let bytes: Vec<u8> = (0..5_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let video = scratch.file("holiday 2026.mkv", &bytes);
    let player = scratch.program("player", "one");
    let playing = Fixture::start(&player, &["hold", video.to_str().unwrap()]);
    fs::remove_file(&video).unwrap();

    let list = swapbin(&scratch).args(["rescue", "--list"]).run().exits(0).output_text();
    let line = list.lines().find(|line| line.ends_with(video.to_str().unwrap())).expect("it is in the list").to_owned();
    let [_, size, source, _, pid, ..] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
    assert_eq!((size, source, pid), ("5000000", "fd", &*playing.pid().as_raw_nonzero().to_string()));
    swapbin(&scratch).args(["rescue", "holiday 2026.mkv"]).run().exits(0);
    assert_eq!(sha256(fs::read(&video).unwrap()), sha256(&bytes));
}

#[test]
fn a_build_tool_broken_by_its_own_build_is_brought_back_from_an_old_instance() {
    let scratch = Scratch::new();
    let tool = scratch.program("tool", "works");
    let old = Fixture::sleeping(&tool);
    // It builds itself, installs the result, and cannot be started any more.
    scratch.file("tool.new", "#!/nowhere\n").mode(0o755);
    fs::rename(scratch.path("tool.new"), &tool).unwrap();
    assert!(status_of(&mut Command::new(&*tool)).is_err());

    swapbin(&scratch).args(["rescue", "tool"]).run().exits(9);
    swapbin(&scratch).args(["rescue", "tool", "--replace"]).run().exits(0);
    assert_eq!(Fixture::version_of(&tool), "works");
    old.finish();
    let kept = scratch.snapshot().names().find(|name| crate::support::is_kept(name)).map(|name| scratch.path(name));
    assert_eq!(fs::read(kept.expect("the broken one is kept")).unwrap(), b"#!/nowhere\n");
}

#[test]
fn a_link_of_ones_own_to_what_proc_says_does_not_work_where_the_link_of_proc_does() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let running = Fixture::sleeping(&app);
    fs::remove_file(&app).unwrap();
    let link = scratch.link("link", running.exe_link());
    assert!(fs::read(link).is_err(), "the text leads nowhere");
    swapbin(&scratch).args(["rescue", "app"]).run().exits(0);
    assert_eq!(Fixture::version_of(&app), "one");
}
