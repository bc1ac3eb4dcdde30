//! The harness itself: a server that does not truncate, a filter that does not filter or a namespace that leaks would make
//! other tests green for nothing.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::support::{
    Call, Entry, Fixture, Kind, Namespace, Proxy, Reply, Running, Scratch, Server, Snapshot, Swapbin, failpoints_available,
    require_filesystem, require_mounts, require_program, require_root, sha256, swapbin,
};

fn fetch(address: std::net::SocketAddr, target: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nHost: test\r\nProxy-Authorization: Basic eA==\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn the_server_says_what_it_is_told_and_remembers_what_it_was_asked() {
    let server = Server::replying([
        Reply::ok("whole"),
        Reply::ok("short").content_length(10),
        Reply::ok("truncated").truncate_at(5),
        Reply::status(200).body_of(b'x', 5).chunked(),
        Reply::redirect(302, "/elsewhere"),
    ]);
    let answers: Vec<String> = (0..5).map(|n| fetch(server.address(), &format!("/{n}?q"))).collect();
    assert!(answers[0].ends_with("Content-Length: 5\r\n\r\nwhole"), "{}", answers[0]);
    assert!(answers[1].ends_with("Content-Length: 10\r\n\r\nshort"), "{}", answers[1]);
    assert!(answers[2].ends_with("Content-Length: 9\r\n\r\ntrunc"), "{}", answers[2]);
    assert!(answers[3].ends_with("chunked\r\n\r\n5\r\nxxxxx\r\n0\r\n\r\n"), "{}", answers[3]);
    assert!(answers[4].starts_with("HTTP/1.1 302 ") && answers[4].contains("Location: /elsewhere\r\n"), "{}", answers[4]);
    assert_eq!(server.connections(), 5);
    let paths: Vec<String> = server.requests().iter().map(|request| request.path().to_owned()).collect();
    assert_eq!(paths, ["/0", "/1", "/2", "/3", "/4"]);
}

#[test]
fn a_stalled_connection_stays_open_and_ends_with_the_server() {
    let server = Server::answering(Reply::ok("stalled").stall_after(3));
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut answer = Vec::new();
    let error = stream.read_to_end(&mut answer).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock, "silent, but open");
    assert!(answer.ends_with(b"\r\n\r\nsta"));
    drop(server);
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0, "closed");
}

#[test]
fn the_proxy_brings_every_address_to_its_server_and_keeps_its_own_headers() {
    let server = Server::answering(Reply::ok("behind the proxy"));
    let proxy = Proxy::to(&server);
    let address = proxy.url().trim_start_matches("http://").parse().unwrap();
    assert!(fetch(address, "http://swapbin.test/app").ends_with("behind the proxy"));
    assert_eq!(proxy.requests()[0].target, "http://swapbin.test/app");
    assert_eq!(proxy.requests()[0].header("proxy-authorization"), Some("Basic eA=="));
    assert_eq!(server.requests()[0].target, "/app");
    assert_eq!(server.requests()[0].header("proxy-authorization"), None);
}

#[test]
fn the_https_server_is_trusted_with_its_own_authority_only() {
    let Some(curl) = require_program("curl") else { return };
    let scratch = Scratch::new();
    let (server, other) = (Server::https(|_| Reply::ok("secret")), Server::https(|_| Reply::ok("")));
    let proxy = Proxy::to(&server);
    let fetched = |ca: &Server, more: &[&str], url: &str| {
        let out = scratch.path("out");
        let mut command = Command::new(&curl);
        command.args(["-s", "--cacert"]).arg(ca.ca_pem(&scratch)).arg("-o").arg(&out).args(more).arg(url);
        let ended = crate::support::Process::spawn(&mut command).wait(Duration::from_secs(30)).unwrap();
        ended.success().then(|| fs::read_to_string(out).unwrap())
    };
    assert_eq!(fetched(&server, &["--noproxy", "*"], &server.url("/")).as_deref(), Some("secret"));
    assert_eq!(fetched(&other, &["--noproxy", "*"], &server.url("/")), None);
    let through_proxy = fetched(&server, &["--noproxy", "", "-x", &proxy.url()], "https://swapbin.test/");
    assert_eq!(through_proxy.as_deref(), Some("secret"));
    assert_eq!(proxy.requests()[0].target, "swapbin.test:443");
}

