//! What is certain of replies where memory is short.

use super::{Bytes, Expect, Model, Run, Session};
use crate::wire::Value;

/// What a command that may need memory is answered when there is none, and keys must not be
/// removed.
pub(crate) const OUT_OF_MEMORY: &[u8] = b"OOM command not allowed when used memory > 'maxmemory'.";

/// What EXEC is answered before that, if a request of the transaction may need memory.
const TRANSACTION_ABORTED: &[u8] = b"EXECABORT Transaction discarded because of: ";

/// The commands that may need memory.
const NEEDING_MEMORY: &[&str] = &[
    "append",
    "bitfield",
    "bitop",
    "cl.throttle",
    "copy",
    "decr",
    "decrby",
    "geoadd",
    "georadius",
    "georadiusbymember",
    "geosearchstore",
    "getset",
    "hexpire",
    "hexpireat",
    "hincrby",
    "hincrbyfloat",
    "hmset",
    "hpexpire",
    "hpexpireat",
    "hset",
    "hsetex",
    "hsetnx",
    "incr",
    "incrby",
    "incrbyfloat",
    "increx",
    "linsert",
    "lmove",
    "lpush",
    "lpushx",
    "lset",
    "mset",
    "msetex",
    "msetnx",
    "pfadd",
    "pfmerge",
    "psetex",
    "restore",
    "rpoplpush",
    "rpush",
    "rpushx",
    "sadd",
    "sdiffstore",
    "set",
    "setbit",
    "setex",
    "setnx",
    "setrange",
    "sinterstore",
    "sort",
    "sunionstore",
    "xadd",
    "xsetid",
    "zadd",
    "zdiffstore",
    "zincrby",
    "zinterstore",
    "zrangestore",
    "zunionstore",
];

/// The first bytes of replies that are no errors, and the commands that give them.
const BEGINNINGS: &[(&str, &[&str])] = &[
    (
        ":",
        &[
            "append",
            "bitcount",
            "bitop",
            "bitpos",
            "copy",
            "dbsize",
            "decr",
            "decrby",
            "del",
            "delex",
            "delifeq",
            "exists",
            "expire",
            "expireat",
            "expiretime",
            "geoadd",
            "geosearchstore",
            "getbit",
            "hdel",
            "hexists",
            "hincrby",
            "hlen",
            "hset",
            "hsetex",
            "hsetnx",
            "hstrlen",
            "incr",
            "incrby",
            "lcs",
            "linsert",
            "llen",
            "lpush",
            "lpushx",
            "lrem",
            "move",
            "msetex",
            "msetnx",
            "persist",
            "pexpire",
            "pexpireat",
            "pexpiretime",
            "pfadd",
            "pfcount",
            "pttl",
            "renamenx",
            "rpush",
            "rpushx",
            "sadd",
            "scard",
            "sdiffstore",
            "setbit",
            "setnx",
            "setrange",
            "sintercard",
            "sinterstore",
            "sismember",
            "smove",
            "srem",
            "strlen",
            "sunionstore",
            "touch",
            "ttl",
            "unlink",
            "xack",
            "xdel",
            "xlen",
            "xtrim",
            "zcard",
            "zcount",
            "zintercard",
            "zlexcount",
            "zremrangebylex",
            "zdiffstore",
            "zinterstore",
            "zrangestore",
            "zrem",
            "zremrangebyrank",
            "zremrangebyscore",
            "zunionstore",
        ],
    ),
    (
        "+",
        &[
            "flushall", "flushdb", "hmset", "lset", "ltrim", "mset", "pfmerge", "psetex", "rename",
            "restore", "setex", "swapdb", "type", "xsetid",
        ],
    ),
    ("$", &["getrange", "hincrbyfloat", "incrbyfloat", "substr"]),
    (
        "*",
        &[
            "cl.throttle",
            "geohash",
            "geopos",
            "georadius_ro",
            "georadiusbymember_ro",
            "geosearch",
            "increx",
            "sort_ro",
            "bitfield",
            "bitfield_ro",
            "hexpire",
            "hexpireat",
            "hexpiretime",
            "hgetdel",
            "hgetex",
            "hkeys",
            "hmget",
            "hpersist",
            "hpexpire",
            "hpexpireat",
            "hpexpiretime",
            "hpttl",
            "hscan",
            "httl",
            "hvals",
            "keys",
            "lrange",
            "mget",
            "scan",
            "smismember",
            "sscan",
            "xautoclaim",
            "xclaim",
            "xpending",
            "xrange",
            "xrevrange",
            "zdiff",
            "zinter",
            "zmscore",
            "zpopmax",
            "zpopmin",
            "zquery",
            "zrange",
            "zrangebylex",
            "zrevrangebylex",
            "zscan",
            "zrangebyscore",
            "zrevrange",
            "zrevrangebyscore",
            "zunion",
        ],
    ),
    ("*~", &["sdiff", "sinter", "smembers", "sunion"]),
    ("*$_", &["srandmember", "zrandmember"]),
    ("*~$_", &["spop"]),
    (
        "$_",
        &[
            "digest",
            "dump",
            "geodist",
            "get",
            "getdel",
            "getex",
            "getset",
            "hget",
            "lindex",
            "lmove",
            "randomkey",
            "rpoplpush",
            "xadd",
        ],
    ),
    ("+:", &["xgroup"]),
    ("*%_", &["xread", "xreadgroup"]),
    (":*", &["georadius", "georadiusbymember", "sort"]),
    ("$*_", &["hrandfield", "lpop", "rpop"]),
    ("*_", &["lmpop", "zmpop"]),
    (":$*_", &["lpos"]),
    ("*%", &["hgetall", "xinfo"]),
    ("+$_", &["set"]),
    ("$:_", &["memory", "object"]),
    ("$,", &["zincrby"]),
    ("$,_", &["zscore"]),
    (":$,_", &["zadd"]),
    (":$_*", &["zrank", "zrevrank"]),
];

