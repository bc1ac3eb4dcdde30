//! `swapbin install` against GNU install(1): one file per flag. Every case runs on `/usr/bin/install` first, then on the
//! program under test, in two trees that are alike, and everything that can be seen afterwards is compared.
//!
//! `INSTALL_UNDER_TEST=/usr/bin/install` has GNU install tried against itself, which shows that the cases themselves hold;
//! `SWAPBIN_UNDER_TEST` names another swapbin. `CONFORMANCE_ONLY=TEXT` picks cases, `CONFORMANCE_SHOW=1` shows what the
//! oracle does, `CONFORMANCE_FULL=1` tries every case by both users in both locales.

#[allow(dead_code, unused_imports, reason = "the harness serves two test binaries; this one does not need all its words")]
#[path = "../it/support/mod.rs"]
mod support;
mod trial;

mod backup;
mod compare;
mod context;
mod create_leading;
mod debug;
mod destinations;
mod directory;
mod errors;
mod group_owner;
mod guarded;
mod makefiles;
mod mode;
mod no_target_directory;
mod options;
mod plain;
mod prefix;
mod preserve_timestamps;
mod quoting;
mod several;
mod sources;
mod streams;
mod strip;
mod suffix;
mod target_directory;
mod verbose;