#[test]
fn a_denied_system_call_fails_with_the_errno_and_no_other_does() {
    let scratch = Scratch::new();
    scratch.file("new", "x");
    let ended =
        swapbin(&scratch).under(["sh", "-c", "mkdir made"]).denying(&[libc::SYS_mkdir, libc::SYS_mkdirat], libc::EPERM).run();
    ended.says("Operation not permitted");
    assert!(!scratch.path("made").exists());
    swapbin(&scratch).under(["sh", "-c", "mkdir made"]).denying(&[libc::SYS_rmdir], libc::EPERM).run();
    assert!(scratch.path("made").is_dir());
}

#[test]
fn strace_shows_calls_in_order_with_their_results() {
    let scratch = Scratch::new();
    let Some((_, calls)) =
        swapbin(&scratch).under(["sh", "-c", "mkdir a; rmdir a; rmdir a"]).strace("mkdir,mkdirat,rmdir,unlinkat")
    else {
        return;
    };
    let names: Vec<&str> = calls.iter().map(|call: &Call| call.name.as_str()).collect();
    assert_eq!(names, ["mkdir", "rmdir", "rmdir"], "{calls:?}");
    assert!(calls[1].succeeded() && calls[1].returned == 0, "{calls:?}");
    assert_eq!((calls[2].returned, calls[2].errno.as_deref()), (-1, Some("ENOENT")), "{calls:?}");
    assert!(calls[0].arguments.starts_with("\"a\""), "{calls:?}");
}

#[test]
fn a_process_measured_is_measured_without_the_memory_of_the_tests() {
    let scratch = Scratch::new();
    let ballast = vec![1_u8; 64 << 20];
    let outcome = swapbin(&scratch).arg("--version").measured().run();
    outcome.needs_at_most(32 << 20);
    assert!(outcome.peak_memory > Some(100 << 10), "{outcome}");
    assert_eq!(ballast[ballast.len() - 1], 1);
}

#[test]
fn mounts_of_a_namespace_are_seen_inside_and_nowhere_else() {
    if !require_mounts() {
        return;
    }
    let scratch = Scratch::new();
    let at = scratch.directory("mounted");
    let namespace = Namespace::new();
    namespace.tmpfs("size=1m,nr_inodes=8", &at);
    shell(&scratch, "touch mounted/inside").within(&namespace).run();
    assert!(namespace.path(at.join("inside")).exists());
    assert!(!at.join("inside").exists());
    namespace.hide_proc();
    assert_eq!(fs::read_dir(namespace.path("/proc")).unwrap().count(), 0);
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(scratch.root().to_str().unwrap()), "{mounts}");
}

#[test]
fn an_overlay_and_read_only_and_loop_mounts_can_be_had() {
    if !require_mounts() {
        return;
    }
    let scratch = Scratch::new();
    let namespace = Namespace::new();
    let lower = scratch.directory("lower");
    scratch.file("lower/app", "old");
    let (merged, fixed) = (scratch.directory("merged"), scratch.directory("fixed"));
    namespace.overlay(&scratch, &lower, ",volatile", &merged);
    namespace.bind_read_only(&lower, &fixed);
    assert_eq!(fs::read(namespace.path(merged.join("app"))).unwrap(), b"old");
    assert_eq!(fs::write(namespace.path(fixed.join("app")), "").unwrap_err().kind(), std::io::ErrorKind::ReadOnlyFilesystem);
    for (kind, mebibytes) in [("ext4", 32), ("xfs", 320), ("btrfs", 128)] {
        if require_filesystem(kind) {
            let at = scratch.directory(kind);
            namespace.image(&scratch, kind, mebibytes, &at);
            let inside = fs::metadata(namespace.path(&*at)).unwrap();
            assert_ne!(inside.dev(), fs::metadata(&at).unwrap().dev(), "{kind}");
        }
    }
}

#[test]
fn an_ordinary_user_reaches_the_tree_and_writes_only_what_is_his() {
    if !require_root() {
        return;
    }
    let scratch = Scratch::new();
    scratch.directory("his").owner(crate::support::NOBODY, crate::support::NOBODY);
    swapbin(&scratch).under(["sh", "-c", "touch his/file"]).as_user(crate::support::NOBODY).run();
    assert_eq!(Entry::of(scratch.path("his/file")).uid, crate::support::NOBODY);
    swapbin(&scratch).under(["sh", "-c", "touch foreign"]).as_user(crate::support::NOBODY).run().says("Permission denied");
}

#[test]
fn the_watcher_sees_a_torn_file_and_the_starter_a_program_that_fails() {
    let scratch = Scratch::new();
    let fixture = scratch.program("fixture", "one");
    let torn = scratch.file("torn", "aaab").mode(0o600);
    let watcher = Fixture::start(&fixture, &["watch-file", torn.to_str().unwrap(), "644", "4:a"]);
    let count = watcher.finish_counting();
    assert!(count("torn") >= 1 && count("badmode") >= 1, "it looked {} times", count("looks"));
    let starter = Fixture::start(&fixture, &["spin-exec", scratch.path("missing").to_str().unwrap(), "2"]);
    assert_eq!(starter.finish(), "runs=2 failed=2 reasons=errno-2x2 said=\n");
    assert_eq!(Fixture::version_of(&fixture), "one");
}

