#![doc = include_str!("ARCHITECTURE.md")]
#![deny(unsafe_code)]
#![warn(missing_docs)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod checksum;
// `rescue` comes to use all of it.
#[allow(dead_code, unused_imports)]
mod elf;
mod error;
mod event;
mod failpoint;
mod fs;
mod journal;
mod metadata;
mod pipeline;
mod plan;
mod proc;
mod proof;
mod report;
mod request;
// Memory comes to be a source of it.
#[allow(dead_code, unused_imports)]
mod rescue;
mod source;
mod sys;
#[cfg(feature = "test-programs")]
#[doc(hidden)]
pub mod testing;
mod txn;
mod usage;

pub use error::{Doubt, Error, ErrorKind, Holder, Holds, Obstacle, quoted};
pub use event::{Cancel, Event, Observer};
pub use pipeline::{
    Host, Resolve, Rollback, Stale, apply, apply_tree, check, check_label, dry_run, dry_run_batch, dry_run_rollback,
    dry_run_tree, find_users, has_selinux, history, install, make_directories, make_leading, prune, recover, remove_leading,
    rescuable, rescue, resolve, rollback, stale, swap, unfinished, who,
};
#[cfg(feature = "manifest")]
pub use plan::read_manifest;
pub use report::{
    Action, BatchOutlook, BatchReport, Broken, Copied, DamagedRecord, DirectoryError, Distrust, Evidence, FileFacts, FileUse,
    FileVersion, Gone, History, InstallError, Installed, LabelError, MadeDirectory, MountOutlook, NotRemoved, PartState, Past,
    PastFile, Place, Possessor, ProcessFacts, Pruned, ReconstructedPart, Reconstruction, Recovery, Report, Rescuable, RescueList,
    RescueReport, SourceFacts, SourceKind, Times, Unread, UsageReport, Users, Warning, Way,
};
pub use request::{
    Account, BackupNames, BackupPolicy, Batch, Digest, Directories, Durability, EmptySource, FileTimes, Follow, HeaderName,
    HttpOptions, InstallFile, Installation, Kept, Label, Link, Lost, Method, Mode, ModeChange, OnFailure, Ownership, PathTrust,
    PlainHttp, Preserve, Request, Rescue, Secret, SecretName, Size, Source, SourceUrl, Switch, TimeLimit, TreeOwners,
    TreeRequest, Wait, WhenCurrent,
};
#[cfg(feature = "manifest")]
pub use request::{FindSecret, Flaw, Manifest, ManifestFile};
pub use sys::{
    catch_sigxfsz, close_stdin_again, default_signal, group_id, ignore_sigxfsz, is_utf8_locale, signal_is_ignored,
    sigpipe_was_ignored, stream_was_closed, user_id, user_name,
};
