//! The rows of the sorted set commands.

use crate::command::Handler::Data;
use crate::command::{Begin, Command, Find, Group, KeySpec, Seeks, flag};
use crate::commands::sorted_set as run;

const ROW: Command = Command { group: Group::SortedSet, ..Command::DEFAULT };

/// Keys of which the argument `at` gives the number.
const fn counted(access: &'static str, at: usize) -> KeySpec {
    KeySpec { access, begin: Begin::Index(at), find: Find::Count { at: 0, first: 1, step: 1 } }
}

const BLOCKING_POP: Command = Command {
    arity: -3,
    flags: flag::WRITE | flag::NOSCRIPT | flag::BLOCKING | flag::FAST,
    keys: &[KeySpec {
        access: "RW access delete",
        begin: Begin::Index(1),
        find: Find::Range { last: -2, step: 1 },
    }],
    since: "5.0.0",
    complexity: "O(log(N)), N being the number of members.",
    syntax: "key [key ...] timeout",
    ..ROW
};

pub(super) const ROWS: &[&Command] = &[
    &Command {
        name: "bzmpop",
        arity: -5,
        flags: flag::WRITE | flag::BLOCKING,
        keys: &[counted("RW access delete", 2)],
        since: "7.0.0",
        summary: "Takes the members with the lowest or highest scores of the first sorted set of several, as soon as there is one.",
        complexity: "O(K+M*log(N)), K being the number of keys, M the number of members taken, and N the number of members.",
        syntax: "timeout numkeys key [key ...] where:(MIN|MAX) [COUNT count]",
        handler: Data(run::bzmpop),
        ..ROW
    },
    &Command {
        name: "bzpopmax",
        summary: "Takes the member with the highest score of the first sorted set of several, as soon as there is one.",
        handler: Data(run::bzpopmax),
        ..BLOCKING_POP
    },
    &Command {
        name: "bzpopmin",
        summary: "Takes the member with the lowest score of the first sorted set of several, as soon as there is one.",
        handler: Data(run::bzpopmin),
        ..BLOCKING_POP
    },
    &Command {
        name: "zadd",
        arity: -4,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("RW update", 1)],
        seeks: Seeks::Pair { score: 2, member: 3 },
        since: "1.2.0",
        summary: "Adds members to a sorted set, or gives them other scores.",
        complexity: "O(log(N)) for each member given, N being the number of members.",
        syntax: "key [NX|XX] comparison:[GT|LT] change:[CH] increment:[INCR] data:(score member)...",
        handler: Data(run::zadd),
        ..ROW
    },
    &Command {
        name: "zcard",
        arity: 2,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO", 1)],
        since: "1.2.0",
        summary: "Tells how many members a sorted set has.",
        syntax: "key",
        handler: Data(run::zcard),
        ..ROW
    },
    &Command {
        name: "zcount",
        arity: 4,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO access", 1)],
        since: "2.0.0",
        summary: "Counts the members with scores between two bounds.",
        complexity: "O(log(N)), N being the number of members.",
        syntax: "key min:double max:double",
        handler: Data(run::zcount),
        ..ROW
    },
    &Command {
        name: "zdiff",
        arity: -3,
        flags: flag::READONLY,
        keys: &[counted("RO access", 1)],
        since: "6.2.0",
        summary: "Gives the members of the first sorted set that no other has.",
        complexity: "O(N*K+M*log(M)), N being the number of members of the first sorted set, K the number of sorted sets, and M the number of members given.",
        syntax: "numkeys key [key ...] [WITHSCORES]",
        handler: Data(run::zdiff),
        ..ROW
    },
    &Command {
        name: "zdiffstore",
        arity: -4,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("OW update", 1), counted("RO access", 2)],
        since: "6.2.0",
        summary: "Stores the members of the first sorted set that no other has.",
        complexity: "O(N*K+M*log(M)), N being the number of members of the first sorted set, K the number of sorted sets, and M the number of members stored.",
        syntax: "destination numkeys key [key ...]",
        handler: Data(run::zdiffstore),
        ..ROW
    },
    &Command {
        name: "zincrby",
        arity: 4,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("RW access update", 1)],
        seeks: Seeks::Member(3),
        since: "1.2.0",
        summary: "Adds to the score of a member.",
        complexity: "O(log(N)), N being the number of members.",
        syntax: "key increment member",
        handler: Data(run::zincrby),
        ..ROW
    },
    &Command {
        name: "zinter",
        arity: -3,
        flags: flag::READONLY,
        keys: &[counted("RO access", 1)],
        since: "6.2.0",
        summary: "Gives the members that all sorted sets have.",
        complexity: "O(N*K+M*log(M)), N being the number of members of the smallest sorted set, K the number of sorted sets, and M the number of members given.",
        syntax: "numkeys key [key ...] [WEIGHTS weight [weight ...]] aggregate:[AGGREGATE SUM|MIN|MAX] [WITHSCORES]",
        handler: Data(run::zinter),
        ..ROW
    },
    &Command {
        name: "zintercard",
        arity: -3,
        flags: flag::READONLY,
        keys: &[counted("RO access", 1)],
        since: "7.0.0",
        summary: "Counts the members that all sorted sets have.",
        complexity: "O(N*K), N being the number of members of the smallest sorted set, and K the number of sorted sets.",
        syntax: "numkeys key [key ...] [LIMIT limit]",
        handler: Data(run::zintercard),
        ..ROW
    },
    &Command {
        name: "zinterstore",
        arity: -4,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("OW update", 1), counted("RO access", 2)],
        since: "2.0.0",
        summary: "Stores the members that all sorted sets have.",
        complexity: "O(N*K+M*log(M)), N being the number of members of the smallest sorted set, K the number of sorted sets, and M the number of members stored.",
        syntax: "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] aggregate:[AGGREGATE SUM|MIN|MAX]",
        handler: Data(run::zinterstore),
        ..ROW
    },
    &Command {
        name: "zlexcount",
        arity: 4,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO access", 1)],
        since: "2.8.9",
        summary: "Counts the members between two bounds, where all scores are the same.",
        complexity: "O(log(N)), N being the number of members.",
        syntax: "key min max",
        handler: Data(run::zlexcount),
        ..ROW
    },
    &Command {
        name: "zmpop",
        arity: -4,
        flags: flag::WRITE,
        keys: &[counted("RW access delete", 1)],
        since: "7.0.0",
        summary: "Takes the members with the lowest or highest scores of the first sorted set that is there.",
        complexity: "O(K+M*log(N)), K being the number of keys, M the number of members taken, and N the number of members.",
        syntax: "numkeys key [key ...] where:(MIN|MAX) [COUNT count]",
        handler: Data(run::zmpop),
        ..ROW
    },
    &Command {
        name: "zmscore",
        arity: -3,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO access", 1)],
        seeks: Seeks::Member(2),
        since: "6.2.0",
        summary: "Tells the scores of several members.",
        complexity: "O(M), M being the number of members asked for.",
        syntax: "key member [member ...]",
        handler: Data(run::zmscore),
        ..ROW
    },
    &Command {
        name: "zpopmax",
        arity: -2,
        flags: flag::WRITE | flag::FAST,
        keys: &[KeySpec::one("RW access delete", 1)],
        since: "5.0.0",
        summary: "Takes the members with the highest scores.",
        complexity: "O(M+log(N)), M being the number of members taken, and N of those that there are.",
        syntax: "key [count]",
        handler: Data(run::zpopmax),
        ..ROW
    },
    &Command {
        name: "zpopmin",
        arity: -2,
        flags: flag::WRITE | flag::FAST,
        keys: &[KeySpec::one("RW access delete", 1)],
        since: "5.0.0",
        summary: "Takes the members with the lowest scores.",
        complexity: "O(M+log(N)), M being the number of members taken, and N of those that there are.",
        syntax: "key [count]",
        handler: Data(run::zpopmin),
        ..ROW
    },
    &Command {
        name: "zquery",
        arity: 6,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "7.2.0",
        summary: "Gives the members and scores from a score and a member on.",
        complexity: "O(log(N)+M), N being the number of members, and M of those given.",
        syntax: "key score member offset limit",
        handler: Data(run::zquery),
        ..ROW
    },
    &Command {
        name: "zrandmember",
        arity: -2,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "6.2.0",
        summary: "Gives members chosen at random.",
        complexity: "O(M*log(N)), M being the number of members given, and N of those that there are.",
        syntax: "key options:[count [WITHSCORES]]",
        tips: &["nondeterministic_output"],
        handler: Data(run::zrandmember),
        ..ROW
    },
    &Command {
        name: "zrange",
        arity: -4,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "1.2.0",
        summary: "Gives the members between two ranks, scores or members.",
        complexity: "O(log(N)+M), N being the number of members, and M of those given.",
        syntax: "key start:string stop:string sortby:[BYSCORE|BYLEX] [REV] limit:[LIMIT offset count] [WITHSCORES]",
        handler: Data(run::zrange),
        ..ROW
    },
    &Command {
        name: "zrangebylex",
        arity: -4,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "2.8.9",
        deprecated: Some(("6.2.0", "`ZRANGE` with the `BYLEX` argument")),
        summary: "Gives the members between two bounds, where all scores are the same.",
        complexity: "O(log(N)+M), N being the number of members, and M of those given.",
        syntax: "key min max limit:[LIMIT offset count]",
        handler: Data(run::zrangebylex),
        ..ROW
    },
    &Command {
        name: "zrangebyscore",
        arity: -4,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "1.0.5",
        deprecated: Some(("6.2.0", "`ZRANGE` with the `BYSCORE` argument")),
        summary: "Gives the members with scores between two bounds.",
        complexity: "O(log(N)+M), N being the number of members, and M of those given.",
        syntax: "key min:double max:double [WITHSCORES] limit:[LIMIT offset count]",
        handler: Data(run::zrangebyscore),
        ..ROW
    },
    &Command {
        name: "zrangestore",
        arity: -5,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("OW update", 1), KeySpec::one("RO access", 2)],
        since: "6.2.0",
        summary: "Stores the members between two ranks, scores or members.",
        complexity: "O(log(N)+M*log(M)), N being the number of members, and M of those stored.",
        syntax: "dst src min max sortby:[BYSCORE|BYLEX] [REV] limit:[LIMIT offset count]",
        handler: Data(run::zrangestore),
        ..ROW
    },
    &Command {
        name: "zrank",
        arity: -3,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO access", 1)],
        seeks: Seeks::Member(2),
        since: "2.0.0",
        summary: "Tells how many members have lower scores than one.",
        complexity: "O(log(N)), N being the number of members.",
        syntax: "key member [WITHSCORE]",
        handler: Data(run::zrank),
        ..ROW
    },
    &Command {
        name: "zrem",
        arity: -3,
        flags: flag::WRITE | flag::FAST,
        keys: &[KeySpec::one("RW delete", 1)],
        seeks: Seeks::Member(2),
        since: "1.2.0",
        summary: "Removes members.",
        complexity: "O(M*log(N)), M being the number of members given, and N of those that there are.",
        syntax: "key member [member ...]",
        handler: Data(run::zrem),
        ..ROW
    },
    &Command {
        name: "zremrangebylex",
        arity: 4,
        flags: flag::WRITE,
        keys: &[KeySpec::one("RW delete", 1)],
        since: "2.8.9",
        summary: "Removes the members between two bounds, where all scores are the same.",
        complexity: "O(log(N)+M), N being the number of members, and M of those removed.",
        syntax: "key min max",
        handler: Data(run::zremrangebylex),
        ..ROW
    },
    &Command {
        name: "zremrangebyrank",
        arity: 4,
        flags: flag::WRITE,
        keys: &[KeySpec::one("RW delete", 1)],
        since: "2.0.0",
        summary: "Removes the members between two ranks.",
        complexity: "O(log(N)+M), N being the number of members, and M of those removed.",
        syntax: "key start stop",
        handler: Data(run::zremrangebyrank),
        ..ROW
    },
    &Command {
        name: "zremrangebyscore",
        arity: 4,
        flags: flag::WRITE,
        keys: &[KeySpec::one("RW delete", 1)],
        since: "1.2.0",
        summary: "Removes the members with scores between two bounds.",
        complexity: "O(log(N)+M), N being the number of members, and M of those removed.",
        syntax: "key min:double max:double",
        handler: Data(run::zremrangebyscore),
        ..ROW
    },
    &Command {
        name: "zrevrange",
        arity: -4,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "1.2.0",
        deprecated: Some(("6.2.0", "`ZRANGE` with the `REV` argument")),
        summary: "Gives the members between two ranks, which count from the highest score.",
        complexity: "O(log(N)+M), N being the number of members, and M of those given.",
        syntax: "key start stop [WITHSCORES]",
        handler: Data(run::zrevrange),
        ..ROW
    },
    &Command {
        name: "zrevrangebylex",
        arity: -4,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "2.8.9",
        deprecated: Some(("6.2.0", "`ZRANGE` with the `REV` and `BYLEX` arguments")),
        summary: "Gives the members between two bounds from the last on, where all scores are the same.",
        complexity: "O(log(N)+M), N being the number of members, and M of those given.",
        syntax: "key max min limit:[LIMIT offset count]",
        handler: Data(run::zrevrangebylex),
        ..ROW
    },
    &Command {
        name: "zrevrangebyscore",
        arity: -4,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "2.2.0",
        deprecated: Some(("6.2.0", "`ZRANGE` with the `REV` and `BYSCORE` arguments")),
        summary: "Gives the members with scores between two bounds, from the highest on.",
        complexity: "O(log(N)+M), N being the number of members, and M of those given.",
        syntax: "key max:double min:double [WITHSCORES] limit:[LIMIT offset count]",
        handler: Data(run::zrevrangebyscore),
        ..ROW
    },
    &Command {
        name: "zrevrank",
        arity: -3,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO access", 1)],
        seeks: Seeks::Member(2),
        since: "2.0.0",
        summary: "Tells how many members have higher scores than one.",
        complexity: "O(log(N)), N being the number of members.",
        syntax: "key member [WITHSCORE]",
        handler: Data(run::zrevrank),
        ..ROW
    },
    &Command {
        name: "zscan",
        arity: -3,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "2.8.0",
        summary: "Gives some of the members and their scores, and where to go on.",
        complexity: "O(1) for a call, and O(N) for all, N being the number of members.",
        syntax: "key cursor [MATCH pattern] [COUNT count]",
        tips: &["nondeterministic_output"],
        handler: Data(run::zscan),
        ..ROW
    },
    &Command {
        name: "zscore",
        arity: 3,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO access", 1)],
        seeks: Seeks::Member(2),
        since: "1.2.0",
        summary: "Tells the score of a member.",
        syntax: "key member",
        handler: Data(run::zscore),
        ..ROW
    },
    &Command {
        name: "zunion",
        arity: -3,
        flags: flag::READONLY,
        keys: &[counted("RO access", 1)],
        since: "6.2.0",
        summary: "Gives the members that any of several sorted sets has.",
        complexity: "O(N*log(N)), N being the number of members of all sorted sets together.",
        syntax: "numkeys key [key ...] [WEIGHTS weight [weight ...]] aggregate:[AGGREGATE SUM|MIN|MAX] [WITHSCORES]",
        handler: Data(run::zunion),
        ..ROW
    },
    &Command {
        name: "zunionstore",
        arity: -4,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("OW update", 1), counted("RO access", 2)],
        since: "2.0.0",
        summary: "Stores the members that any of several sorted sets has.",
        complexity: "O(N*log(N)), N being the number of members of all sorted sets together.",
        syntax: "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] aggregate:[AGGREGATE SUM|MIN|MAX]",
        handler: Data(run::zunionstore),
        ..ROW
    },
];
