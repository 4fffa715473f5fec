//! What the benchmarks share: the servers under test, a client, and the way to end early.

pub(crate) mod interrupt;
pub(crate) mod resp;
pub(crate) mod servers;

pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error>>;
