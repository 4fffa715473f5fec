//! The simulators: seeded workloads and faults against the shipped server, its replies checked
//! against a naive model.
//!
//! Two tiers run the same [`plan`]s. [`swarm`] drives [`kv_proto::server::Server`] in a
//! discrete-event loop with virtual time and no I/O at all: thousands of seeds a minute. [`net`]
//! drives it from tokio tasks in turmoil, with connections that have latency, stall and break.
//! Both report what the server received, in its order, and what clients got to one [`check`]er,
//! which parses the bytes with codecs of its own ([`wire`]) and asks the [`model`] what each reply
//! has to be. Nothing here shares code with what it checks.
//!
//! The swarm also looks behind the replies: that the store's invariants hold, that keys go from
//! memory when their time has come and nobody asks, that the server works on such things at its
//! [`pace`](plan::Plan::pace), and that nothing is left in the end.
//!
//! One seed decides everything: two runs of a seed give the same [`trace`].

#![forbid(unsafe_code)]
#![allow(unexpected_cfgs, reason = "`tokio_unstable` is set by `.cargo/config.toml`")]

// rustdoc does not get the flag, and does not need it.
#[cfg(not(any(tokio_unstable, doc, doctest)))]
compile_error!(
    "turmoil's runs do not repeat without `--cfg tokio_unstable`: build with the \
     `.cargo/config.toml` of this repository, and without RUSTFLAGS, which would override it"
);

pub mod check;
mod listener;
pub mod model;
pub mod net;
pub mod oracle;
pub mod plan;
pub mod swarm;
pub mod trace;
mod watch;
pub mod wire;

use check::Failure;

/// What a seed is run with, beyond its number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// How many commands all clients send together; what the seed chooses if it is not given.
    pub commands: Option<usize>,
    /// A defect for the model to have, so that a test sees it caught.
    pub flaw: Option<model::Flaw>,
    /// Whether to keep a line of text for each event.
    pub verbose: bool,
}

/// What came of a run without failure.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// The number that equals another run's exactly if all events were equal.
    pub trace: u64,
    /// Replies that were checked.
    pub replies: u64,
    /// Connections that were opened.
    pub connections: u64,
    /// How often something was received or sent.
    pub events: u64,
    /// Virtual time that passed, in microseconds.
    pub elapsed_us: u64,
    /// The events as text, if they were asked for.
    pub log: Vec<String>,
}

/// A failed run.
#[derive(Clone, Debug)]
pub struct Failed {
    /// What was wrong.
    pub failure: Failure,
    /// The run up to there.
    pub summary: Summary,
}

/// A run's result.
pub type Outcome = Result<Summary, Box<Failed>>;

/// Where simulated time begins, in microseconds since the Unix epoch: 2024-01-01.
pub const EPOCH_US: u64 = 1_704_067_200_000_000;
