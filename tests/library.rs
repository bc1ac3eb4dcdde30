//! The crate as a library: a request in, a report out, events on the way. Only what is public is used here.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::Ordering;

use swapbin::{
    Account, Action, Cancel, Digest, EmptySource, Error, ErrorKind, Event, Follow, Host, Kept, Method, Observer, Obstacle,
    Ownership, Preserve, Report, Request, Source, Warning, WhenCurrent, check, dry_run, find_users, swap,
};
use tempfile::TempDir;

/// This machine, with a state directory for tests.
fn host() -> Host {
    Host { state_dir: Path::new(env!("CARGO_TARGET_TMPDIR")).join("library-state"), ..Host::system() }
}

/// A directory with `app` (content `old`, mode 0750) and `new`.
struct Place(TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        place.file("app", "old");
        place.file("new", "new");
        fs::set_permissions(place.path("app"), PermissionsExt::from_mode(0o750)).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn request(&self) -> Request {
        self.request_from("new")
    }

    fn request_from(&self, source: &str) -> Request {
        Request { keep: 0, ..Request::new(Source::File(self.path(source)), self.path("app")) }
    }

    fn inode(&self) -> u64 {
        fs::metadata(self.path("app")).unwrap().ino()
    }

    /// Nothing but `app`, `new` and what the test made.
    #[track_caller]
    fn has_only(&self, names: &[&str]) {
        let mut found: Vec<_> = fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        found.sort();
        assert_eq!(found, names);
    }
}

