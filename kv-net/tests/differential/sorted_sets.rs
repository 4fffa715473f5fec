//! Sorted sets. ZRANDMEMBER and ZSCAN are sent apart.

use crate::grammar::{Group, Words, any_of, one_of, sentence};
use crate::support::{elements, payload};
use proptest::collection::vec;
use proptest::prelude::*;

pub(crate) const SORTED_SETS: Group = Group {
    lines: &[
        "ZADD key pair+",
        "ZADD key pair+",
        "ZADD key pair-many",
        "ZADD key zadd-option* pair+",
        "ZADD key INCR zadd-option* pair",
        "ZINCRBY key score member",
        "ZREM key member+",
        "ZREM key members",
        "ZSCORE key member",
        "ZMSCORE key member+",
        "ZCARD key",
        "ZCOUNT key bound bound",
        "ZRANK key member",
        "ZREVRANK key member",
        "ZRANGE key int int range-option*",
        "ZRANGE key bound bound BYSCORE range-option*",
        "ZRANGEBYSCORE key bound bound",
        "ZRANGEBYSCORE key bound bound range-option+",
        "ZREVRANGE key int int range-option*",
        "ZREVRANGEBYSCORE key bound bound range-option*",
        "ZREMRANGEBYRANK key int int",
        "ZREMRANGEBYSCORE key bound bound",
        "ZRANGESTORE key key int int range-option*",
        "ZRANGESTORE key key bound bound BYSCORE range-option*",
        "ZPOPMIN key",
        "ZPOPMAX key",
        "ZPOPMIN key int",
        "ZPOPMAX key int",
        "ZMPOP keys min-or-max",
        "ZMPOP keys min-or-max COUNT int",
        "ZUNION keys combine-option*",
        "ZINTER keys combine-option*",
        "ZDIFF keys combine-option*",
        "ZUNIONSTORE key keys combine-option*",
        "ZINTERSTORE key keys combine-option*",
        "ZDIFFSTORE key keys",
        "ZINTERCARD keys",
        "ZINTERCARD keys LIMIT int",
        "ZRANGEBYLEX key end end",
        "ZLEXCOUNT key end end",
        // What these do is left open unless all scores are the same.
        "!ZADD flat flat-pair+",
        "!ZADD flat flat-pairs",
        "!ZREM flat member+",
        "!ZRANGEBYLEX flat end end limit*",
        "!ZREVRANGEBYLEX flat end end limit*",
        "!ZRANGE flat end end BYLEX limit*",
        "!ZRANGE flat end end BYLEX REV limit*",
        "!ZLEXCOUNT flat end end",
        "!ZREMRANGEBYLEX flat end end",
        "!ZRANGESTORE key flat end end BYLEX limit*",
        "!ZRANGESTORE key flat end end REV BYLEX limit*",
    ],
    words: |name| {
        Some(match name {
            "pair" => sentence("score member"),
            "pair-many" => vec(sentence("score member"), 20..200).prop_map(|s| s.concat()).boxed(),
            "members" => vec(member(), 5..60).prop_map(|words| words.concat()).boxed(),
            "member" => member(),
            "score" => prop_oneof![
                4 => (-9..10i32).prop_map(|score| vec![score.to_string().into_bytes()]),
                3 => one_of(SCORES),
                1 => any::<f64>().prop_map(|score| vec![score.to_string().into_bytes()]),
            ]
            .boxed(),
            "bound" => prop_oneof![
                4 => (-9..10i32, "[(]{0,1}")
                    .prop_map(|(score, open)| vec![format!("{open}{score}").into_bytes()]),
                3 => one_of(BOUNDS),
                1 => one_of(SCORES),
            ]
            .boxed(),
            "zadd-option" => any_of(&["NX", "XX", "GT", "LT", "CH", "CH", "INCR"]),
            "range-option" => any_of(&["WITHSCORES", "WITHSCORES", "REV", "limit", "limit"]),
            "limit" => sentence("LIMIT int int"),
            "min-or-max" => one_of(&["MIN", "max"]),
            "number" => one_of(&["0", "1", "3", "-3", "100", "-9223372036854775808", "x", ""]),
            "keys" => any_of(&[
                "1 key",
                "2 key key",
                "2 key key",
                "3 key key key",
                "x key",
                "-1 key",
                "9223372036854775807 key",
                "0",
                "2 key",
            ]),
            "combine-option" => {
                any_of(&["WITHSCORES", "WEIGHTS score score", "WEIGHTS score", "AGGREGATE how"])
            }
            "how" => one_of(&["SUM", "MIN", "max", "AVG"]),
            "zscan-option" => any_of(&["MATCH pattern", "COUNT int", "NOSCORES"]),
            "flat" => one_of(&["flat-1", "flat-2"]),
            "flat-pair" => {
                member().prop_map(|member| [vec![b"0".to_vec()], member].concat()).boxed()
            }
            "flat-pairs" => {
                vec(sentence("flat-pair"), 20..200).prop_map(|words| words.concat()).boxed()
            }
            "end" => prop_oneof![
                3 => (member(), "[\\[(]").prop_map(|(member, kind)| {
                    vec![[kind.into_bytes(), member.concat()].concat()]
                }),
                2 => one_of(&["-", "+", "+", "x", "", "[", "("]),
            ]
            .boxed(),
            _ => return None,
        })
    },
    agree: |name, request, ours, theirs| match name {
        // Since Redis 7.2 these have an option.
        "zrank" | "zrevrank" => request.len() > 3 && is_of_arity(theirs),
        "command getkeys" | "command getkeysandflags" => {
            let is_named = |name: &str| request[2].eq_ignore_ascii_case(name.as_bytes());
            (is_named("zrank") || is_named("zrevrank"))
                && theirs.starts_with(b"-ERR Invalid number")
        }
        "zrangebylex" | "zlexcount" => ours[0] == theirs[0] && ours[0] != b'-',
        "zadd" | "zincrby" | "zscore" | "zmscore" | "zmpop" | "zpopmin" | "zpopmax" | "zrange"
        | "zrevrange" | "zrangebyscore" | "zrevrangebyscore" | "zunion" | "zinter" | "zdiff" => {
            scores_agree(ours, theirs)
        }
        _ => false,
    },
    state: &["ZRANGE key 0 -1 WITHSCORES"],
};

