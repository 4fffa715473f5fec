//! What the keyspace is to reach.

use crate::table::Table;
use std::time::Duration;

/// The longest that anybody may have to wait for a step.
pub(crate) const STEP_MAX: Duration = Duration::from_millis(1);

/// Whether a target was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Met,
    NotMet,
    /// The machine was too busy to tell.
    Unclear,
}

impl From<bool> for Verdict {
    fn from(met: bool) -> Self {
        if met { Self::Met } else { Self::NotMet }
    }
}

/// A target, and what was measured.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) what: String,
    pub(crate) goal: String,
    pub(crate) measured: String,
    pub(crate) verdict: Verdict,
}

pub(crate) fn summary(targets: &[Target]) -> Table {
    let mut table = Table::new("Targets", &["goal", "measured", ""]);
    for Target { what, goal, measured, verdict } in targets {
        let verdict = match verdict {
            Verdict::Met => "met",
            Verdict::NotMet => "NOT MET",
            Verdict::Unclear => "unclear",
        };
        table.row(what, vec![goal.clone(), measured.clone(), verdict.to_owned()]);
    }
    table
}
