//! Taking the time of commands, with as few looks at the clock as tell what is to be told.
//!
//! The end of a command is the beginning of the next one, so a look at the clock after each would
//! do; but it costs as much as a tenth of a GET. So *light* commands (whose row says that their
//! [`Effort`] shows in their arguments and replies, and which have few of the former) that follow each
//! other are timed together, up to the end of their window, and each gets its share of the time, by the
//! size of what it was given and gave. A long reply ends the window. All others are timed alone, and so is
//! a light command that has nothing before it: a client that waits for each reply is told the exact time
//! of each command.
//!
//! What this cannot tell is which of the light commands in one window was slow, unless it is that with the
//! long reply: SLOWLOG does not show it, LATENCY shows the time of all of them as one `fast-command`. With
//! a `slowlog-log-slower-than` below [`EXACT_BELOW_US`] every command is timed alone.

use super::Stats;
use super::histogram::bucket;
use super::lanes::{Lane, Row};
use super::latency::Event;
use crate::args::Args;
use crate::command::{Command, Effort, flag};
use crate::config::{
    Config, LATENCY_MONITOR_THRESHOLD, LATENCY_TRACKING, SLOWLOG_LOG_SLOWER_THAN, SLOWLOG_MAX_LEN,
};
use crate::error::Error;
use crate::kernel::Host;
use crate::now::Now;
use crate::reply::Reply;
use crate::session::Session;

/// How many light commands are timed together at most.
const LIGHT_MAX: usize = 16;

/// What has more arguments is not light.
const LIGHT_ARGS_MAX: usize = 32;

/// A longer reply, in bytes, is not that of a light command.
const LIGHT_REPLY_MAX: usize = 4096;

/// Writing so many bytes counts as much as reading an argument.
const BYTES_PER_ARG: usize = 64;

/// Who wants to see commands as short as this, in microseconds, wants to see each.
const EXACT_BELOW_US: i64 = 1000;

/// Counts the commands of one batch.
pub(crate) struct Meter<'k> {
    stats: &'k Stats,
    host: &'k dyn Host,
    config: &'k Config,
    now: Now,
    lane: &'k Lane,
    rows: &'k [Row],
    /// When what runs next began, if nothing else was done since.
    mark_ns: Option<u64>,
    /// The commands since the mark that are timed together.
    light: [Light; LIGHT_MAX],
    light_len: usize,
    /// Every command is timed alone.
    is_exact: bool,
    is_tracking: bool,
}

/// A command that is timed together with others.
#[derive(Clone, Copy, Debug, Default)]
struct Light {
    /// Its number.
    command: u16,
    /// Its part of the time, compared to the others.
    weight: u16,
}

/// How a command that runs is timed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Timing {
    /// With those around it. So many bytes had been written before.
    Together(usize),
    /// Alone, from this time on.
    From(u64),
}

impl<'k> Meter<'k> {
    pub(crate) fn new(
        stats: &'k Stats,
        host: &'k dyn Host,
        config: &'k Config,
        now: Now,
        lane: usize,
    ) -> Self {
        let lane = stats.lanes.take(lane);
        let mut meter = Self {
            stats,
            host,
            config,
            now,
            lane,
            rows: lane.rows(),
            mark_ns: None,
            light: [Light::default(); LIGHT_MAX],
            light_len: 0,
            is_exact: false,
            is_tracking: false,
        };
        meter.read_settings();
        meter
    }

    /// Something else than commands takes time now.
    #[inline]
    pub(crate) fn pause(&mut self) {
        if self.mark_ns.is_some() {
            self.settle();
            self.mark_ns = None;
        }
    }

    /// A command begins to run.
    #[inline]
    pub(crate) fn begin(&mut self, command: &Command, args: Args<'_>, out: &dyn Reply) -> Timing {
        if self.mark_ns.is_some() && !self.is_exact && is_light(command, args) {
            return Timing::Together(out.written());
        }
        self.settle();
        let start_ns = self.mark_ns.unwrap_or_else(|| self.host.precise_ns());
        self.mark_ns = Some(start_ns);
        Timing::From(start_ns)
    }

    /// The command has run.
    #[inline]
    pub(crate) fn end(
        &mut self,
        timing: Timing,
        command: &'static Command,
        args: Args<'_>,
        session: &Session,
        out: &dyn Reply,
    ) {
        match timing {
            Timing::Together(before) => {
                let reply = out.written().saturating_sub(before);
                if reply > LIGHT_REPLY_MAX {
                    return self.end_heavy(reply, command, args, session);
                }
                self.note_light(command, args, reply);
                if self.light_len == LIGHT_MAX {
                    self.settle();
                }
            }
            Timing::From(start_ns) => self.end_alone(start_ns, command, args, session),
        }
    }

    #[inline]
    fn note_light(&mut self, command: &Command, args: Args<'_>, reply: usize) {
        let weight = (args.len() + reply / BYTES_PER_ARG).min(u16::MAX.into()) as u16;
        self.light[self.light_len] = Light { command: command.number, weight };
        self.light_len += 1;
    }

    /// A command that was taken for a light one has a long reply: it ends its window.
    fn end_heavy(
        &mut self,
        reply: usize,
        command: &'static Command,
        args: Args<'_>,
        session: &Session,
    ) {
        self.note_light(command, args, reply);
        let time_ns = self.share_out(event_of(command));
        self.note_slow(command, args, session, time_ns);
    }