impl Model {
    /// Runs a request where it may be refused for want of memory: whether it was says `reply`, which
    /// begins with what the server answered.
    pub fn run_refusable(
        &mut self,
        now_us: i64,
        session: &mut Session,
        args: &[Bytes],
        reply: &[u8],
    ) -> Expect {
        let run = Run::new(self, now_us, session, args, reply);
        let name = run.name();
        let refused = reply.starts_with(&Value::error(OUT_OF_MEMORY).bytes());
        if refused && run.row().is_ok() && NEEDING_MEMORY.contains(&&*name) {
            session.break_transaction();
            return Expect::Exactly(Value::error(OUT_OF_MEMORY));
        }
        let aborted = Value::error(&[TRANSACTION_ABORTED, OUT_OF_MEMORY].concat());
        if name == "exec" && reply.starts_with(&aborted.bytes()) {
            self.give_up_transaction(session);
            return Expect::Exactly(aborted);
        }
        self.run(now_us, session, args, reply)
    }

    /// Runs a request where any key may be gone: what its reply has to be in any case. `reply`
    /// begins with what the server answered.
    pub fn run_loosely(
        &mut self,
        now_us: i64,
        session: &mut Session,
        args: &[Bytes],
        reply: &[u8],
    ) -> Expect {
        let run = Run::new(self, now_us, session, args, &[]);
        let (name, is_immediate, is_right) = (run.name(), run.is_immediate(), run.row().is_ok());
        if session.has_transaction() {
            if name == "exec" && reply.starts_with(b"-EXECABORT") {
                self.give_up_transaction(session);
                return Expect::Beginning("-");
            }
            let expect = self.run(now_us, session, args, &[]);
            return match (name.as_str(), is_immediate) {
                ("exec", _) => Expect::Beginning("*_"),
                (_, true) => expect,
                (_, false) => Expect::Beginning("+-"),
            };
        }
        let row = BEGINNINGS.iter().find(|(_, names)| names.contains(&&*name));
        match row {
            Some((beginnings, _)) if is_right => Expect::Beginning(beginnings),
            // It speaks of no key, or is wrong whatever the keys are.
            _ => self.run(now_us, session, args, &[]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::command_names;
    use super::*;

    #[test]
    fn every_command_that_speaks_of_keys_has_a_beginning() {
        let without_keys = ["echo", "hello", "ping", "quit", "reset", "select"];
        let speaks_of_keys =
            |name: &&str| !without_keys.contains(name) && !crate::plan::is_about_sessions(name);
        for name in command_names().filter(speaks_of_keys) {
            let rows = BEGINNINGS.iter().filter(|(_, names)| names.contains(&name));
            assert_eq!(rows.count(), 1, "{name}");
        }
    }

    #[test]
    fn only_writes_are_refused() {
        let mut model = Model::new(None);
        let mut refused = |request: &str| {
            let args: Vec<Bytes> = request.split(' ').map(Bytes::from).collect();
            let refusal = Value::error(OUT_OF_MEMORY);
            let expect = model.run_refusable(0, &mut Session::default(), &args, &refusal.bytes());
            matches!(expect, Expect::Exactly(value) if value == refusal)
        };
        assert!(refused("SET k v") && refused("set k v NX XX"));
        assert!(!refused("GET k") && !refused("SET k") && !refused("DEL k"));
    }
}
