//! Files that are made again out of a process's memory: they load and run, and what is claimed of them is true.
//!
//! Every case goes the same way: a fixture is compiled, a process of an ordinary user runs or loads it, its file is deleted, that
//! user makes it again, and what was made is run or loaded in its place.

mod claims;
mod compile;
mod corpus;
mod libraries;
mod lost;
mod programs;
mod refused;
mod smoke;
