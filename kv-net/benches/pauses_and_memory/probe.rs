//! The probe: a client that does nothing but ask whether the server is there.

use crate::support::Outcome;
use crate::support::resp::Client;
use crate::support::servers::Server;
use hdrhistogram::Histogram;
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_micros(200);

/// What the probe saw in some span of time.
#[derive(Debug)]
pub(crate) struct Pings {
    /// Nanoseconds. Beside the PINGs themselves, those that a slow one kept from being sent.
    waits: Histogram<u64>,
    /// How many were sent.
    pub(crate) sent: u64,
    begin: Instant,
    /// How long the span was.
    pub(crate) span: Duration,
}

impl Pings {
    fn none() -> Self {
        let waits = Histogram::new(3).expect("three digits are fine");
        Self { waits, sent: 0, begin: Instant::now(), span: Duration::ZERO }
    }

    fn count(&mut self, wait: Duration) {
        let (wait, interval) = (wait.as_nanos() as u64, INTERVAL.as_nanos() as u64);
        self.waits.record_correct(wait, interval).expect("the histogram grows");
        self.sent += 1;
    }

    /// Microseconds that this part of the PINGs had to wait at most.
    pub(crate) fn quantile_us(&self, quantile: f64) -> f64 {
        self.waits.value_at_quantile(quantile) as f64 / 1e3
    }
}

/// Runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Probe {
    cuts: Sender<Sender<Pings>>,
}

impl Probe {
    pub(crate) fn start(server: &Server) -> Outcome<Self> {
        let client = server.client()?;
        let (cuts, wanted) = mpsc::channel();
        thread::spawn(move || probe(client, &wanted));
        Ok(Self { cuts })
    }

    /// What it saw since this was asked last. Waits for the PING under way, which counts.
    pub(crate) fn cut(&self) -> Outcome<Pings> {
        let (sender, pings) = mpsc::channel();
        let gone = |_| "the server left the probe without an answer";
        self.cuts.send(sender).map_err(|_| gone(()))?;
        pings.recv().map_err(|_| gone(()).into())
    }
}

/// Ends with the handle, or when the server does not answer, which the next cut tells.
fn probe(mut client: Client, cuts: &Receiver<Sender<Pings>>) {
    let mut pings = Pings::none();
    let mut next = Instant::now();
    loop {
        let begin = Instant::now();
        if client.ask(&[b"PING"]).is_err() {
            return;
        }
        pings.count(begin.elapsed());
        match cuts.try_recv() {
            Ok(taker) => drop(taker.send(finished(&mut pings))),
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return,
        }
        next = wait(next + INTERVAL);
    }
}

fn finished(pings: &mut Pings) -> Pings {
    let mut finished = std::mem::replace(pings, Pings::none());
    finished.span = finished.begin.elapsed();
    finished
}

/// When it is over: `next`, or now if that has passed. What was missed is not made up for.
fn wait(next: Instant) -> Instant {
    let now = Instant::now();
    thread::sleep(next.saturating_duration_since(now));
    next.max(now)
}
