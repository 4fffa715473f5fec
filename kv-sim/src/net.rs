//! turmoil.
use crate::{Options, Outcome};
pub fn run(seed: u64, options: Options) -> Outcome { crate::swarm::run(seed, options) }
