//! SIGINT and SIGTERM, as something to ask for.

use super::Outcome;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Whether a signal asked the benchmark to end. Without this the servers would outlive it.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    pub(crate) fn on_signals() -> Outcome<Self> {
        let interrupted = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&interrupted))?;
        }
        Ok(Self(interrupted))
    }

    /// An error once a signal has come.
    pub(crate) fn check(&self) -> Outcome<()> {
        if self.0.load(Relaxed) { Err("interrupted".into()) } else { Ok(()) }
    }
}
