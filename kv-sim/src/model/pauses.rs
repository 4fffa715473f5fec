//! CLIENT PAUSE: for some time, requests are put off instead of run.

use super::{Model, Outcome, Run, int, is, ok};

/// What runs although writing requests are put off.
const READING: &[&str] = &[
    "bitcount",
    "bitfield_ro",
    "bitpos",
    "client",
    "dbsize",
    "digest",
    "discard",
    "dump",
    "echo",
    "exec",
    "exists",
    "expiretime",
    "geodist",
    "geohash",
    "geopos",
    "georadius_ro",
    "georadiusbymember_ro",
    "geosearch",
    "get",
    "getbit",
    "getrange",
    "hello",
    "hexists",
    "hexpiretime",
    "hget",
    "hgetall",
    "hkeys",
    "hlen",
    "hmget",
    "hpexpiretime",
    "hpttl",
    "hrandfield",
    "hscan",
    "hstrlen",
    "httl",
    "hvals",
    "keys",
    "lcs",
    "lindex",
    "llen",
    "lpos",
    "lrange",
    "memory",
    "mget",
    "multi",
    "object",
    "pexpiretime",
    "ping",
    "psubscribe",
    "pttl",
    "pubsub",
    "punsubscribe",
    "quit",
    "randomkey",
    "reset",
    "scan",
    "scard",
    "sdiff",
    "select",
    "sinter",
    "sintercard",
    "sismember",
    "smembers",
    "smismember",
    "sort_ro",
    "srandmember",
    "sscan",
    "ssubscribe",
    "strlen",
    "subscribe",
    "substr",
    "sunion",
    "sunsubscribe",
    "touch",
    "ttl",
    "type",
    "unsubscribe",
    "unwatch",
    "wait",
    "watch",
    "xinfo",
    "xlen",
    "xpending",
    "xrange",
    "xread",
    "xrevrange",
    "zcard",
    "zcount",
    "zdiff",
    "zinter",
    "zintercard",
    "zlexcount",
    "zmscore",
    "zquery",
    "zrandmember",
    "zrange",
    "zrangebylex",
    "zrangebyscore",
    "zrank",
    "zrevrange",
    "zrevrangebylex",
    "zrevrangebyscore",
    "zrevrank",
    "zscan",
    "zscore",
    "zunion",
];

/// The last pause.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pause {
    /// In microseconds since the run began.
    end_us: i64,
    /// Nothing runs at all.
    is_total: bool,
}

impl Model {
    /// When the last pause ended or will end, in microseconds since the run began, if there was one.
    pub(crate) fn pause_end_us(&self) -> Option<u64> {
        self.pause.map(|pause| pause.end_us as u64)
    }

    /// Whether requests are put off. Pauses end with milliseconds, unless somebody ends them.
    pub(crate) fn is_paused(&self) -> bool {
        self.pause.is_some_and(|pause| pause.end_us > self.elapsed_us)
    }
}

impl Run<'_> {
    /// Whether the request is put off: it may have effects, or nothing runs.
    pub(super) fn is_held(&self) -> bool {
        let is_total = self.model.pause.is_some_and(|pause| pause.is_total);
        let may_write = || {
            let queued = self.session.queued().iter().filter(|_| self.name() == "exec");
            queued.map(|args| &args[0]).chain([&self.args[0]]).any(|name| may_write(name))
        };
        self.model.is_paused() && (is_total || may_write())
    }
}

fn may_write(name: &[u8]) -> bool {
    !READING.iter().any(|reading| is(name, reading))
}

/// `CLIENT PAUSE milliseconds [WRITE|ALL]`
pub(super) fn pause(run: &mut Run<'_>) -> Outcome {
    let before = run.model.pause.filter(|_| run.model.is_paused());
    let end_us = (run.model.elapsed_us / 1000 + int(&run.args[2])?) * 1000;
    let is_total = !run.args[3..].iter().any(|mode| is(mode, "WRITE"));
    run.model.pause = Some(Pause {
        // One that is over at once ends no later than the one before, if that was ended just now.
        end_us: run.model.pause.map_or(end_us, |last| last.end_us.max(end_us)),
        is_total: is_total || before.is_some_and(|before| before.is_total),
    });
    ok()
}

/// `CLIENT UNPAUSE`
pub(super) fn unpause(run: &mut Run<'_>) -> Outcome {
    let end_us = run.model.elapsed_us;
    run.model.pause = Some(Pause { end_us, is_total: false });
    ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::command_names;
    use kv_core::command::{flag, table};

    #[test]
    fn what_may_write_is_what_the_server_takes_for_it() {
        for name in command_names().filter(|name| *name != "xgroup") {
            let row = table::all().iter().find(|row| row.name == name).expect("the server has it");
            let is_held = row.flags & (flag::WRITE | flag::MAY_REPLICATE) != 0;
            assert_eq!(may_write(name.as_bytes()), is_held, "{name}");
        }
    }
}
