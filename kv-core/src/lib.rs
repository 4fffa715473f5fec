//! The kernel of kv: commands, values, keyspace and sessions, without I/O.
//!
//! Nothing in this crate reads a clock, opens a file or a socket, starts a thread or draws on the
//! operating system's randomness. Time comes in as [`now::Now`], randomness as one seed; the same
//! seed and the same inputs give the same bytes. See [`kernel`] for how to run it.

pub mod args;
pub mod command;
mod commands;
pub mod config;
pub mod error;
pub mod glob;
pub mod hash;
pub mod kernel;
pub mod keyspace;
pub mod mailbox;
pub mod monitor;
mod muted;
pub mod now;
mod password;
pub mod pause;
pub mod pubsub;
pub mod rare;
pub mod rdb;
pub mod recording;
pub mod reply;
pub mod rng;
pub mod session;
mod slab;
pub mod stats;
pub mod store;
mod sync;
mod table;
pub mod transaction;
pub mod value;
pub mod waiter;
pub mod wall_clock;
mod wide;
pub mod words;
