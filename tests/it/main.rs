//! What swapbin promises, on real files and processes: one file per behaviour.

mod support;

mod apply;
mod batch;
mod changed_meanwhile;
mod constrained;
mod crashes;
mod daemon;
mod harness;
mod history;
mod http;
mod idempotent;
mod in_place;
mod install;
mod links;
mod metadata;
mod order_of_calls;
mod output;
mod reader;
mod recover;
mod refusals;
mod rescue;
mod rescue_memory;
mod rollback;
mod running_program;
mod selinux;
mod signals;
mod stale;
mod tree;
mod who;
