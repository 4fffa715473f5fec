//! Values that were large and have become small again.

mod support;

use support::{Client, SHARDS};

/// How many elements make a value large.
const LARGE: usize = 20_000;

/// Sends `command key`, and then for each number what `words` gives, some hundreds at a time.
fn for_all(
    client: &mut Client,
    command: &str,
    numbers: std::ops::Range<usize>,
    words: impl Fn(usize) -> String,
) {
    let numbers: Vec<usize> = numbers.collect();
    for chunk in numbers.chunks(500) {
        let words: Vec<String> = chunk.iter().map(|&number| words(number)).collect();
        client.run(&format!("{command} {}", words.join(" ")));
    }
}

fn usage(client: &mut Client, key: &str) -> usize {
    let reply = client.run(&format!("MEMORY USAGE {key}"));
    reply.strip_prefix(':').and_then(|bytes| bytes.parse().ok()).expect(&reply)
}

fn tend(client: &Client) {
    while client.kernel.batch(client.now).tend(10_000) >= 10_000 {}
}

#[test]
fn what_is_left_of_a_large_collection_takes_little_memory() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        let member = |number: usize| format!("member-{number}");
        for_all(&mut client, "SADD set", 0..LARGE, member);
        for_all(&mut client, "SREM set", 2..LARGE, member);
        for_all(&mut client, "HSET hash", 0..LARGE, |number| format!("field-{number} value"));
        for_all(&mut client, "HDEL hash", 2..LARGE, |number| format!("field-{number}"));
        for_all(&mut client, "ZADD zset", 0..LARGE, |number| format!("{number} member-{number}"));
        client.run("ZREMRANGEBYRANK zset 1 -2");
        for_all(&mut client, "RPUSH list", 0..LARGE, member);
        client.run("LTRIM list 100 101");
        for number in 1..LARGE {
            client.run(&format!("XADD stream {number}-0 field value-{number}"));
        }
        client.run("XTRIM stream MAXLEN 2");
        for_all(&mut client, "HSET mixed", 0..LARGE, |number| format!("field-{number} value"));
        for_all(&mut client, "HSET timed", 0..LARGE, |number| format!("field-{number} value"));
        for number in 1..LARGE {
            client.run(&format!("HPEXPIRE mixed 1000 FIELDS 1 field-{number}"));
            client.run(&format!("HPEXPIRE timed 1000 FIELDS 1 field-{number}"));
        }
        client.run("HPEXPIRE timed 5000 FIELDS 1 field-0");
        client.run("+2000ms");
        tend(&client);
        let maxima = [
            ("set", 100),
            ("hash", 100),
            ("zset", 100),
            ("list", 100),
            ("mixed", 100),
            ("timed", 2500),
            ("stream", 2000),
        ];
        for (key, max) in maxima {
            let usage = usage(&mut client, key);
            assert!(usage <= max, "{key} takes {usage} bytes, with {shards} shards");
        }
        client.kernel.batch(client.now).check();
    }
}

#[test]
fn a_collection_grows_and_shrinks_with_all_that_it_holds() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        client.run("SADD set kept");
        client.run("HSET hash kept 1");
        client.run("ZADD zset 0.5 kept");
        client.run("RPUSH list kept");
        client.run("PEXPIRE zset 100000");
        for _ in 0..3 {
            for_all(&mut client, "SADD set", 0..300, |number| format!("member-{number}"));
            for_all(&mut client, "HSET hash", 0..300, |number| format!("field-{number} value"));
            for_all(&mut client, "ZADD zset", 1..300, |number| format!("{number} m-{number}"));
            for_all(&mut client, "RPUSH list", 0..300, |number| format!("element-{number}"));
            for_all(&mut client, "SREM set", 0..300, |number| format!("member-{number}"));
            for_all(&mut client, "HDEL hash", 0..300, |number| format!("field-{number}"));
            client.run("ZREMRANGEBYSCORE zset 1 +inf");
            client.run("LTRIM list 0 0");
            client.kernel.batch(client.now).check();
            for (request, reply) in [
                ("SMEMBERS set", "~[$kept]"),
                ("HGETALL hash", "{$kept=$1}"),
                ("ZRANGE zset 0 -1 WITHSCORES", "[$kept ,0.5]"),
                ("LRANGE list 0 -1", "[$kept]"),
                ("PTTL zset", ":100000"),
            ] {
                assert_eq!(client.run(request), reply, "{request}");
            }
        }
    }
}
