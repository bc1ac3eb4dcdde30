//! A body of any size goes through a memory of constant size.

use super::OldApp;
use crate::support::{Reply, Server, sha256, swapbin};

/// `head -c 256M /dev/zero | tr '\0' n | sha256sum`
const DIGEST: &str = "5540856ced018fcdfe6986b09107c6273e9fb87fb24503d6e8930dc277318856";

/// Mebibytes. A build without optimization has some of its own code and tables resident, which says nothing of what is shipped;
/// the same test runs on that.
fn limit() -> u64 {
    if std::env::var_os("SWAPBIN_UNDER_TEST").is_some() { 16 } else { 24 }
}

#[test]
fn a_large_body_needs_no_more_memory_than_a_small_one() {
    let app = OldApp::new();
    let server = Server::replying([Reply::ok("small"), Reply::status(200).body_of(b'n', 256 << 20)]);
    let fetch = |digest: &str| {
        let command = swapbin(&app.scratch).from(server.url("/app")).to("app").args(["--sha256", digest]).measured();
        command.within_time(std::time::Duration::from_secs(300)).run()
    };
    let small = fetch(&sha256("small")).exits(0).peak_memory.unwrap();
    let large = fetch(DIGEST);
    large.exits(0).needs_at_most(limit() << 20).needs_at_most(small + (2 << 20));
    assert_eq!(std::fs::metadata(app.scratch.path("app")).unwrap().len(), 256 << 20);
}
