//! A body of any size goes through a memory of constant size.

use super::OldApp;
use crate::support::{Reply, Server, swapbin};

/// `head -c 256M /dev/zero | tr '\0' n | sha256sum`
const DIGEST: &str = "5540856ced018fcdfe6986b09107c6273e9fb87fb24503d6e8930dc277318856";

#[test]
fn a_large_body_needs_no_more_than_sixteen_mebibytes() {
    let app = OldApp::new();
    let server = Server::answering(Reply::status(200).body_of(b'n', 256 << 20));
    let command = swapbin(&app.scratch).from(server.url("/app")).to("app").args(["--sha256", DIGEST]).measured();
    let outcome = command.within_time(std::time::Duration::from_secs(300)).run();
    outcome.exits(0).needs_at_most(16 << 20);
    assert_eq!(std::fs::metadata(app.scratch.path("app")).unwrap().len(), 256 << 20);
}
