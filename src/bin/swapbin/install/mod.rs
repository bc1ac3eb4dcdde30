//! The edge of `swapbin install`, a drop-in for install(1) of GNU coreutils: arguments in, plain data out, and the words.
//!
//! The command line is read by [`read()`] into an [`Invocation`]; [`Voice`] has every line that is ever printed. Files are
//! somebody else's work.

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
mod process;
mod quote;
mod read;
mod surroundings;
mod telling;
mod work;

pub use help::{help, version};
pub use invocation::{Invocation, Job};
pub use messages::Voice;
pub use personality::{Personality, personality};
pub use process::{allow_descriptors, become_ordinary, become_ordinary_to_pipes};
pub use quote::{Charset, name_if_needed};
pub use read::{Next, Reading, read};
pub use surroundings::{Surroundings, System};
pub use telling::{Said, Telling};
pub use work::{directories, installation, path_to_make};