    fn end_alone(
        &mut self,
        start_ns: u64,
        command: &'static Command,
        args: Args<'_>,
        session: &Session,
    ) {
        self.settle();
        let end_ns = match self.mark_ns {
            // Commands of its own have just been timed to their end.
            Some(mark_ns) if mark_ns > start_ns => mark_ns,
            _ => self.host.precise_ns(),
        };
        self.mark_ns = Some(end_ns);
        let time_ns = end_ns.saturating_sub(start_ns);
        self.count(command.number, time_ns);
        self.note_slow(command, args, session, time_ns);
        self.note_event(event_of(command), time_ns);
        if !command.has(flag::FAST) {
            // It may have been CONFIG SET.
            self.read_settings();
        }
    }

    /// The command that runs is refused, or what follows it in a transaction is.
    #[cold]
    pub(crate) fn reject(&self, command: Option<&Command>, error: &Error) {
        self.stats.errors.note(error);
        if let Some(command) = command {
            self.rows[usize::from(command.number)].rejected.add(1);
        }
    }

    /// The command that runs ends with an error.
    #[cold]
    pub(crate) fn fail(&self, command: &Command, error: &Error) {
        self.stats.errors.note(error);
        self.rows[usize::from(command.number)].failed.add(1);
    }

    /// Keeps an event for LATENCY, if it took long enough.
    pub(crate) fn note_event(&self, event: Event, time_ns: u64) {
        let threshold_ms = self.config.int(LATENCY_MONITOR_THRESHOLD);
        if threshold_ms > 0 {
            self.stats.latency.note(event, self.now, time_ns, threshold_ms);
        }
    }

    /// Runs something that may hold others up, which is timed if LATENCY wants to know.
    pub(crate) fn watch<R>(&mut self, event: Event, work: impl FnOnce() -> R) -> R {
        if self.config.int(LATENCY_MONITOR_THRESHOLD) == 0 {
            return work();
        }
        self.pause();
        let start_ns = self.host.precise_ns();
        let result = work();
        self.note_event(event, self.host.precise_ns().saturating_sub(start_ns));
        result
    }

    /// Everything was set to zero: counts from zero at once.
    pub(crate) fn restart(&self) {
        self.stats.lanes.refresh(self.lane);
    }

    /// Gives each of the commands that are timed together its share.
    #[inline]
    fn settle(&mut self) {
        if self.light_len > 0 {
            self.share_out(Event::FastCommand);
        }
    }

    /// Gives the share of the last one.
    fn share_out(&mut self, event: Event) -> u64 {
        let end_ns = self.host.precise_ns();
        let start_ns = self.mark_ns.expect("nothing is timed together before there is a mark");
        let time_ns = end_ns.saturating_sub(start_ns);
        let light = &self.light[..self.light_len];
        let weights: u64 = light.iter().map(|light| u64::from(light.weight)).sum();
        // One division for all of them.
        const POINT: u32 = 10;
        let unit = (time_ns << POINT) / weights;
        let mut share_ns = 0;
        for Light { command, weight } in light {
            share_ns = (unit * u64::from(*weight)) >> POINT;
            self.count(*command, share_ns);
        }
        self.light_len = 0;
        self.mark_ns = Some(end_ns);
        self.note_event(event, time_ns);
        share_ns
    }

    #[inline]
    fn count(&self, command: u16, time_ns: u64) {
        let row = &self.rows[usize::from(command)];
        row.calls.add(1);
        row.time_ns.add(time_ns);
        if self.is_tracking {
            row.buckets().count(bucket(time_ns));
        }
    }

    fn note_slow(&self, command: &Command, args: Args<'_>, session: &Session, time_ns: u64) {
        let (time_us, threshold_us) = (time_ns / 1000, self.config.int(SLOWLOG_LOG_SLOWER_THAN));
        let is_slow = threshold_us >= 0 && time_us >= threshold_us as u64;
        if is_slow && !command.has(flag::SKIP_SLOWLOG) {
            let len_max = self.config.int(SLOWLOG_MAX_LEN) as usize;
            self.stats.slowlog.note(command, args, session, self.now, time_us, len_max);
        }
    }

    fn read_settings(&mut self) {
        let threshold_us = self.config.int(SLOWLOG_LOG_SLOWER_THAN);
        self.is_exact = (0..EXACT_BELOW_US).contains(&threshold_us);
        self.is_tracking = self.config.is_on(LATENCY_TRACKING);
    }
}

impl Drop for Meter<'_> {
    fn drop(&mut self) {
        self.settle();
        self.lane.give_back();
    }
}

impl std::fmt::Debug for Meter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meter").field("light_len", &self.light_len).finish_non_exhaustive()
    }
}

/// What LATENCY calls it if a command takes long.
fn event_of(command: &Command) -> Event {
    if command.has(flag::FAST) { Event::FastCommand } else { Event::Command }
}

/// Whether a request takes so little time that it need not be told from its neighbours', unless it has a
/// long reply.
#[inline]
fn is_light(command: &Command, args: Args<'_>) -> bool {
    let args_max = match command.effort {
        Effort::Flagged if command.has(flag::FAST) => LIGHT_ARGS_MAX,
        Effort::Flagged => return false,
        Effort::Shown => LIGHT_ARGS_MAX,
        Effort::Bare => command.arity.unsigned_abs().into(),
    };
    args.len() <= args_max
}
