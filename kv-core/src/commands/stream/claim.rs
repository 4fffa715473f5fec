//! XCLAIM and XAUTOCLAIM: taking over what others did not acknowledge.

use super::group::CONSUMER_CREATED;
use super::{id, write_entry, write_id};
use crate::args::Args;
use crate::command::Cx;
use crate::commands::parse::{int, is};
use crate::error::Error;
use crate::kernel::until_zero;
use crate::reply::Reply;
use crate::store::Edit;
use crate::value::stream::{ConsumerNumber, Group, Log, Pending, Reading, Stream, StreamId};

pub(crate) fn xclaim(cx: &mut Cx<'_>) -> Result<(), Error> {
    let (key, name, unix_ms) = (cx.args.get(1), cx.args.get(2), cx.now.unix_ms());
    cx.db.get::<Stream>(key)?;
    let mut stream = cx.db.edit::<Stream>(key)?;
    if stream.log().is_none_or(|log| log.group(name).is_none()) {
        return Err(no_group(key, name));
    }
    let options = Options::parse(cx.args, unix_ms)?;
    let claimed = stream.log_mut().change_group(name, |reading, group| {
        let is_first = group.find_consumer(cx.args.get(3)).is_none();
        group.last_id = group.last_id.max(options.last_id);
        let consumer = group.see_consumer(cx.args.get(3), unix_ms);
        let mut claim = Claim { reading: *reading, group, consumer, options: &options, unix_ms };
        let ids = options.ids.iter().copied();
        let claimed: Vec<_> = ids.filter(|&id| claim.take(id) == Taken::Claimed).collect();
        (is_first, claimed)
    });
    let (is_first, claimed) = claimed.expect("the group was found above");
    note_claim(&mut stream, is_first);
    write_claimed(cx.out, stream.view(), &claimed, options.is_just_id);
    Ok(())
}

/// A consumer has taken over what it could, perhaps as the first that it did. That is no change to
/// what the stream holds.
fn note_claim(stream: &mut Edit<'_, Stream>, is_first: bool) {
    stream.unchanged();
    if is_first {
        stream.notify(CONSUMER_CREATED);
    }
}

/// The options of XCLAIM, and those of XAUTOCLAIM that mean the same.
struct Options {
    ids: Vec<StreamId>,
    idle_ms_min: i64,
    delivered_ms: i64,
    deliveries: Option<u64>,
    last_id: StreamId,
    is_forced: bool,
    is_just_id: bool,
}

impl Options {
    fn new(idle_ms_min: i64, unix_ms: i64) -> Self {
        Self {
            ids: Vec::new(),
            idle_ms_min,
            delivered_ms: unix_ms,
            deliveries: None,
            last_id: StreamId::MIN,
            is_forced: false,
            is_just_id: false,
        }
    }

    fn parse(args: Args<'_>, unix_ms: i64) -> Result<Self, Error> {
        const IDLE: Error = Error::text("ERR Invalid min-idle-time argument for XCLAIM");
        let idle_ms_min = int(args.get(4)).map_err(|_| IDLE)?;
        let mut options = Self::new(idle_ms_min, unix_ms);
        options.ids = args.from(5).map_while(|arg| id::parse(arg).ok()).collect();
        let mut rest = args.skip(5 + options.ids.len());
        while rest.len() > 0 {
            let count = options.read(rest, unix_ms)?;
            rest = rest.skip(count);
        }
        // What lies in the future is a client's clock that is wrong.
        if !(0..=unix_ms).contains(&options.delivered_ms) {
            options.delivered_ms = unix_ms;
        }
        Ok(options)
    }

    /// Reads the option that `rest` begins with. How many arguments it has.
    fn read(&mut self, rest: Args<'_>, unix_ms: i64) -> Result<usize, Error> {
        const IDLE: Error = Error::text("ERR Invalid IDLE option argument for XCLAIM");
        const TIME: Error = Error::text("ERR Invalid TIME option argument for XCLAIM");
        const COUNT: Error = Error::text("ERR Invalid RETRYCOUNT option argument for XCLAIM");
        let option = rest.get(0);
        let int_or = |error| rest.try_get(1).map(|arg| int(arg).map_err(|_| error));
        if is(option, "FORCE") {
            self.is_forced = true;
            return Ok(1);
        }
        if is(option, "JUSTID") {
            self.is_just_id = true;
            return Ok(1);
        }
        if is(option, "IDLE")
            && let Some(idle_ms) = int_or(IDLE)
        {
            self.delivered_ms = unix_ms.wrapping_sub(idle_ms?);
        } else if is(option, "TIME")
            && let Some(time) = int_or(TIME)
        {
            self.delivered_ms = time?;
        } else if is(option, "RETRYCOUNT")
            && let Some(count) = int_or(COUNT)
        {
            self.deliveries = u64::try_from(count?).ok();
        } else if is(option, "LASTID")
            && let Some(arg) = rest.try_get(1)
        {
            self.last_id = id::parse(arg)?;
        } else {
            let option = until_zero(option);
            let text: [&[u8]; 3] = [b"ERR Unrecognized XCLAIM option '", option, b"'"];
            return Err(Error::composed(text.concat()));
        }
        Ok(2)
    }
}

/// A consumer that takes over entries.
struct Claim<'a> {
    reading: Reading<'a>,
    group: &'a mut Group,
    consumer: ConsumerNumber,
    options: &'a Options,
    unix_ms: i64,
}

/// What became of an entry that was to be taken over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    Claimed,
    /// It is not pending, or not for long enough.
    Left,
    /// It was deleted, and is pending no more.
    Gone,
}

