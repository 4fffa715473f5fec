//! The hash commands. The replies are those of Redis.

mod support;

use support::{Client, SHARDS, check, words};

/// The same for a client that speaks version 3.
#[track_caller]
fn check_in_3(table: &[(&str, &str)]) {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        client.run("HELLO 3");
        for (request, expected) in table {
            assert_eq!(client.run(request), *expected, "{request}, with {shards} shards");
        }
    }
}

#[test]
fn fields_are_stored_and_read() {
    check(&[
        ("HSET h a 1 b 2 c 3", ":3"),
        ("HSET h a 2 d 4", ":1"),
        ("HGETALL h", "{$a=$2 $b=$2 $c=$3 $d=$4}"),
        ("HMSET h e 5 a 9", "+OK"),
        ("HGETALL h", "{$a=$9 $b=$2 $c=$3 $d=$4 $e=$5}"),
        ("HKEYS h", "[$a $b $c $d $e]"),
        ("HVALS h", "[$9 $2 $3 $4 $5]"),
        ("HLEN h", ":5"),
        ("HGET h a", "$9"),
        ("HGET h z", "_"),
        ("HMGET h a z b a", "[$9 _ $2 $9]"),
        ("HEXISTS h a", ":1"),
        ("HEXISTS h z", ":0"),
        ("HSTRLEN h a", ":1"),
        ("HSTRLEN h z", ":0"),
        (r#"HSET h a twelve "" empty "\x00\r\n\xff" "\xff""#, ":2"),
        (r#"HGET h """#, "$empty"),
        (r#"HGET h "\x00\r\n\xff""#, r"$\xff"),
        (r#"HSTRLEN h "\x00\r\n\xff""#, ":1"),
        ("HSTRLEN h a", ":6"),
        ("HSET h 007 1 7 2 -0 3 0 4", ":4"),
        ("HMGET h 007 7 -0 0", "[$1 $2 $3 $4]"),
        ("HSET h twice 1 twice 2", ":1"),
        ("HGET h twice", "$2"),
        ("TYPE h", "+hash"),
    ]);
}

#[test]
fn a_missing_hash_is_an_empty_one() {
    check(&[
        ("HGET missing a", "_"),
        ("HMGET missing a b", "[_ _]"),
        ("HEXISTS missing a", ":0"),
        ("HSTRLEN missing a", ":0"),
        ("HLEN missing", ":0"),
        ("HGETALL missing", "{}"),
        ("HKEYS missing", "[]"),
        ("HVALS missing", "[]"),
        ("HDEL missing a", ":0"),
        ("HRANDFIELD missing", "_"),
        ("HRANDFIELD missing 5", "[]"),
        ("HRANDFIELD missing -5 WITHVALUES", "[]"),
        ("HSCAN missing 0", "[$0 []]"),
        ("EXISTS missing", ":0"),
    ]);
}

#[test]
fn only_a_missing_field_is_set_by_hsetnx() {
    check(&[
        ("HSETNX h a 1", ":1"),
        ("HSETNX h a 2", ":0"),
        ("HSETNX h b 3", ":1"),
        ("HGETALL h", "{$a=$1 $b=$3}"),
        ("HSETNX h a", "-ERR wrong number of arguments for 'hsetnx' command"),
        ("HSETNX h a 1 b 2", "-ERR wrong number of arguments for 'hsetnx' command"),
    ]);
}

#[test]
fn a_hash_without_fields_is_gone() {
    check(&[
        ("HSET h a 1 b 2", ":2"),
        ("HDEL h a z a", ":1"),
        ("HDEL h z", ":0"),
        ("EXISTS h", ":1"),
        ("HDEL h b", ":1"),
        ("EXISTS h", ":0"),
        ("TYPE h", "+none"),
        ("HSET h a 1", ":1"),
        ("PEXPIREAT h 9999999999000", ":1"),
        ("HSET h b 1", ":1"),
        ("HDEL h a", ":1"),
        ("PEXPIRETIME h", ":9999999999000"),
        ("HDEL h b", ":1"),
        ("HSET h a 1", ":1"),
        ("PEXPIRETIME h", ":-1"),
    ]);
}

#[test]
fn pairs_must_be_whole() {
    check(&[
        ("HSET h", "-ERR wrong number of arguments for 'hset' command"),
        ("HSET h a", "-ERR wrong number of arguments for 'hset' command"),
        ("HSET h a 1 b", "-ERR wrong number of arguments for 'hset' command"),
        ("HMSET h a", "-ERR wrong number of arguments for 'hmset' command"),
        ("HMSET h a 1 b", "-ERR wrong number of arguments for 'hmset' command"),
        ("HGET h", "-ERR wrong number of arguments for 'hget' command"),
        ("HGET h a b", "-ERR wrong number of arguments for 'hget' command"),
        ("HMGET h", "-ERR wrong number of arguments for 'hmget' command"),
        ("HDEL h", "-ERR wrong number of arguments for 'hdel' command"),
        ("HLEN h x", "-ERR wrong number of arguments for 'hlen' command"),
        ("HGETALL h x", "-ERR wrong number of arguments for 'hgetall' command"),
        ("HSTRLEN h", "-ERR wrong number of arguments for 'hstrlen' command"),
        ("HINCRBY h a", "-ERR wrong number of arguments for 'hincrby' command"),
        ("HINCRBYFLOAT h a 1 2", "-ERR wrong number of arguments for 'hincrbyfloat' command"),
        ("HSCAN h", "-ERR wrong number of arguments for 'hscan' command"),
        ("EXISTS h", ":0"),
    ]);
}

#[test]
fn integers_in_fields_are_added_to() {
    check(&[
        ("HINCRBY n f 5", ":5"),
        ("HINCRBY n f -7", ":-2"),
        ("HINCRBY n f x", "-ERR value is not an integer or out of range"),
        ("HINCRBY n f 1.5", "-ERR value is not an integer or out of range"),
        ("HINCRBY n f 9223372036854775808", "-ERR value is not an integer or out of range"),
        ("HINCRBY n f 9223372036854775807", ":9223372036854775805"),
        ("HINCRBY n f 9223372036854775807", "-ERR increment or decrement would overflow"),
        ("HINCRBY n f -9223372036854775808", ":-3"),
        (r#"HSET n t text e "" sp " 1" p +1 z 01 v 1.0"#, ":6"),
        ("HINCRBY n t 1", "-ERR hash value is not an integer"),
        ("HINCRBY n e 1", "-ERR hash value is not an integer"),
        ("HINCRBY n sp 1", "-ERR hash value is not an integer"),
        ("HINCRBY n p 1", "-ERR hash value is not an integer"),
        ("HINCRBY n z 1", "-ERR hash value is not an integer"),
        ("HINCRBY n v 1", "-ERR hash value is not an integer"),
        ("HINCRBY n t x", "-ERR value is not an integer or out of range"),
        ("HGET n t", "$text"),
        ("HINCRBY missing f x", "-ERR value is not an integer or out of range"),
        ("EXISTS missing", ":0"),
    ]);
}

#[test]
fn numbers_in_fields_are_added_to() {
    check(&[
        ("HINCRBYFLOAT n g 1.5", "$1.5"),
        ("HINCRBYFLOAT n g 0.1", "$1.6"),
        ("HINCRBYFLOAT n g 1e3", "$1001.59999999999999998"),
        ("HGET n g", "$1001.59999999999999998"),
        ("HINCRBYFLOAT n g nan", "-ERR value is not a valid float"),
        ("HINCRBYFLOAT n g inf", "-ERR value is NaN or Infinity"),
        ("HINCRBYFLOAT n g -inf", "-ERR value is NaN or Infinity"),
        ("HINCRBYFLOAT n g x", "-ERR value is not a valid float"),
        (r#"HINCRBYFLOAT n g """#, "-ERR value is not a valid float"),
        (r#"HINCRBYFLOAT n g " 1""#, "-ERR value is not a valid float"),
        (r#"HSET n t text e "" sp " 1" p +1 z 01 big 1e4932 in inf na nan"#, ":8"),
        ("HINCRBYFLOAT n t 1", "-ERR hash value is not a float"),
        ("HINCRBYFLOAT n t x", "-ERR value is not a valid float"),
        ("HINCRBYFLOAT n e 1", "-ERR hash value is not a float"),
        ("HINCRBYFLOAT n sp 1", "-ERR hash value is not a float"),
        ("HINCRBYFLOAT n p 1", "$2"),
        ("HINCRBYFLOAT n z 1", "$2"),
        ("HINCRBYFLOAT n big 1e4932", "-ERR increment would produce NaN or Infinity"),
        ("HINCRBYFLOAT n in 1", "-ERR increment would produce NaN or Infinity"),
        ("HINCRBYFLOAT n na 1", "-ERR hash value is not a float"),
        ("HINCRBYFLOAT n in -inf", "-ERR value is NaN or Infinity"),
        ("HINCRBYFLOAT n i 5", "$5"),
        ("HINCRBY n i 5", ":10"),
        ("HINCRBYFLOAT n i -10", "$0"),
        ("HINCRBYFLOAT n i 0.25", "$0.25"),
        ("HINCRBY n i 1", "-ERR hash value is not an integer"),
        ("HINCRBYFLOAT missing i nan", "-ERR value is not a valid float"),
        ("EXISTS missing", ":0"),
    ]);
}

#[test]
fn other_types_are_refused_after_the_arguments_of_numbers() {
    check(&[
        ("SET s v", "+OK"),
        ("HSET s a 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HSET s a", "-ERR wrong number of arguments for 'hset' command"),
        ("HSETNX s a 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HGET s a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HMGET s a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HMSET s a 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HGETALL s", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HKEYS s", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HVALS s", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HLEN s", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HEXISTS s a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HDEL s a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HSTRLEN s a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HINCRBY s a 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HINCRBY s a x", "-ERR value is not an integer or out of range"),
        (
            "HINCRBYFLOAT s a 1",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        ("HINCRBYFLOAT s a inf", "-ERR value is NaN or Infinity"),
        ("HINCRBYFLOAT s a x", "-ERR value is not a valid float"),
        ("HRANDFIELD s", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HRANDFIELD s 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HRANDFIELD s 0", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HRANDFIELD s x", "-ERR value is not an integer or out of range"),
        ("HRANDFIELD s 1 x", "-ERR syntax error"),
        ("HSCAN s 0", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HSCAN s x", "-ERR invalid cursor"),
        ("HSCAN s 0 FOO", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HSET h a 1", ":1"),
        ("GET h", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LPUSH h a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("INCR h", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
    ]);
}

#[test]
fn counts_of_random_fields_are_checked() {
    check(&[
        ("HSET o a 1", ":1"),
        ("HRANDFIELD o", "$a"),
        ("HRANDFIELD o 0", "[]"),
        ("HRANDFIELD o 5", "[$a]"),
        ("HRANDFIELD o -3", "[$a $a $a]"),
        ("HRANDFIELD o 5 WITHVALUES", "[$a $1]"),
        ("HRANDFIELD o -2 withvalues", "[$a $1 $a $1]"),
        ("HRANDFIELD o 0 WITHVALUES", "[]"),
        ("HRANDFIELD o x", "-ERR value is not an integer or out of range"),
        ("HRANDFIELD o 1 VALUES", "-ERR syntax error"),
        ("HRANDFIELD o x VALUES", "-ERR value is not an integer or out of range"),
        ("HRANDFIELD o 1 WITHVALUES x", "-ERR syntax error"),
        ("HRANDFIELD o x WITHVALUES x", "-ERR value is not an integer or out of range"),
        ("HRANDFIELD o 9223372036854775807", "[$a]"),
        (
            "HRANDFIELD o -9223372036854775808",
            "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
        ),
        ("HRANDFIELD o 9223372036854775808", "-ERR value is not an integer or out of range"),
        ("HRANDFIELD o 9223372036854775807 WITHVALUES", "-ERR value is out of range"),
        ("HRANDFIELD o 4611686018427387903 WITHVALUES", "[$a $1]"),
        ("HRANDFIELD o 4611686018427387904 WITHVALUES", "-ERR value is out of range"),
        ("HRANDFIELD o -4611686018427387904 WITHVALUES", "-ERR value is out of range"),
        ("HRANDFIELD missing x", "-ERR value is not an integer or out of range"),
        ("HRANDFIELD missing 1 x", "-ERR syntax error"),
        ("HRANDFIELD missing 1 WITHVALUES x", "-ERR syntax error"),
    ]);
}

#[test]
fn scans_read_options_only_for_a_hash_that_is_there() {
    check(&[
        ("HSET o a 1 b 2 ab 3", ":3"),
        ("HSCAN o 0", "[$0 [$a $1 $b $2 $ab $3]]"),
        ("HSCAN o 5", "[$0 [$a $1 $b $2 $ab $3]]"),
        ("HSCAN o -1", "[$0 [$a $1 $b $2 $ab $3]]"),
        ("HSCAN o x", "-ERR invalid cursor"),
        ("HSCAN o 18446744073709551616", "-ERR invalid cursor"),
        ("HSCAN o 0 MATCH *", "[$0 [$a $1 $b $2 $ab $3]]"),
        ("HSCAN o 0 match a*", "[$0 [$a $1 $ab $3]]"),
        ("HSCAN o 0 MATCH c", "[$0 []]"),
        ("HSCAN o 0 MATCH", "-ERR syntax error"),
        ("HSCAN o 0 COUNT 1", "[$0 [$a $1 $b $2 $ab $3]]"),
        ("HSCAN o 0 COUNT 0", "-ERR syntax error"),
        ("HSCAN o 0 COUNT -1", "-ERR syntax error"),
        ("HSCAN o 0 COUNT x", "-ERR value is not an integer or out of range"),
        ("HSCAN o 0 TYPE hash", "-ERR syntax error"),
        ("HSCAN o 0 FOO", "-ERR syntax error"),
        ("HSCAN o 0 FOO 1", "-ERR syntax error"),
        ("HSCAN o 0 MATCH a COUNT 100 MATCH b", "[$0 [$b $2]]"),
        ("HSCAN missing x", "-ERR invalid cursor"),
        ("HSCAN missing 0 FOO", "[$0 []]"),
        ("HSCAN missing 0 COUNT 0", "[$0 []]"),
    ]);
}

#[test]
fn in_protocol_3_pairs_are_told() {
    check_in_3(&[
        ("HSET o a 1", ":1"),
        ("HGETALL o", "{$a=$1}"),
        ("HGETALL missing", "{}"),
        ("HKEYS o", "[$a]"),
        ("HVALS o", "[$1]"),
        ("HRANDFIELD o", "$a"),
        ("HRANDFIELD missing", "_"),
        ("HRANDFIELD missing 1 WITHVALUES", "[]"),
        ("HRANDFIELD o 2 WITHVALUES", "[[$a $1]]"),
        ("HRANDFIELD o -2 WITHVALUES", "[[$a $1] [$a $1]]"),
        ("HRANDFIELD o 2", "[$a]"),
        ("HMGET o a b", "[$1 _]"),
        ("HGET o z", "_"),
        ("HSCAN o 0", "[$0 [$a $1]]"),
        ("HINCRBYFLOAT o f 1.5", "$1.5"),
    ]);
}

#[test]
fn the_encoding_is_that_of_size() {
    check(&[
        ("HSET h a 1", ":1"),
        ("OBJECT ENCODING h", "$listpack"),
        ("HSET h a 1234567890123456789012345678901234567890123456789012345678901234", ":0"),
        ("OBJECT ENCODING h", "$listpack"),
        ("HSET h a 12345678901234567890123456789012345678901234567890123456789012345", ":0"),
        ("OBJECT ENCODING h", "$hashtable"),
    ]);
}

/// A hash that is too large for one pack.
fn with_large_hash(shards: usize, len: usize) -> Client {
    let mut client = Client::new(shards);
    for number in 0..len {
        client.run(&format!("HSET h field:{number} {number}"));
    }
    client
}

/// The strings of an array of strings.
fn strings(reply: &str) -> Vec<&str> {
    let inside = reply.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let inside = inside.unwrap_or_else(|| panic!("{reply} is no array"));
    inside.split_terminator(' ').map(|string| string.trim_start_matches('$')).collect()
}

#[test]
fn a_large_hash_holds_what_a_small_one_holds() {
    for shards in SHARDS {
        let mut client = with_large_hash(shards, 500);
        assert_eq!(client.run("HLEN h"), ":500");
        assert_eq!(client.run("HMGET h field:7 field:499 field:500"), "[$7 $499 _]");
        assert_eq!(client.run("HSET h field:7 x new y"), ":1");
        assert_eq!(client.run("HINCRBY h field:499 1"), ":500");
        assert_eq!(client.run("HDEL h field:7 new field:8"), ":3");
        let (fields, values) = (client.run("HKEYS h"), client.run("HVALS h"));
        assert_eq!(strings(&fields).len(), 498);
        assert_eq!(strings(&values).len(), 498);
        let pairs = strings(&fields).into_iter().zip(strings(&values));
        let pairs: Vec<_> = pairs.flat_map(|(field, value)| [field, value]).collect();
        assert_eq!(client.run("HGETALL h"), format!("{{{}}}", in_map(&pairs)));
        assert_eq!(client.run("COPY h copy"), ":1");
        assert_eq!(client.run("HGET copy field:499"), "$500");
        for number in 0..500 {
            client.run(&format!("HDEL h field:{number}"));
        }
        assert_eq!(client.run("EXISTS h copy"), ":1");
    }
}

fn in_map(pairs: &[&str]) -> String {
    let pairs: Vec<_> = pairs.chunks(2).map(|pair| format!("${}=${}", pair[0], pair[1])).collect();
    pairs.join(" ")
}

#[test]
fn a_scan_gives_each_field_of_a_large_hash_once() {
    let mut client = with_large_hash(1, 500);
    for request in ["HSCAN h", "HSCAN h COUNT 1", "HSCAN h COUNT 9999 MATCH *"] {
        let (mut cursor, mut found, mut steps) = ("0".to_string(), Vec::new(), 0);
        loop {
            let [command, key, options @ ..] = &words(request)[..] else { panic!("{request}") };
            let mut step = vec![command.clone(), key.clone(), cursor.clone().into_bytes()];
            step.extend(options.iter().cloned());
            let reply = client.send(&step);
            let (next, fields) = reply[2..reply.len() - 1].split_once(' ').expect("two parts");
            found.extend(strings(fields).chunks(2).map(|pair| pair[0].to_string()));
            (cursor, steps) = (next.to_string(), steps + 1);
            if cursor == "0" {
                break;
            }
        }
        assert_eq!(found.len(), 500, "{request}");
        found.sort();
        found.dedup();
        assert_eq!(found.len(), 500, "{request}");
        assert_eq!(steps == 1, request.contains("9999"), "{request} took {steps} steps");
    }
}

#[test]
fn a_scan_may_leave_the_values_out() {
    check(&[
        ("HSET h a 1 b 2", ":2"),
        ("HSCAN h 0 NOVALUES", "[$0 [$a $b]]"),
        ("HSCAN h 0 novalues MATCH b", "[$0 [$b]]"),
        ("HSCAN h 0 NOVALUES 1", "-ERR syntax error"),
    ]);
}

#[test]
fn random_fields_differ_unless_their_count_is_negative() {
    for len in [20, 300] {
        let mut client = with_large_hash(1, len);
        for count in [1, 5, 100, 299, 300, 1000] {
            let reply = client.run(&format!("HRANDFIELD h {count}"));
            let mut fields = strings(&reply);
            assert_eq!(fields.len(), count.min(len));
            fields.sort_unstable();
            fields.dedup();
            assert_eq!(fields.len(), count.min(len), "{count} of {len}");
        }
        let reply = client.run("HRANDFIELD h -1000 WITHVALUES");
        let pairs = strings(&reply);
        assert_eq!(pairs.len(), 2000);
        assert!(pairs.chunks(2).all(|pair| pair[0] == format!("field:{}", pair[1])));
        let mut seen = pairs;
        seen.sort_unstable();
        seen.dedup();
        assert!(seen.len() > len, "most of the {len} fields are among a thousand");
        assert_eq!(client.run("HRANDFIELD h -16777217"), "-ERR value is out of range");
    }
}