const SCORES: &[&str] = &[
    "0",
    "-0",
    "0.1",
    "-1.5",
    "3.0",
    "1e21",
    "-1e-7",
    "inf",
    "-inf",
    "+Infinity",
    "0x1p-2",
    "1e400",
    "nan",
    "x",
    "",
    " 1",
    "123456789012345678",
    "9007199254740993",
    "1.7976931348623157e308",
];

const BOUNDS: &[&str] =
    &["-inf", "+inf", "(inf", "(-inf", "(", "((1", " 2", "( 3", "0.1", "(1e-7", "1e999"];

fn is_of_arity(reply: &[u8]) -> bool {
    reply.starts_with(b"-ERR wrong number of arguments")
}

fn member() -> BoxedStrategy<Words> {
    let one = |text: String| vec![text.into_bytes()];
    prop_oneof![
        4 => "[a-e]{1,2}".prop_map(one),
        2 => (-3..150i32).prop_map(move |number| vec![number.to_string().into_bytes()]),
        1 => crate::grammar::words("value"),
    ]
    .boxed()
}

/// Redis before 7.2 writes 17 digits where fewer tell the number, and keeps the sign of 0 in what
/// has once been large.
pub(crate) fn scores_agree(ours: &[u8], theirs: &[u8]) -> bool {
    if matches!(ours[0], b'*' | b'~') && ours[0] == theirs[0] {
        let (ours, theirs) = (elements(ours), elements(theirs));
        return ours.len() == theirs.len()
            && ours.iter().zip(&theirs).all(|(ours, theirs)| scores_agree(ours, theirs));
    }
    let number = |reply| std::str::from_utf8(payload(reply)).ok()?.parse::<f64>().ok();
    let may_differ = payload(theirs).len() >= 17 || number(ours) == Some(0.0);
    ours == theirs
        || (ours[0] == theirs[0]
            && may_differ
            && number(ours).is_some_and(|ours| Some(ours) == number(theirs)))
}