/// The shell in place of swapbin, with the same directory, limits, signals and outputs.
fn shell<'s>(scratch: &'s Scratch, script: &str) -> Swapbin<'s> {
    swapbin(scratch).under(["sh", "-c", script])
}

#[test]
fn a_run_may_be_fed_stopped_and_continued() {
    let scratch = Scratch::new();
    let mut running: Running = shell(&scratch, "read line; kill -STOP $$; echo $line").stdin_open().spawn();
    running.feed(b"fed\n");
    running.wait_until_paused();
    running.signal(Signal::CONT);
    running.wait().exits(0).prints("fed");
    shell(&scratch, "cat").stdin("bytes").run().exits(0).prints("bytes");
    shell(&scratch, "cat").stdin_file(scratch.file("input", "of a file")).run().exits(0).prints("of a file");
    shell(&scratch, "cat").run().exits(0).is_quiet();
}

#[test]
fn a_run_may_have_limits_ignored_signals_and_a_bad_standard_output() {
    let scratch = Scratch::new();
    shell(&scratch, "kill -TERM $$; echo alive").ignoring(Signal::TERM).run().exits(0).prints("alive");
    shell(&scratch, "kill -TERM $$").run().is_killed_by(Signal::TERM);
    shell(&scratch, "ulimit -n").limited(libc::RLIMIT_NOFILE, 20).run().exits(0).prints("20");
    shell(&scratch, "cat /etc/passwd").stdout_broken().run().exits(128 + Signal::PIPE.as_raw());
    shell(&scratch, "cat /etc/passwd").stdout_full().run().says("No space left on device");
    shell(&scratch, "test -e /proc/self/fd/1 || echo closed >&2").stdout_closed().run().says("closed");
}

#[test]
fn a_run_that_does_not_end_is_killed_and_fails_its_test() {
    let scratch = Scratch::new();
    let hanging = || shell(&scratch, "echo $$ >&2; exec cat").stdin_open().within_time(Duration::from_millis(300)).spawn().wait();
    let message = std::panic::catch_unwind(std::panic::AssertUnwindSafe(hanging)).unwrap_err();
    let message = message.downcast_ref::<String>().unwrap();
    assert!(message.contains("killed after 300ms"), "{message}");
}

#[test]
fn a_failpoint_ends_the_run_where_it_says() {
    if !failpoints_available() {
        return;
    }
    let scratch = Scratch::new();
    scratch.file("new", "new");
    swapbin(&scratch).from("new").to("app").failpoint("rename", "abort").run().is_killed_by(Signal::KILL);
    let mut paused = swapbin(&scratch).from("new").to("app").failpoint("rename", "pause").spawn();
    paused.wait_until_paused();
    assert!(!scratch.path("app").exists());
    paused.signal(Signal::CONT);
    paused.wait().exits(0);
    assert_eq!(scratch.read("app"), b"new");
}

#[test]
fn a_snapshot_tells_links_from_files_and_one_tree_from_another() {
    let scratch = Scratch::on("/dev/shm");
    scratch.file(".swapbin.litter", "x");
    scratch.link("link", "nowhere");
    let before: Snapshot = scratch.snapshot();
    assert_eq!(before.entry("link").kind, Kind::Link { to: "nowhere".into() });
    assert_eq!(before.entry(".swapbin.litter").kind, Kind::File { sha256: sha256("x") });
    assert_eq!(scratch.litter(), [std::path::Path::new(".swapbin.litter")]);
    scratch.file(".swapbin.litter", "y");
    let changed = std::panic::catch_unwind(|| scratch.snapshot().assert_same_as(&before)).unwrap_err();
    assert!(changed.downcast_ref::<String>().unwrap().starts_with("the tree was to stay as it was:\n.swapbin.litter\n"));
}

#[test]
fn a_fixture_lives_until_it_is_told_or_dropped() {
    let scratch = Scratch::new();
    let program = scratch.program("program", "one");
    let mut told = Fixture::sleeping(&program);
    told.signal(Signal::TERM);
    let pid = Fixture::sleeping(&program).pid();
    assert!(rustix::process::test_kill_process(pid).is_err(), "dropped, killed and reaped");
    while told.is_alive() {
        std::thread::yield_now();
    }
}