fn nobody(_: &Event<'_>) {}

/// Which events came, in short, and what each of them said.
#[derive(Default)]
struct Recorder(Vec<String>);

impl Observer for Recorder {
    fn event(&mut self, event: &Event<'_>) {
        self.0.push(match event {
            Event::Planned { target } => format!("planned {}", name(target)),
            Event::Attempt { attempt, .. } => format!("attempt {attempt}"),
            Event::Size { bytes } => format!("size {bytes}"),
            Event::Progress { bytes } => format!("progress {bytes}"),
            Event::Sealed => "sealed".to_owned(),
            Event::Synced => "synced".to_owned(),
            Event::Published => "published".to_owned(),
            Event::Warning(Warning::HardLinks { others, .. }) => format!("warning of {others} links"),
            other => format!("{other:?}"),
        });
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

#[track_caller]
fn done(request: &Request) -> Report {
    swap(request, &host(), &mut nobody).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn fails(request: &Request) -> Error {
    swap(request, &host(), &mut nobody).expect_err("it should fail")
}

#[test]
fn a_swap_reports_what_was_what_is_and_where_it_came_from() {
    let place = Place::new();
    let before = place.inode();
    let report = done(&place.request());
    assert_eq!(place.read("app"), "new");
    assert_eq!(report.action, Action::Installed);
    assert_eq!(report.target, place.path("app"));
    assert_eq!((report.through_link, report.verified), (None, None));
    assert_eq!(report.warnings, []);
    assert_eq!((report.source.bytes, report.source.attempts), (Some(3), 1));
    assert_eq!(report.source.from, place.path("new").to_str().unwrap());
    let (previous, installed) = (report.previous.unwrap(), report.installed.unwrap());
    assert_eq!((previous.ino, previous.size), (before, 3));
    let now = fs::metadata(place.path("app")).unwrap();
    assert_eq!((installed.ino, installed.dev, installed.size), (now.ino(), now.dev(), 3));
    assert_eq!((installed.mode.bits(), installed.uid, installed.gid), (0o750, now.uid(), now.gid()));
    assert_ne!(installed.ino, before);
    assert!(report.times.total >= report.times.plan + report.times.fetch + report.times.commit, "{:?}", report.times);
    place.has_only(&["app", "new"]);
}

#[test]
fn a_new_file_has_nothing_previous_and_mode_0755() {
    let place = Place::new();
    let report = done(&Request::new(Source::File(place.path("new")), place.path("fresh")));
    assert_eq!(report.action, Action::Installed);
    assert_eq!(report.previous, None);
    assert_eq!(report.installed.unwrap().mode.bits(), 0o755);
}

#[test]
fn events_come_in_the_order_of_the_phases() {
    let place = Place::new();
    fs::hard_link(place.path("app"), place.path("other")).unwrap();
    let mut recorder = Recorder::default();
    swap(&place.request(), &host(), &mut recorder).unwrap();
    let all = recorder.0;
    assert_eq!(all.first().map(String::as_str), Some("planned app"));
    let order = ["planned app", "attempt 1", "size 3", "progress 3", "sealed", "synced", "published", "warning of 1 links"];
    let positions: Vec<_> = order.iter().map(|event| all.iter().position(|found| found == event)).collect();
    assert!(positions.iter().all(Option::is_some) && positions.is_sorted(), "{all:?}");
}

#[test]
fn a_target_that_is_current_is_left_alone() {
    let place = Place::new();
    place.file("new", "old");
    let before = place.inode();
    let mut recorder = Recorder::default();
    let report = swap(&place.request(), &host(), &mut recorder).unwrap();
    assert_eq!(report.action, Action::Unchanged);
    assert_eq!(report.installed, report.previous);
    assert_eq!(place.inode(), before);
    assert_eq!(recorder.0, ["planned app"]);

    let forced = Request { when_current: WhenCurrent::Replace, ..place.request() };
    assert_eq!(done(&forced).action, Action::Installed);
    assert_ne!(place.inode(), before);
}

#[test]
fn check_and_dry_run_answer_and_change_nothing() {
    for ask in [check, dry_run] {
        let place = Place::new();
        let before = place.inode();
        let ask = |request: &Request| ask(request, &host(), &mut nobody).unwrap();
        let report = ask(&place.request());
        assert_eq!(report.action, Action::WouldInstall);
        let outlook = report.installed.unwrap();
        assert_eq!((outlook.size, outlook.mode.bits(), outlook.ino), (3, 0o750, 0));
        place.file("new", "old");
        assert_eq!(ask(&place.request()).action, Action::Unchanged);
        assert_eq!((place.inode(), place.read("app").as_str()), (before, "old"));
        place.has_only(&["app", "new"]);
    }
}

#[test]
fn a_digest_is_required_and_reported() {
    let place = Place::new();
    let digest = |text: &str| text.parse::<Digest>().unwrap();
    let of_new = digest("11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437");
    let report = done(&Request { sha256: Some(of_new), ..place.request() });
    assert_eq!(report.verified, Some(of_new));
    assert_eq!(report.installed.unwrap().sha256, Some(of_new));

    place.file("new", "evil");
    let zeros = digest(&"0".repeat(64));
    let error = fails(&Request { sha256: Some(zeros), ..place.request() });
    assert_eq!(error.kind(), ErrorKind::Untrusted);
    assert!(matches!(error, Error::DigestMismatch { expected, .. } if expected == zeros), "{error:?}");
    assert_eq!(place.read("app"), "new");
    place.has_only(&["app", "new"]);
}

#[test]
fn errors_are_facts_with_a_kind() {
    let place = Place::new();
    place.file("empty", "");
    fs::create_dir(place.path("directory")).unwrap();
    let to = |name: &str| Request::new(Source::File(place.path("new")), place.path(name));
    let cases = [
        (place.request_from("missing"), ErrorKind::Unavailable),
        (place.request_from("empty"), ErrorKind::Rejected),
        (place.request_from("directory"), ErrorKind::Rejected),
        (place.request_from("app"), ErrorKind::Rejected),
        (Request { max_size: Some(2), ..place.request() }, ErrorKind::Rejected),
        (to("missing/app"), ErrorKind::Target),
        (to("app/app"), ErrorKind::Target),
        (Request { sources: vec![Source::Stdin, Source::Stdin], ..place.request() }, ErrorKind::Usage),
        (with_owner(&place, "no-such-user"), ErrorKind::Usage),
        (Request::new(Source::parse("http://127.0.0.1:1/app".as_ref()).unwrap(), place.path("app")), ErrorKind::Usage),
    ];
    for (request, kind) in cases {
        for outcome in [swap, check, dry_run].map(|ask| ask(&request, &host(), &mut nobody)) {
            let error = outcome.expect_err("it should fail");
            assert_eq!(error.kind(), kind, "{error}");
            let text = error.to_string();
            assert!(!text.ends_with('.') && !text.contains('\n') && !text.contains("hint"), "{text}");
        }
        assert_eq!(place.read("app"), "old");
    }
    place.has_only(&["app", "directory", "empty", "new"]);
}

fn with_owner(place: &Place, name: &str) -> Request {
    Request { ownership: Ownership { user: Some(Account::new(name)), group: None }, ..place.request() }
}

#[test]
fn an_obstacle_says_which_it_is() {
    let place = Place::new();
    symlink("missing", place.path("link")).unwrap();
    match fails(&Request::new(Source::File(place.path("new")), place.path("link"))) {
        Error::Target { path, obstacle: Obstacle::DanglingLink { to } } => {
            assert_eq!((path, to), (place.path("link"), PathBuf::from("missing")));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_error_of_the_kernel_is_the_source_of_ours() {
    use std::error::Error as _;
    let error = fails(&Place::new().request_from("missing"));
    let source = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
    assert_eq!(source.map(std::io::Error::kind), Some(std::io::ErrorKind::NotFound));
}

#[test]
fn an_empty_source_is_installed_when_it_is_wanted() {
    let place = Place::new();
    place.file("empty", "");
    let request = Request { empty: EmptySource::Allow, ..place.request_from("empty") };
    let report = done(&request);
    assert_eq!((report.action, report.installed.unwrap().size), (Action::Installed, 0));
    assert_eq!(done(&request).action, Action::Unchanged);
}

#[test]
fn a_link_is_followed_and_reported_or_replaced() {
    let place = Place::new();
    symlink("app", place.path("link")).unwrap();
    let request = Request::new(Source::File(place.path("new")), place.path("link"));
    let report = done(&request);
    assert_eq!((report.target, report.through_link), (place.path("app"), Some(place.path("link"))));
    let report = done(&Request { follow: Follow::Link, ..request });
    assert_eq!((report.target, report.through_link), (place.path("link"), None));
    assert!(fs::symlink_metadata(place.path("link")).unwrap().is_file());
}

#[test]
fn a_mode_and_what_to_preserve_are_parsed_from_text() {
    let place = Place::new();
    let request = Request { mode: Some("g-x".parse().unwrap()), ..place.request() };
    assert_eq!(done(&request).installed.unwrap().mode.bits(), 0o740);
    let preserve: Preserve = "owner".parse().unwrap();
    assert!(preserve.has(Kept::Owner) && !preserve.has(Kept::Mode));
    assert_eq!(done(&Request { preserve, ..place.request() }).installed.unwrap().mode.bits(), 0o755);
}

#[test]
fn a_relative_target_and_a_directory_work_as_on_the_command_line() {
    let place = Place::new();
    fs::create_dir(place.path("bin")).unwrap();
    let report = done(&Request::new(Source::File(place.path("new")), place.path("bin")));
    assert_eq!(report.target, place.path("bin/new"));
}

#[test]
fn a_request_cancelled_before_it_begins_changes_nothing() {
    let place = Place::new();
    let host = host();
    host.cancel.shared().store(15, Ordering::Relaxed);
    let error = swap(&place.request(), &host, &mut nobody).expect_err("it is cancelled");
    assert_eq!((error.kind(), host.cancel.signal()), (ErrorKind::Cancelled, Some(15)));
    assert_eq!(place.read("app"), "old");
    place.has_only(&["app", "new"]);
}

/// Cancels at the first event that `when` recognises, and returns how it ended.
fn cancelled_at(place: &Place, when: fn(&Event<'_>) -> bool) -> Result<Report, Error> {
    let host = host();
    let cancel = host.cancel.clone();
    let mut observer = move |event: &Event<'_>| {
        if when(event) {
            cancel.shared().store(2, Ordering::Relaxed);
        }
    };
    swap(&place.request(), &host, &mut observer)
}

#[test]
fn a_request_is_cancelled_at_any_moment_before_the_rename() {
    let moments: [fn(&Event<'_>) -> bool; 5] = [
        |event| matches!(event, Event::Planned { .. }),
        |event| matches!(event, Event::Attempt { .. }),
        |event| matches!(event, Event::Progress { .. }),
        |event| matches!(event, Event::Sealed),
        |event| matches!(event, Event::Synced),
    ];
    for (at, moment) in moments.into_iter().enumerate() {
        let place = Place::new();
        let before = place.inode();
        let error = cancelled_at(&place, moment).expect_err("it is cancelled");
        assert!(matches!(error, Error::Cancelled), "moment {at}: {error}");
        assert_eq!((place.read("app").as_str(), place.inode()), ("old", before), "moment {at}");
        place.has_only(&["app", "new"]);
    }
}

#[test]
fn what_was_published_is_no_longer_cancelled() {
    let place = Place::new();
    let report = cancelled_at(&place, |event| matches!(event, Event::Published)).expect("it is too late");
    assert_eq!(report.action, Action::Installed);
    assert_eq!(place.read("app"), "new");
}

#[test]
fn a_cancel_flag_is_shared_by_its_clones() {
    let cancel = Cancel::new();
    assert_eq!((cancel.signal(), cancel.check().is_ok()), (None, true));
    cancel.clone().shared().store(1, Ordering::Relaxed);
    assert_eq!((cancel.signal(), cancel.check().is_err()), (Some(1), true));
}

#[test]
fn two_requests_run_side_by_side() {
    let place = Place::new();
    let requests = ["one", "two", "three", "four"].map(|name| Request::new(Source::File(place.path("new")), place.path(name)));
    std::thread::scope(|scope| {
        // Each starts before the first is waited for.
        for thread in requests.each_ref().map(|request| scope.spawn(|| done(request))) {
            assert_eq!(thread.join().unwrap().action, Action::Installed);
        }
    });
    place.has_only(&["app", "four", "new", "one", "three", "two"]);
}

#[test]
fn nothing_is_printed_of_an_address_that_may_be_a_secret() {
    let source = Source::parse("https://me:hunter2@example.org/app?sig=hunter2".as_ref()).unwrap();
    let request = Request::new(source, "app");
    assert!(!format!("{request:?}").contains("hunter2"));
}

#[test]
fn who_has_the_file_open_himself_is_told_so_and_is_no_holder() {
    let place = Place::new();
    let request = Request { method: Method::InPlace, ..place.request() };
    let open = fs::File::open(place.path("app")).unwrap();
    let mut nobody = |_: &Event<'_>| {};
    for ask in [swap, check, dry_run] {
        let error = ask(&request, &host(), &mut nobody).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy);
        assert!(matches!(error, Error::NoProof { .. }), "{error}");
        assert!(error.to_string().ends_with("this process itself has it open or mapped"), "{error}");
    }
    drop(open);
    swap(&request, &host(), &mut nobody).unwrap();
    assert_eq!(place.read("app"), "new");
}

/// A process that has a file open, for as long as this is held.
struct Holder(Child);

impl Holder {
    fn of(path: &Path) -> Holder {
        Holder(Command::new("sleep").arg("1000").stdin(fs::File::open(path).unwrap()).spawn().unwrap())
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_file_that_only_has_the_number_of_the_old_one_is_no_version_of_it() {
    let place = Place::new();
    let mut report = swap(&place.request(), &host(), &mut nobody).unwrap();
    place.file("other", "a longer one");
    let process = Holder::of(&place.path("other"));
    let other = fs::metadata(place.path("other")).unwrap();
    let previous = report.previous.as_mut().unwrap();
    // Filesystems give the numbers of removed files away again, and what is removed while nobody has it is removed at once.
    (previous.dev, previous.ino) = (other.dev(), other.ino());
    let users = |report: &Report| {
        let mut reports = [report.clone()];
        find_users(&mut reports, &host()).unwrap();
        reports[0].in_use_by.clone().unwrap().processes.into_iter().map(|process| process.pid).collect::<Vec<_>>()
    };
    let only_the_number = users(&report);
    let previous = report.previous.as_mut().unwrap();
    previous.size = other.len();
    previous.modified = Some((other.mtime(), u32::try_from(other.mtime_nsec()).unwrap()));
    let that_file = users(&report);
    assert_eq!((only_the_number, that_file), (vec![], vec![process.0.id()]));
}