impl Claim<'_> {
    fn take(&mut self, id: StreamId) -> Taken {
        if self.reading.get(id).is_none() {
            self.group.remove_pending(id);
            return Taken::Gone;
        }
        let old = self.group.pending(id);
        let is_idle = |old: &Pending| {
            let idle_ms = self.unix_ms.saturating_sub(old.delivered_ms);
            self.options.idle_ms_min <= 0 || idle_ms >= self.options.idle_ms_min
        };
        let before = match old {
            Some(old) if is_idle(&old) => old.deliveries,
            None if self.options.is_forced => 1,
            _ => return Taken::Left,
        };
        let more = u64::from(!self.options.is_just_id);
        let deliveries = self.options.deliveries.unwrap_or(before.wrapping_add(more));
        let (consumer, delivered_ms) = (self.consumer, self.options.delivered_ms);
        self.group.set_pending(Pending { id, consumer, delivered_ms, deliveries });
        self.group.consumer_mut(consumer).active_ms = Some(self.unix_ms);
        Taken::Claimed
    }
}

fn write_claimed(out: &mut dyn Reply, log: &Log, ids: &[StreamId], is_just_id: bool) {
    out.array(ids.len());
    for &id in ids {
        if is_just_id {
            write_id(out, id);
        } else {
            write_entry(out, log.get(id).expect("it was claimed because it is there"));
        }
    }
}

pub(crate) fn xautoclaim(cx: &mut Cx<'_>) -> Result<(), Error> {
    let scan = Scan::parse(cx.args, cx.now.unix_ms())?;
    let (key, name) = (cx.args.get(1), cx.args.get(2));
    cx.db.get::<Stream>(key)?;
    let mut stream = cx.db.edit::<Stream>(key)?;
    if stream.log().is_none_or(|log| log.group(name).is_none()) {
        return Err(no_group(key, name));
    }
    let result = stream.log_mut().change_group(name, |reading, group| {
        let is_first = group.find_consumer(cx.args.get(3)).is_none();
        (is_first, scan.run(*reading, group, cx.args.get(3), cx.now.unix_ms()))
    });
    let (is_first, scanned) = result.expect("the group was found above");
    note_claim(&mut stream, is_first);
    let Scanned { claimed, deleted, next } = scanned;
    cx.out.array(3);
    write_id(cx.out, next);
    write_claimed(cx.out, stream.view(), &claimed, scan.options.is_just_id);
    cx.out.array(deleted.len());
    deleted.iter().for_each(|&id| write_id(cx.out, id));
    Ok(())
}

/// Looks for entries to take over.
struct Scan {
    options: Options,
    start: StreamId,
    count: usize,
}

struct Scanned {
    claimed: Vec<StreamId>,
    deleted: Vec<StreamId>,
    /// Where to go on.
    next: StreamId,
}

impl Scan {
    /// How many pending entries are looked at for each that is asked for.
    const ATTEMPTS: usize = 10;

    const COUNT_DEFAULT: usize = 100;
    const COUNT_MAX: i64 = i64::MAX / 16;

    fn parse(args: Args<'_>, unix_ms: i64) -> Result<Self, Error> {
        const IDLE: Error = Error::text("ERR Invalid min-idle-time argument for XAUTOCLAIM");
        let idle_ms_min = int(args.get(4)).map_err(|_| IDLE)?;
        let start = id::parse_start(args.get(5))?;
        let mut options = Options::new(idle_ms_min, unix_ms);
        let mut count = Self::COUNT_DEFAULT;
        let mut rest = args.from(6);
        while let Some(option) = rest.next() {
            if is(option, "COUNT") && rest.len() > 0 {
                count = Self::count(rest.next().expect("there is one more"))?;
            } else if is(option, "JUSTID") {
                options.is_just_id = true;
            } else {
                return Err(Error::Syntax);
            }
        }
        Ok(Self { options, start, count })
    }

    fn count(arg: &[u8]) -> Result<usize, Error> {
        const OUT_OF_RANGE: Error = Error::text("ERR COUNT must be > 0");
        let count = int(arg).ok().filter(|count| (1..=Self::COUNT_MAX).contains(count));
        count.map(|count| count as usize).ok_or(OUT_OF_RANGE)
    }

    fn run(
        &self,
        reading: Reading<'_>,
        group: &mut Group,
        consumer: &[u8],
        unix_ms: i64,
    ) -> Scanned {
        let consumer = group.see_consumer(consumer, unix_ms);
        let attempts = self.count.saturating_mul(Self::ATTEMPTS);
        let mut found = Scanned { claimed: Vec::new(), deleted: Vec::new(), next: self.start };
        for _ in 0..attempts {
            let left = self.count - found.claimed.len() - found.deleted.len();
            let Some(id) = next_pending(group, found.next).filter(|_| left > 0) else { break };
            let options = &self.options;
            let mut claim = Claim { reading, group, consumer, options, unix_ms };
            match claim.take(id) {
                Taken::Claimed => found.claimed.push(id),
                Taken::Gone => found.deleted.push(id),
                Taken::Left => {}
            }
            let Some(next) = id.next() else { return Scanned { next: StreamId::MIN, ..found } };
            found.next = next;
        }
        let next = next_pending(group, found.next).unwrap_or(StreamId::MIN);
        Scanned { next, ..found }
    }
}

fn next_pending(group: &Group, start: StreamId) -> Option<StreamId> {
    group.pending_from(start).next().map(|pending| pending.id)
}

pub(super) fn no_group(key: &[u8], group: &[u8]) -> Error {
    let (key, group) = (until_zero(key), until_zero(group));
    let text: [&[u8]; 5] = [b"NOGROUP No such key '", key, b"' or consumer group '", group, b"'"];
    Error::composed(text.concat())
}
