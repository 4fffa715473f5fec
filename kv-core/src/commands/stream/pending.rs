//! XPENDING.

use super::claim::no_group;
use super::id::Interval;
use super::write_id;
use crate::args::Args;
use crate::command::Cx;
use crate::commands::parse::{int, is};
use crate::error::Error;
use crate::reply::Reply;
use crate::value::stream::{Group, Pending, Stream, StreamId};

pub(crate) fn xpending(cx: &mut Cx<'_>) -> Result<(), Error> {
    let query = Query::parse(cx.args)?;
    let (key, name) = (cx.args.get(1), cx.args.get(2));
    let log = cx.db.get::<Stream>(key)?;
    let group = log.and_then(|log| log.group(name)).ok_or_else(|| no_group(key, name))?;
    match query {
        None => write_summary(cx.out, group),
        Some(query) => query.write(cx.out, group, cx.now.unix_ms()),
    }
    Ok(())
}

fn write_summary(out: &mut dyn Reply, group: &Group) {
    out.array(4);
    out.int(group.pending_len() as i64);
    let mut pending = group.pending_from(StreamId::MIN).map(|pending| pending.id);
    let Some(first) = pending.next() else {
        out.null();
        out.null();
        out.null_array();
        return;
    };
    write_id(out, first);
    write_id(out, pending.next_back().unwrap_or(first));
    let busy = || group.consumers().filter(|&number| group.consumer(number).pending() > 0);
    out.array(busy().count());
    for number in busy() {
        out.array(2);
        out.bulk(group.consumer_name(number));
        out.bulk_int(group.consumer(number).pending() as i64);
    }
}

/// Which pending entries are asked for.
struct Query<'a> {
    interval: Interval,
    count: usize,
    idle_ms_min: i64,
    consumer: Option<&'a [u8]>,
}

impl<'a> Query<'a> {
    fn parse(args: Args<'a>) -> Result<Option<Self>, Error> {
        match args.len() {
            3 => return Ok(None),
            6..=9 => {}
            _ => return Err(Error::Syntax),
        }
        let mut idle_ms_min = 0;
        let mut rest = args.skip(3);
        if is(rest.get(0), "IDLE") {
            idle_ms_min = int(rest.get(1))?;
            rest = rest.skip(2);
        }
        if rest.len() < 3 {
            return Err(Error::Syntax);
        }
        let count = usize::try_from(int(rest.get(2))?).unwrap_or(0);
        let interval = Interval::parse(rest.get(0), rest.get(1))?;
        Ok(Some(Self { interval, count, idle_ms_min, consumer: rest.try_get(3) }))
    }

    fn write(&self, out: &mut dyn Reply, group: &Group, unix_ms: i64) {
        let found = self.find(group, unix_ms);
        out.array(found.len());
        for pending in found {
            out.array(4);
            write_id(out, pending.id);
            out.bulk(group.consumer_name(pending.consumer));
            out.int(unix_ms.saturating_sub(pending.delivered_ms).max(0));
            out.int(pending.deliveries as i64);
        }
    }

    fn find(&self, group: &Group, unix_ms: i64) -> Vec<Pending> {
        let Interval { start, end } = self.interval;
        let is_wanted = |pending: &Pending| {
            let idle_ms = unix_ms.saturating_sub(pending.delivered_ms);
            self.idle_ms_min == 0 || idle_ms >= self.idle_ms_min
        };
        let Some(name) = self.consumer else {
            let all = group.pending_from(start).take_while(|pending| pending.id <= end);
            return all.filter(is_wanted).take(self.count).collect();
        };
        let Some(consumer) = group.find_consumer(name) else { return Vec::new() };
        let ids = group.owned_from(consumer, start).take_while(|&id| id <= end);
        ids.filter_map(|id| group.pending(id)).filter(is_wanted).take(self.count).collect()
    }
}
