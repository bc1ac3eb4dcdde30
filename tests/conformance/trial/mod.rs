//! How a case is tried: the same tree twice, GNU install in the one, the program under test in the other, then everything that
//! can be seen is compared.

mod case;
mod facts;
mod mark;
mod run;
mod suite;
mod tree;

pub use case::Output;
pub use mark::expected;
pub use suite::Suite;
pub use tree::{Tree, bytes};
