//! A failed run as one page of HTML that needs nothing else: what was received, run and sent when, in
//! a lane for each client and server, with the faults and what was violated.

use crate::plan::{ClockFaultKind, Fault, Plan, Tier};
use crate::trace::{Direction, Event};
use crate::wire::quoted;
use crate::{Failed, Summary};
use serde::Serialize;

/// How many events a page shows: those before the failure.
const EVENTS_MAX: usize = 20_000;

/// The page without what it shows, and where that goes.
const PAGE: &str = include_str!("report/page.html");
const DATA: &str = "/*DATA*/";

/// What the page's script reads.
#[derive(Serialize)]
struct Story<'a> {
    title: String,
    /// What was wrong.
    violation: String,
    /// How to see it again.
    command: &'a str,
    plan: String,
    lanes: Vec<String>,
    bands: Vec<Band>,
    events: Vec<Mark>,
    /// When it was wrong.
    violated: u64,
}

/// A fault.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Band {
    from_us: u64,
    to_us: u64,
    /// Whom it hits, if not everybody.
    lane: Option<usize>,
    what: String,
}

/// An event.
#[derive(Serialize)]
struct Mark {
    time_us: u64,
    lane: usize,
    connection: u64,
    what: String,
    text: String,
}

/// The page of a plan that failed with all its events kept. `command` runs it again.
pub fn page(plan: &Plan, failed: &Failed, command: &str) -> String {
    let story = Story {
        title: format!("{} seed {}", plan.tier.name(), plan.seed),
        violation: failed.failure.to_string(),
        command,
        plan: plan.to_text(),
        lanes: lanes(plan),
        bands: bands(plan),
        events: marks(plan, &failed.summary),
        violated: failed.failure.time_us,
    };
    let data = serde_json::to_string(&story).expect("it is all text and numbers");
    // What clients have sent must not end the script.
    PAGE.replace(DATA, &data.replace('<', "\\u003c"))
}

/// Clients, then servers.
fn lanes(plan: &Plan) -> Vec<String> {
    let servers = if plan.tier == Tier::Swarm { plan.servers } else { 1 };
    let clients = (0..plan.scripts.len()).map(|client| format!("client {client}"));
    clients.chain((0..servers).map(|server| format!("server {server}"))).collect()
}

fn bands(plan: &Plan) -> Vec<Band> {
    let clocks = plan.clock_faults.iter().map(|fault| match fault.kind {
        ClockFaultKind::Set { by_ms } => {
            band(fault.at_ms, 0, None, format!("clock set by {by_ms} ms"))
        }
        ClockFaultKind::Stall { lasts_ms } => band(fault.at_ms, lasts_ms, None, "stall".into()),
    });
    let deaf = plan.deafness.iter().map(|deafness| {
        band(deafness.at_ms, deafness.lasts_ms, Some(deafness.client), "takes nothing".into())
    });
    let faults = if plan.tier == Tier::Swarm { &[] } else { &plan.network.faults[..] };
    let network = faults.iter().map(|&Fault { at_ms, lasts_ms, client, kind }| {
        band(at_ms, lasts_ms, Some(client), format!("{kind:?}"))
    });
    clocks.chain(deaf).chain(network).collect()
}

fn band(at_ms: u64, lasts_ms: u64, lane: Option<usize>, what: String) -> Band {
    Band { from_us: at_ms * 1000, to_us: (at_ms + lasts_ms) * 1000, lane, what }
}

fn marks(plan: &Plan, summary: &Summary) -> Vec<Mark> {
    let hidden = summary.log.len().saturating_sub(EVENTS_MAX);
    summary.log[hidden..].iter().map(|event| mark(plan, summary, event)).collect()
}

fn mark(plan: &Plan, summary: &Summary, event: &Event) -> Mark {
    let &Event { time_us, id, direction, ref bytes } = event;
    let (lane, connection) = match direction {
        Direction::Execute => (plan.scripts.len() + id as usize, 0),
        _ => (summary.owners[id as usize - 1], id),
    };
    let text = if bytes.is_empty() { String::new() } else { quoted(bytes) };
    Mark { time_us, lane, connection, what: format!("{direction:?}"), text }
}
