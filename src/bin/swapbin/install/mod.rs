//! The edge of `swapbin install`, a drop-in for install(1) of GNU coreutils: arguments in, plain data out, and the words.
//!
//! The command line is read by [`read()`] into an [`Invocation`]; [`Voice`] has every line that is ever printed. Files are
//! somebody else's work.

// The file work calls what nothing here calls yet.
#![allow(dead_code, unused_imports)]

mod account;
mod backup;
mod getopt;
mod help;
mod invocation;
mod messages;
pub mod options;
mod own;
mod personality;
mod printable;
mod quote;
mod read;
mod surroundings;

pub use backup::{Backup, Control};
pub use help::{help, version};
pub use invocation::{Batch, Context, Durability, Id, Invocation, Job, Modes, Parents, Strip, Times, Verbosity, WhenSame};
pub use messages::Voice;
pub use personality::{Personality, personality};
pub use quote::Charset;
pub use read::{Next, Reading, read};
pub use surroundings::{Surroundings, System};
