//! DUMP and RESTORE.

use crate::grammar::{Group, any_of, one_of};
use crate::support::payload;
use kv_core::rdb::{self, Group as ConsumerGroup, Payload};

pub(crate) const DUMPS: Group = Group {
    lines: &[
        "DUMP key",
        "RESTORE key ttl dumped",
        "RESTORE key ttl dumped REPLACE",
        "RESTORE key ttl dumped REPLACE restore-option*",
        "RESTORE key ttl dumped restore-option+",
    ],
    words: |name| {
        Some(match name {
            "dumped" => one_of(DUMPED),
            // None that is near.
            "ttl" => one_of(&["0", "0", "0", "5000000", "9999999999999", "-1", "x", ""]),
            "restore-option" => {
                any_of(&["ABSTTL", "REPLACE", "IDLETIME int", "FREQ int", "FREQ 255", "FREQ 256"])
            }
            _ => return None,
        })
    },
    // The same value can be written in several ways.
    agree: |name, _, ours, theirs| {
        let value = |reply| rdb::decode(payload(reply)).map(sorted);
        name == "dump" && value(ours).is_ok_and(|ours| value(theirs) == Ok(ours))
    },
    ..Group::DEFAULT
};

/// The payload without what depends on the order of members, and of streams without what is not
/// compared of them.
fn sorted(mut value: Payload) -> Payload {
    let collect = |mut parts: Vec<Vec<&[u8]>>| {
        parts.sort();
        parts.into_iter().flatten().collect()
    };
    match &mut value {
        Payload::Set(members) => {
            Payload::Set(collect(members.iter().map(|one| vec![one]).collect()))
        }
        Payload::Hash(fields) => Payload::Hash(collect(
            fields.pairs().map(|(field, value)| vec![field, value]).collect(),
        )),
        Payload::SortedSet { members, scores } => {
            let mut pairs: Vec<(&[u8], f64)> = members.iter().zip(scores.iter().copied()).collect();
            pairs.sort_by(|a, b| a.0.cmp(b.0));
            Payload::SortedSet {
                members: collect(pairs.iter().map(|pair| vec![pair.0]).collect()),
                scores: pairs.iter().map(|pair| pair.1).collect(),
            }
        }
        Payload::Stream(stream) => {
            stream.state.groups.iter_mut().for_each(forget_times_and_the_idle);
            value
        }
        _ => value,
    }
}

fn forget_times_and_the_idle(group: &mut ConsumerGroup) {
    for consumer in &mut group.consumers {
        (consumer.seen_ms, consumer.active_ms) = (0, None);
    }
    let mut kept = Vec::new();
    for pending in &mut group.pending {
        let consumer = &group.consumers[pending.consumer];
        pending.consumer = kept.iter().position(|one| one == consumer).unwrap_or_else(|| {
            kept.push(consumer.clone());
            kept.len() - 1
        });
        pending.delivered_ms = 0;
    }
    group.consumers = kept;
}

/// Strings, lists and streams in the forms of Redis, and what is none.
const DUMPED: &[&str] = &[
    "\0\x05hello\x0a\0cr\u{df}ve4 \x0a",
    "\0\0\x0a\0]\u{9b}\\@\x0f\x7f\u{a2}\u{da}",
    "\0\u{c0}\u{fb}\x0a\0I\u{c4}\u{c6}\u{f4}\u{d7}&?h",
    "\0\u{c1},\x01\x0a\0\u{95}Ba\u{f2}e\u{82}\\\x10",
    "\0\u{c2}\u{90}\u{ee}\u{fe}\u{ff}\x0a\0(u\u{de}{\x13\u{eb}(\0",
    "\0\x139223372036854775807\x0a\0:e~\u{94}\u{81}\u{e8}_\"",
    "\0\u{c3}\x09@\u{c8}\x01aa\u{e0}\u{bb}\0\x01aa\x0a\0\x1f\u{99}\u{f7}.\x01\u{b2}\x0d\u{e3}",
    "\x12\x01\x02\u{c3}\x1a@Z\x12Z\0\0\0\x05\0\u{81}a\x02\x01\x01\u{df}\u{fb}\x02\u{80}\x01\u{e0}Fx\
     \u{e0}<\0\x01H\u{ff}\x0a\0\u{b0}T\u{84}\"\u{df}\x1c\u{f4}\u{8c}",
    "\x12\x01\x02\x0d\x0d\0\0\0\x01\0\u{84}only\x05\u{ff}\x0a\0\u{e6}\u{e9}\x17\u{91}10\u{ee}\u{8b}",
    "\x13\x01\x10\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x01\x1d\x1d\0\0\0\x0a\0\x01\x01\0\x01\x01\x01\u{81}f\x02\
     \0\x01\x02\x01\0\x01\0\x01\u{81}v\x02\x04\x01\u{ff}\x01\x01\x01\x01\x01\0\0\x01\0\x0a\0\u{ff}U\u{ab}bj\
     \u{c0}5\u{db}",
    "\x13\0\0\0\0\0\0\0\0\0\x01\x01g\x05\x05\u{81}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\0\0\x0a\0\
     \u{af}\u{f3}\u{c7}1\u{98}\u{eb}\x0c\u{e7}",
    // A list of Redis before 3.2, an older version, surplus bytes.
    "\x01\x02\x01a\x01b\x0a\x002\u{a8}\u{90}~\u{d5}\x03\x1aE",
    "\0\x05hello\x09\0\u{b3}\u{80}\u{8e}\u{ba}1\u{b2}C\u{bb}",
    "\0\x01aXY\x0a\0\u{a4}\x02\x05\u{c7}\x17\x08\u{91}\u{a5}",
    // No such type or encoding, nothing at all, lists without elements.
    "c\0\x0a\0k\u{89}v\u{bc}*\u{e5}$\u{98}",
    "\0\u{c9}\x0a\0\u{b6}\u{e2}\u{ef}DE\u{b5}\u{f5}r",
    "\x0a\0]\u{9b}\\@\x0f\x7f\u{a2}\u{da}",
    "\x12\0\x0a\0i\u{f6}\u{84}[j\x1b\u{bf}W",
    "\x01\0\x0a\0[\u{f8}%\u{cc}l\x17CV",
    // Too new, damaged.
    "\0\x05hello\x0c\0\u{a8}\x04\u{eb}\u{b6}\u{9f}\x1e\u{be}C",
    "\0\x05hallo\x0a\0cr\u{df}ve4 \x0a",
    "x",
    "",
];
