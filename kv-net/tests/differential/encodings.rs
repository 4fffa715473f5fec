//! What OBJECT ENCODING says of values that have just been made, on either side of each limit. The
//! general comparison cannot be as strict, since a value stays in its form in Redis when it shrinks.
//!
//! Lists and sets of words are left out: Redis 7.0 has no listpacks for them. A set of too many
//! integers is a hashtable there, of whatever size.

use crate::grammar::Words;
use crate::support::{Program, elements, payload, readable, serve};
use crate::{Pair, typed};

/// Settings with values for them.
const LIMITS: &[(&str, &[usize])] = &[
    ("hash-max-listpack-entries", &[0, 1, 5, 512]),
    ("hash-max-ziplist-entries", &[3]),
    ("hash-max-listpack-value", &[0, 1, 64, 200]),
    ("zset-max-listpack-entries", &[0, 1, 5, 128]),
    ("zset-max-ziplist-entries", &[3]),
    ("zset-max-listpack-value", &[0, 1, 64, 200]),
    ("set-max-intset-entries", &[0, 1, 5, 512]),
];

#[test]
#[ignore = "needs redis-server; run with --ignored"]
fn encodings_of_new_values_are_those_of_redis() {
    let (ours, theirs) = (serve(2, &[]), Program::redis());
    let mut pair = Pair::new(&ours, &theirs);
    for &(setting, limits) in LIMITS {
        let before = pair.ask(&[b"CONFIG", b"GET", setting.as_bytes()]);
        assert_eq!(before.0, before.1, "{setting}");
        let default = elements(&before.0).remove(1);
        for &limit in limits {
            set(&mut pair, setting, limit.to_string().as_bytes());
            for value in [limit.saturating_sub(1), limit, limit + 1].iter().flat_map(|&n| values(n))
            {
                compare(&mut pair, setting, limit, value);
            }
        }
        set(&mut pair, setting, payload(&default));
    }
}

fn set(pair: &mut Pair, setting: &str, value: &[u8]) {
    let reply = pair.ask(&[b"CONFIG", b"SET", setting.as_bytes(), value]);
    assert_eq!(reply, (b"+OK\r\n".to_vec(), b"+OK\r\n".to_vec()), "{setting}");
}

/// Requests that make values with so many members, or with members of so many bytes.
fn values(size: usize) -> Vec<Words> {
    let (word, number) = ("v".repeat(size), "7".repeat(size));
    let numbers = || (0..size.max(1)).map(|number| number.to_string());
    let request = |words: &[&str]| words.iter().map(|word| word.as_bytes().to_vec()).collect();
    let many = |command: &str, member: fn(String) -> Vec<String>| {
        let members = numbers().flat_map(member).map(String::into_bytes);
        [command, "key"].map(|word| word.as_bytes().to_vec()).into_iter().chain(members).collect()
    };
    vec![
        request(&["SET", "key", &word]),
        request(&["SET", "key", &number]),
        request(&["HSET", "key", &word, "1"]),
        request(&["HSET", "key", "f", &word]),
        request(&["HSET", "key", &number, &number]),
        request(&["ZADD", "key", "1", &word]),
        request(&["ZADD", "key", "1", &number]),
        many("HSET", |field| vec![field.clone(), field]),
        many("ZADD", |member| vec![member.clone(), member]),
        many("SADD", |member| vec![member]),
    ]
}

fn compare(pair: &mut Pair, setting: &str, limit: usize, value: Words) {
    let encoding = ["OBJECT", "ENCODING", "key"].map(|word| word.as_bytes().to_vec()).to_vec();
    let requests = [vec![b"DEL".to_vec(), b"key".to_vec()], value.clone(), encoding];
    let replies = pair.send(&requests);
    assert_eq!(replies[1].0, replies[1].1);
    let (ours, theirs) = (payload(&replies[2].0), payload(&replies[2].1));
    let is_later = value[0] == b"SADD" && (ours, theirs) == (b"listpack", b"hashtable");
    assert!(
        ours == theirs || is_later,
        "{setting} {limit}: {} is {}, of Redis {}",
        typed(&value),
        readable(ours),
        readable(theirs)
    );
}
