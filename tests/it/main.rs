//! What swapbin promises, on real files and processes: one file per behaviour.

mod support;

mod daemon;
mod harness;
mod http;
mod idempotent;
mod links;
mod metadata;
mod output;
mod reader;
mod running_program;
