//! The words the tests are written in. One idea per file; a test reads like a sentence made of them.

mod attribute;
mod authority;
mod cgroup;
mod fixture;
mod listener;
mod namespace;
mod number;
mod ordinary;
mod outcome;
mod process;
mod proxy;
mod random;
mod reply;
mod request;
mod scratch;
mod selinux;
mod server;
mod skip;
mod snapshot;
mod swapbin;
mod sys;
mod trace;

pub use attribute::{
    ACL, CAPABILITY, DEFAULT_ACL, acl, attribute, may_bind_low_ports, remove_attribute, set_attribute, try_set_attribute,
};
pub use fixture::Fixture;
pub use namespace::Namespace;
pub use number::number_given_away;
pub use ordinary::{in_quotes, ordinary_uid, swapbin_as_ordinary_user};
pub use outcome::Outcome;
pub use process::{Process, output_of, run, status_of};
pub use proxy::Proxy;
pub use random::Random;
pub use reply::Reply;
pub use request::Request;
pub use scratch::{Scratch, is_kept};
pub use selinux::{Selinux, label, set_label};
pub use server::Server;
pub use skip::{
    failpoints_available, require_cgroups, require_filesystem, require_library, require_mounts, require_program, require_root,
    require_yama, static_build,
};
pub use snapshot::{Entry, Kind, Snapshot, sha256};
pub use swapbin::{Running, Swapbin, program_under_test, swapbin};
pub use sys::{Step, before_exec};
pub use trace::Call;
#[allow(unused_imports, reason = "words of the other test binaries")]
pub use {
    scratch::Made,
    skip::require_strace,
    sys::{Filter, Jump},
    trace::parse as parse_strace,
};

/// The ordinary user of the tests that run as root: nobody.
pub const NOBODY: u32 = 65534;
