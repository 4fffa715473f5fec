//! The sorted set commands. The replies are those of Redis 7.2.

mod support;

use std::collections::BTreeSet;
use support::{Client, SHARDS, check};

/// Runs the requests with version 3 of the protocol, which shows what is a score and what a pair.
#[track_caller]
fn check_v3(table: &[(&str, &str)]) {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        client.run("HELLO 3");
        for (request, expected) in table {
            assert_eq!(client.run(request), *expected, "{request}, with {shards} shards");
        }
    }
}

#[test]
fn members_are_added_with_scores_and_options() {
    check_v3(&[
        ("ZADD k 1 a", ":1"),
        ("ZADD k 2 a 3 b", ":1"),
        ("ZRANGE k 0 -1 WITHSCORES", "[[$a ,2] [$b ,3]]"),
        ("ZADD k CH 2 a 4 b 5 c", ":2"),
        ("ZADD k NX 9 a 9 d", ":1"),
        ("ZADD k XX 10 a 10 e", ":0"),
        ("ZADD k XX CH 11 a 11 e", ":1"),
        ("ZADD k GT CH 1 a 12 b 1 f", ":2"),
        ("ZADD k lt ch 99 a 2 b 99 g", ":2"),
        ("ZADD k xx gt ch 100 a 100 h", ":1"),
        ("ZADD k nx ch 1 a 1 i", ":1"),
        (
            "ZRANGE k 0 -1 WITHSCORES",
            "[[$f ,1] [$i ,1] [$b ,2] [$c ,5] [$d ,9] [$g ,99] [$a ,100]]",
        ),
        ("ZADD k INCR 1.5 a", ",101.5"),
        ("ZADD k NX INCR 1 a", "_"),
        ("ZADD k NX INCR 1 j", ",1"),
        ("ZADD k XX INCR 1 l", "_"),
        ("ZADD k GT INCR -1 a", "_"),
        ("ZADD k LT INCR 1 a", "_"),
        ("ZADD k LT INCR -1 a", ",100.5"),
        ("ZADD k GT INCR 0 a", "_"),
        ("ZADD k INCR CH 2 a", ",102.5"),
        ("ZADD k 7 m 8 m", ":1"),
        ("ZSCORE k m", ",8"),
        ("ZADD missing XX 1 a", ":0"),
        ("ZADD missing XX INCR 1 a", "_"),
        ("EXISTS missing", ":0"),
        ("ZINCRBY k 2.5 m", ",10.5"),
        ("ZINCRBY k -1 new", ",-1"),
        ("ZCARD k", ":10"),
    ]);
}

#[test]
fn additions_are_checked_before_the_key() {
    check_v3(&[
        ("SET s 1", "+OK"),
        ("ZADD k", "-ERR wrong number of arguments for 'zadd' command"),
        ("ZADD k 1", "-ERR wrong number of arguments for 'zadd' command"),
        ("ZADD k NX", "-ERR wrong number of arguments for 'zadd' command"),
        ("ZADD k NX CH", "-ERR syntax error"),
        ("ZADD k NX 1", "-ERR syntax error"),
        ("ZADD k INCR NX 1", "-ERR syntax error"),
        ("ZADD k 1 a 2", "-ERR syntax error"),
        ("ZADD k NX XX 1 a", "-ERR XX and NX options at the same time are not compatible"),
        ("ZADD k NX GT 1 a", "-ERR GT, LT, and/or NX options at the same time are not compatible"),
        ("ZADD k NX LT 1 a", "-ERR GT, LT, and/or NX options at the same time are not compatible"),
        ("ZADD k GT LT 1 a", "-ERR GT, LT, and/or NX options at the same time are not compatible"),
        ("ZADD k NX XX GT x a", "-ERR XX and NX options at the same time are not compatible"),
        ("ZADD k INCR 1 a 2 b", "-ERR INCR option supports a single increment-element pair"),
        ("ZADD k NX XX INCR 1 a 2 b", "-ERR XX and NX options at the same time are not compatible"),
        ("ZADD k x a", "-ERR value is not a valid float"),
        ("ZADD k 1 a x b", "-ERR value is not a valid float"),
        ("ZADD k 1 a NX b", "-ERR value is not a valid float"),
        ("ZADD k nan a", "-ERR value is not a valid float"),
        (r#"ZADD k "" a"#, "-ERR value is not a valid float"),
        (r#"ZADD k " 1" a"#, "-ERR value is not a valid float"),
        (r#"ZADD k "1 " a"#, "-ERR value is not a valid float"),
        ("ZADD k 1e400 a", "-ERR value is not a valid float"),
        ("ZADD k 0x a", "-ERR value is not a valid float"),
        (r#"ZADD k "1\x00" a"#, "-ERR value is not a valid float"),
        ("EXISTS k", ":0"),
        ("ZADD s 1 a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZADD s x a", "-ERR value is not a valid float"),
        ("ZADD s 1", "-ERR wrong number of arguments for 'zadd' command"),
        ("ZADD s XX 1 a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZADD s INCR 1 a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZINCRBY k NX a", "-ERR syntax error"),
        ("ZINCRBY k x a", "-ERR value is not a valid float"),
        ("ZINCRBY s 1 a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZINCRBY s x a", "-ERR value is not a valid float"),
        ("ZADD k inf a", ":1"),
        ("ZINCRBY k -inf a", "-ERR resulting score is not a number (NaN)"),
        ("ZADD k INCR -inf a", "-ERR resulting score is not a number (NaN)"),
        ("ZADD k NX INCR -inf a", "_"),
        ("ZADD k INCR inf a", ",inf"),
        ("ZINCRBY k 1", "-ERR wrong number of arguments for 'zincrby' command"),
        ("ZINCRBY k 1 a 2", "-ERR wrong number of arguments for 'zincrby' command"),
    ]);
}

#[test]
fn scores_are_read_as_c_reads_numbers() {
    check_v3(&[
        ("ZADD k 0x10 a +5 b .5 c 5. d -0x1p-1 e 1E2 f 0e9999 g +inf h -Infinity i INF j", ":10"),
        (
            "ZRANGE k 0 -1 WITHSCORES",
            "[[$i ,-inf] [$e ,-0.5] [$g ,0] [$c ,0.5] [$b ,5] [$d ,5] [$a ,16] [$f ,100] [$h ,inf] [$j ,inf]]",
        ),
        ("ZCOUNT k 0x10 0x10", ":1"),
        ("ZCOUNT k -INF +Inf", ":10"),
        ("ZCOUNT k 1e400 1e999", ":2"),
        (r#"ZCOUNT k " 5" "( 16""#, ":2"),
        (r#"ZCOUNT k "" """#, ":1"),
        (r#"ZCOUNT k "(" 5"#, ":3"),
        (r#"ZCOUNT k "5\x00x" 5"#, ":2"),
        (r#"ZCOUNT k "5 " 5"#, "-ERR min or max is not a float"),
        ("ZCOUNT k nan 5", "-ERR min or max is not a float"),
        ("ZCOUNT k ((5 5", "-ERR min or max is not a float"),
    ]);
}

#[test]
fn zero_loses_its_sign_in_what_redis_keeps_in_a_listpack() {
    check_v3(&[
        ("ZADD k -0 a", ":1"),
        ("ZSCORE k a", ",0"),
        ("ZADD k INCR -0 b", ",-0"),
        ("ZSCORE k b", ",0"),
        ("ZINCRBY k -0 b", ",0"),
        ("ZADD k -1 c", ":1"),
        ("ZINCRBY k 1 c", ",0"),
        ("CONFIG SET zset-max-listpack-entries 2", "+OK"),
        ("ZADD l -0 a -0 b -0 c", ":3"),
        ("ZMSCORE l a b c", "[,0 ,0 ,-0]"),
        ("ZADD l CH 0 c", ":0"),
        ("ZSCORE l c", ",-0"),
        ("ZUNION 1 k WEIGHTS -1 WITHSCORES", "[[$a ,-0] [$b ,-0] [$c ,-0]]"),
        ("ZUNIONSTORE n 1 k WEIGHTS -1", ":3"),
        ("ZRANGE n 0 -1 WITHSCORES", "[[$a ,-0] [$b ,-0] [$c ,-0]]"),
        ("ZRANGESTORE o l 2 2", ":1"),
        ("ZRANGE o 0 -1 WITHSCORES", "[[$c ,0]]"),
        ("CONFIG SET zset-max-listpack-value 1", "+OK"),
        ("ZADD m -0 a -0 bb", ":2"),
        ("ZMSCORE m a bb", "[,0 ,-0]"),
    ]);
}

#[test]
fn members_are_removed() {
    check_v3(&[
        ("ZADD k 1 a 2 b 3 c", ":3"),
        ("ZREM k b nope b", ":1"),
        ("ZREM k a c", ":2"),
        ("EXISTS k", ":0"),
        ("ZREM k a", ":0"),
        ("SET s 1", "+OK"),
        ("ZREM s a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZREM k", "-ERR wrong number of arguments for 'zrem' command"),
    ]);
}

#[test]
fn scores_and_ranks_are_told() {
    check_v3(&[
        ("ZADD k 1 a 2 b 2 c 4 d", ":4"),
        ("ZSCORE k c", ",2"),
        ("ZSCORE k nope", "_"),
        ("ZSCORE missing a", "_"),
        ("ZMSCORE k a nope d", "[,1 _ ,4]"),
        ("ZMSCORE missing a b", "[_ _]"),
        ("ZRANK k c", ":2"),
        ("ZREVRANK k c", ":1"),
        ("ZRANK k nope", "_"),
        ("ZREVRANK missing a", "_"),
        ("ZCARD k", ":4"),
        ("ZCARD missing", ":0"),
        ("SET s 1", "+OK"),
        ("ZSCORE s a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZMSCORE s a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZRANK s a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZREVRANK s a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZCARD s", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZSCORE k", "-ERR wrong number of arguments for 'zscore' command"),
        ("ZMSCORE k", "-ERR wrong number of arguments for 'zmscore' command"),
        ("ZRANK k", "-ERR wrong number of arguments for 'zrank' command"),
    ]);
}

#[test]
fn ranges_of_ranks() {
    check_v3(&[
        ("ZADD k 1 a 2 b 3 c 4 d 5 e", ":5"),
        ("ZRANGE k 0 -1", "[$a $b $c $d $e]"),
        ("ZRANGE k 1 2 WITHSCORES", "[[$b ,2] [$c ,3]]"),
        ("ZRANGE k -2 -1", "[$d $e]"),
        ("ZRANGE k -100 100", "[$a $b $c $d $e]"),
        ("ZRANGE k 5 9", "[]"),
        ("ZRANGE k 3 1", "[]"),
        ("ZRANGE k 0 1 REV", "[$e $d]"),
        ("ZRANGE k -1 -1 rev withscores", "[[$a ,1]]"),
        ("ZRANGE k -9223372036854775808 9223372036854775807", "[$a $b $c $d $e]"),
        ("ZRANGE k 9223372036854775807 -9223372036854775808", "[]"),
        ("ZRANGE k 0 9223372036854775808", "-ERR value is not an integer or out of range"),
        ("ZRANGE k x 1", "-ERR value is not an integer or out of range"),
        ("ZRANGE missing x 1", "-ERR value is not an integer or out of range"),
        ("ZRANGE missing 0 -1", "[]"),
        ("ZREVRANGE k 0 1", "[$e $d]"),
        ("ZREVRANGE k 0 1 WITHSCORES", "[[$e ,5] [$d ,4]]"),
        ("ZREVRANGE k -2 -1", "[$b $a]"),
        ("ZREVRANGE k 0 x", "-ERR value is not an integer or out of range"),
        ("ZREVRANGE k 0 1 REV", "-ERR syntax error"),
        ("ZREVRANGE k 0 1 BYSCORE", "-ERR syntax error"),
        ("SET s 1", "+OK"),
        ("ZRANGE s 0 -1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZRANGE s x -1", "-ERR value is not an integer or out of range"),
        ("ZREVRANGE s 0 -1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
    ]);
}

#[test]
fn ranges_of_scores() {
    check_v3(&[
        ("ZADD k 1 a 2 b 3 c 4 d 5 e", ":5"),
        ("ZRANGE k 2 4 BYSCORE", "[$b $c $d]"),
        ("ZRANGE k 2 4 BYSCORE WITHSCORES", "[[$b ,2] [$c ,3] [$d ,4]]"),
        ("ZRANGE k (2 (4 BYSCORE", "[$c]"),
        ("ZRANGE k 4 2 BYSCORE", "[]"),
        ("ZRANGE k 4 2 BYSCORE REV", "[$d $c $b]"),
        ("ZRANGE k +inf (2 BYSCORE REV LIMIT 1 1", "[$d]"),
        ("ZRANGE k 1 5 BYSCORE LIMIT 1 2", "[$b $c]"),
        ("ZRANGE k 1 5 BYSCORE LIMIT 3 100", "[$d $e]"),
        ("ZRANGE k 1 5 BYSCORE LIMIT 1 -1", "[$b $c $d $e]"),
        ("ZRANGE k 1 5 BYSCORE LIMIT 9 -1", "[]"),
        ("ZRANGE k 1 5 BYSCORE LIMIT -1 2", "[]"),
        ("ZRANGE k 1 5 BYSCORE LIMIT 1 0", "[]"),
        ("ZRANGE k 1 5 BYSCORE LIMIT 9223372036854775807 9223372036854775807", "[]"),
        ("ZRANGE k 5 1 BYSCORE REV LIMIT 1 2 WITHSCORES", "[[$d ,4] [$c ,3]]"),
        ("ZRANGE k x 1 BYSCORE", "-ERR min or max is not a float"),
        ("ZRANGE missing x 1 BYSCORE", "-ERR min or max is not a float"),
        ("ZRANGEBYSCORE k 2 3", "[$b $c]"),
        ("ZRANGEBYSCORE k (2 +inf WITHSCORES LIMIT 1 1", "[[$d ,4]]"),
        ("ZRANGEBYSCORE k -inf +inf LIMIT 0 2 LIMIT 4 1", "[$e]"),
        ("ZRANGEBYSCORE k 1 3 REV", "-ERR syntax error"),
        ("ZRANGEBYSCORE k 1 3 BYLEX", "-ERR syntax error"),
        ("ZRANGEBYSCORE k 1 3 LIMIT 0", "-ERR syntax error"),
        ("ZREVRANGEBYSCORE k 3 1", "[$c $b $a]"),
        ("ZREVRANGEBYSCORE k 1 3", "[]"),
        ("ZREVRANGEBYSCORE k +inf -inf WITHSCORES LIMIT 1 2", "[[$d ,4] [$c ,3]]"),
        ("ZCOUNT k 2 4", ":3"),
        ("ZCOUNT k (2 (4", ":1"),
        ("ZCOUNT k 4 2", ":0"),
        ("ZCOUNT k (3 (3", ":0"),
        ("ZCOUNT missing 1 2", ":0"),
        ("ZCOUNT missing x 2", "-ERR min or max is not a float"),
        ("SET s 1", "+OK"),
        ("ZCOUNT s 1 2", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZCOUNT s x 2", "-ERR min or max is not a float"),
        (
            "ZRANGEBYSCORE s 1 2",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
    ]);
}

#[test]
fn ranges_of_members() {
    check_v3(&[
        ("ZADD k 0 a 0 aa 0 b 0 c 0 d", ":5"),
        ("ZRANGE k - + BYLEX", "[$a $aa $b $c $d]"),
        ("ZRANGE k [aa (c BYLEX", "[$aa $b]"),
        ("ZRANGE k (a [c BYLEX LIMIT 1 5", "[$b $c]"),
        ("ZRANGE k + - BYLEX REV", "[$d $c $b $aa $a]"),
        ("ZRANGE k (c [aa BYLEX REV LIMIT 0 1", "[$b]"),
        ("ZRANGE k - - BYLEX", "[]"),
        ("ZRANGE k + + BYLEX", "[]"),
        ("ZRANGE k + - BYLEX", "[]"),
        ("ZRANGE k [ ( BYLEX", "[]"),
        ("ZRANGE k b c BYLEX", "-ERR min or max not valid string range item"),
        ("ZRANGE k [b c BYLEX", "-ERR min or max not valid string range item"),
        ("ZRANGE k -x + BYLEX", "-ERR min or max not valid string range item"),
        (
            "ZRANGE k - + BYLEX WITHSCORES",
            "-ERR syntax error, WITHSCORES not supported in combination with BYLEX",
        ),
        ("ZRANGEBYLEX k [b [b", "[$b]"),
        ("ZRANGEBYLEX k - + LIMIT 1 2", "[$aa $b]"),
        (
            "ZRANGEBYLEX k - + WITHSCORES",
            "-ERR syntax error, WITHSCORES not supported in combination with BYLEX",
        ),
        ("ZRANGEBYLEX k - + REV", "-ERR syntax error"),
        ("ZREVRANGEBYLEX k + -", "[$d $c $b $aa $a]"),
        ("ZREVRANGEBYLEX k [c (a LIMIT 0 2", "[$c $b]"),
        ("ZLEXCOUNT k - +", ":5"),
        ("ZLEXCOUNT k [b (d", ":2"),
        ("ZLEXCOUNT k [d [b", ":0"),
        ("ZLEXCOUNT k x [b", "-ERR min or max not valid string range item"),
        ("ZLEXCOUNT missing x [b", "-ERR min or max not valid string range item"),
        ("ZLEXCOUNT missing - +", ":0"),
        ("SET s 1", "+OK"),
        ("ZLEXCOUNT s - +", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZLEXCOUNT s x +", "-ERR min or max not valid string range item"),
    ]);
}

#[test]
fn options_of_ranges_are_checked_in_order() {
    check_v3(&[
        ("ZADD k 1 a 2 b", ":2"),
        ("ZRANGE k 0 -1 FOO", "-ERR syntax error"),
        ("ZRANGE k 0 -1 WITHSCORES WITHSCORES", "[[$a ,1] [$b ,2]]"),
        ("ZRANGE k 0 -1 REV REV", "-ERR syntax error"),
        ("ZRANGE k 0 1 BYSCORE BYSCORE", "-ERR syntax error"),
        ("ZRANGE k - + BYSCORE BYLEX", "-ERR syntax error"),
        (
            "ZRANGE k 0 -1 LIMIT 0 1",
            "-ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
        ),
        ("ZRANGE k 0 -1 LIMIT 1 -1", "[$a $b]"),
        (
            "ZRANGE k x -1 LIMIT 0 1",
            "-ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
        ),
        ("ZRANGE k 0 1 BYSCORE LIMIT 0", "-ERR syntax error"),
        ("ZRANGE k 0 1 BYSCORE LIMIT x 1", "-ERR value is not an integer or out of range"),
        ("ZRANGE k 0 1 BYSCORE LIMIT 1 x", "-ERR value is not an integer or out of range"),
        ("ZRANGE k 0 1 BYSCORE LIMIT x 1 FOO", "-ERR value is not an integer or out of range"),
        (
            "ZRANGE k 0 -1 BYLEX WITHSCORES LIMIT 0 1",
            "-ERR syntax error, WITHSCORES not supported in combination with BYLEX",
        ),
        ("ZRANGE k 0 -1 BYLEX LIMIT 0 1", "-ERR min or max not valid string range item"),
        (
            "ZREVRANGE k 0 1 LIMIT 0 1",
            "-ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
        ),
        ("ZRANGE k 0", "-ERR wrong number of arguments for 'zrange' command"),
    ]);
}

#[test]
fn ranges_are_stored() {
    check_v3(&[
        ("ZADD k 1 a 2 b 3 c", ":3"),
        ("ZRANGESTORE d k 0 -1", ":3"),
        ("ZRANGE d 0 -1 WITHSCORES", "[[$a ,1] [$b ,2] [$c ,3]]"),
        ("ZRANGESTORE d k 0 0 REV", ":1"),
        ("ZRANGE d 0 -1 WITHSCORES", "[[$c ,3]]"),
        ("ZRANGESTORE d k 3 1 BYSCORE REV LIMIT 1 1", ":1"),
        ("ZRANGE d 0 -1 WITHSCORES", "[[$b ,2]]"),
        ("ZRANGESTORE d k - + BYLEX LIMIT 0 2", ":2"),
        ("PEXPIREAT d 9999999999000", ":1"),
        ("ZRANGESTORE d k 0 1", ":2"),
        ("PEXPIRETIME d", ":-1"),
        ("ZRANGESTORE d missing 0 -1", ":0"),
        ("EXISTS d", ":0"),
        ("ZRANGESTORE k k 1 1", ":1"),
        ("ZRANGE k 0 -1 WITHSCORES", "[[$b ,2]]"),
        ("ZRANGESTORE d k 5 4", ":0"),
        ("ZRANGESTORE d k 0 -1 WITHSCORES", "-ERR syntax error"),
        ("ZRANGESTORE d k x 1", "-ERR value is not an integer or out of range"),
        ("SET s 1", "+OK"),
        (
            "ZRANGESTORE d s 0 -1",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        ("ZRANGESTORE s k 0 -1", ":1"),
        ("TYPE s", "+zset"),
    ]);
}

#[test]
fn ranges_are_removed() {
    check_v3(&[
        ("ZADD k 1 a 2 b 3 c 4 d 5 e 6 f", ":6"),
        ("ZREMRANGEBYRANK k 0 0", ":1"),
        ("ZREMRANGEBYRANK k -1 -1", ":1"),
        ("ZREMRANGEBYRANK k 10 20", ":0"),
        ("ZREMRANGEBYRANK k x 1", "-ERR value is not an integer or out of range"),
        ("ZREMRANGEBYSCORE k (2 3", ":1"),
        ("ZREMRANGEBYSCORE k x 3", "-ERR min or max is not a float"),
        ("ZREMRANGEBYSCORE k 9 8", ":0"),
        ("ZREMRANGEBYLEX k [b [b", ":1"),
        ("ZREMRANGEBYLEX k b [b", "-ERR min or max not valid string range item"),
        ("ZRANGE k 0 -1", "[$d $e]"),
        ("ZREMRANGEBYLEX k - +", ":2"),
        ("EXISTS k", ":0"),
        ("ZREMRANGEBYRANK missing 0 0", ":0"),
        ("ZREMRANGEBYSCORE missing 0 0", ":0"),
        ("ZREMRANGEBYLEX missing - +", ":0"),
        ("SET s 1", "+OK"),
        (
            "ZREMRANGEBYRANK s 0 0",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        ("ZREMRANGEBYRANK s x 0", "-ERR value is not an integer or out of range"),
        (
            "ZREMRANGEBYSCORE s 0 0",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        (
            "ZREMRANGEBYLEX s - +",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        ("ZREMRANGEBYRANK k 0", "-ERR wrong number of arguments for 'zremrangebyrank' command"),
    ]);
}

#[test]
fn pairs_are_taken_from_either_end() {
    check_v3(&[
        ("ZADD k 1 a 2 b 3 c 4 d 5 e", ":5"),
        ("ZPOPMIN k", "[$a ,1]"),
        ("ZPOPMAX k", "[$e ,5]"),
        ("ZPOPMIN k 0", "[]"),
        ("ZPOPMAX k 2", "[[$d ,4] [$c ,3]]"),
        ("ZPOPMIN k -1", "-ERR value is out of range, must be positive"),
        ("ZPOPMIN k x", "-ERR value is out of range, must be positive"),
        ("ZPOPMIN k 1 2", "-ERR syntax error"),
        ("ZPOPMAX k 9223372036854775807", "[[$b ,2]]"),
        ("EXISTS k", ":0"),
        ("ZPOPMIN missing", "[]"),
        ("ZPOPMIN missing 0", "[]"),
        ("ZPOPMAX missing 5", "[]"),
        ("ZPOPMAX missing -1", "-ERR value is out of range, must be positive"),
        ("SET s 1", "+OK"),
        ("ZPOPMIN s", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZPOPMIN s 0", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZPOPMIN s -1", "-ERR value is out of range, must be positive"),
        ("ZPOPMIN s 1 2", "-ERR syntax error"),
    ]);
}

#[test]
fn pairs_are_taken_from_the_first_set_that_is_there() {
    check_v3(&[
        ("ZADD k 1 a 2 b 3 c", ":3"),
        ("ZMPOP 1 k MIN", "[$k [[$a ,1]]]"),
        ("ZMPOP 2 missing k max COUNT 5", "[$k [[$c ,3] [$b ,2]]]"),
        ("EXISTS k", ":0"),
        ("ZMPOP 1 k MIN", "*_"),
        ("ZADD k 1 a", ":1"),
        ("SET s 1", "+OK"),
        ("ZMPOP 0 k MIN", "-ERR numkeys should be greater than 0"),
        ("ZMPOP x k MIN", "-ERR numkeys should be greater than 0"),
        ("ZMPOP -1 k MIN", "-ERR numkeys should be greater than 0"),
        ("ZMPOP 9223372036854775807 k MIN", "-ERR syntax error"),
        ("ZMPOP 9223372036854775808 k MIN", "-ERR numkeys should be greater than 0"),
        ("ZMPOP 1 k", "-ERR wrong number of arguments for 'zmpop' command"),
        ("ZMPOP 2 k MIN", "-ERR syntax error"),
        ("ZMPOP 1 k FOO", "-ERR syntax error"),
        ("ZMPOP 1 k MIN COUNT", "-ERR syntax error"),
        ("ZMPOP 1 k MIN COUNT 0", "-ERR count should be greater than 0"),
        ("ZMPOP 1 k MIN COUNT x", "-ERR count should be greater than 0"),
        ("ZMPOP 1 k MIN COUNT 1 COUNT 2", "-ERR syntax error"),
        ("ZMPOP 1 k MIN FOO", "-ERR syntax error"),
        ("ZMPOP 1 k MIN FOO 1", "-ERR syntax error"),
        ("ZMPOP 1 s MIN COUNT 0", "-ERR count should be greater than 0"),
        ("ZMPOP 2 s k MIN", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZMPOP 2 k s MIN", "[$k [[$a ,1]]]"),
        ("ZMPOP 2 k s MIN", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
    ]);
}

#[test]
fn random_members_are_asked_for_in_three_ways() {
    check_v3(&[
        ("ZADD k 1 a", ":1"),
        ("ZRANDMEMBER k", "$a"),
        ("ZRANDMEMBER k 5", "[$a]"),
        ("ZRANDMEMBER k -3", "[$a $a $a]"),
        ("ZRANDMEMBER k 1 WITHSCORES", "[[$a ,1]]"),
        ("ZRANDMEMBER k -2 withscores", "[[$a ,1] [$a ,1]]"),
        ("ZRANDMEMBER k 0", "[]"),
        ("ZRANDMEMBER k 0 WITHSCORES", "[]"),
        ("ZRANDMEMBER k 9223372036854775807", "[$a]"),
        ("ZRANDMEMBER k x", "-ERR value is not an integer or out of range"),
        ("ZRANDMEMBER k x FOO", "-ERR value is not an integer or out of range"),
        ("ZRANDMEMBER k 1 FOO", "-ERR syntax error"),
        ("ZRANDMEMBER k 1 WITHSCORES x", "-ERR syntax error"),
        (
            "ZRANDMEMBER k -9223372036854775808",
            "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
        ),
        ("ZRANDMEMBER k 4611686018427387904 WITHSCORES", "-ERR value is out of range"),
        ("ZRANDMEMBER k 4611686018427387903 WITHSCORES", "[[$a ,1]]"),
        ("ZRANDMEMBER missing", "_"),
        ("ZRANDMEMBER missing 1", "[]"),
        ("ZRANDMEMBER missing x", "-ERR value is not an integer or out of range"),
        ("SET s 1", "+OK"),
        ("ZRANDMEMBER s", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZRANDMEMBER s 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZRANDMEMBER s x", "-ERR value is not an integer or out of range"),
    ]);
}

#[test]
fn a_small_set_is_scanned_at_once() {
    check_v3(&[
        ("ZADD k 1 a 2.5 b 3 cc", ":3"),
        ("ZSCAN k 0", "[$0 [$a $1 $b $2.5 $cc $3]]"),
        ("ZSCAN k 0 COUNT 1", "[$0 [$a $1 $b $2.5 $cc $3]]"),
        ("ZSCAN k 0 MATCH ?", "[$0 [$a $1 $b $2.5]]"),
        ("ZSCAN k x", "-ERR invalid cursor"),
        ("ZSCAN k 0 FOO", "-ERR syntax error"),
        ("ZSCAN k 0 COUNT 0", "-ERR syntax error"),
        ("ZSCAN missing 0", "[$0 []]"),
        ("ZSCAN missing x", "-ERR invalid cursor"),
        ("ZSCAN missing 0 FOO", "[$0 []]"),
        ("SET s 1", "+OK"),
        ("ZSCAN s 0", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZSCAN s 0 FOO", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZSCAN s x", "-ERR invalid cursor"),
    ]);
}

#[test]
fn unions() {
    check_v3(&[
        ("ZADD k 1 a 2 b 3 c", ":3"),
        ("ZADD l 1 a 1 b 1 x", ":3"),
        ("ZUNION 2 k l", "[$x $a $b $c]"),
        ("ZUNION 2 k l WITHSCORES", "[[$x ,1] [$a ,2] [$b ,3] [$c ,3]]"),
        ("ZUNION 2 k l WEIGHTS 2 3 WITHSCORES", "[[$x ,3] [$a ,5] [$c ,6] [$b ,7]]"),
        ("ZUNION 2 k l AGGREGATE MIN WITHSCORES", "[[$a ,1] [$b ,1] [$x ,1] [$c ,3]]"),
        ("ZUNION 2 k l aggregate max withscores", "[[$a ,1] [$x ,1] [$b ,2] [$c ,3]]"),
        ("ZUNION 2 k k WITHSCORES", "[[$a ,2] [$b ,4] [$c ,6]]"),
        ("ZUNION 2 k missing", "[$a $b $c]"),
        ("ZUNION 1 missing", "[]"),
        ("ZUNIONSTORE d 2 k l", ":4"),
        ("ZRANGE d 0 -1 WITHSCORES", "[[$x ,1] [$a ,2] [$b ,3] [$c ,3]]"),
        ("ZUNIONSTORE k 2 k k WEIGHTS 1 -1", ":3"),
        ("ZRANGE k 0 -1 WITHSCORES", "[[$a ,0] [$b ,0] [$c ,0]]"),
        ("ZUNIONSTORE d 1 missing", ":0"),
        ("EXISTS d", ":0"),
        ("ZUNIONSTORE d 2 k l WITHSCORES", "-ERR syntax error"),
        ("SET s 1", "+OK"),
        ("ZUNIONSTORE s 1 k", ":3"),
        ("TYPE s", "+zset"),
    ]);
}

#[test]
fn intersections() {
    check_v3(&[
        ("ZADD k 1 a 2 b 3 c", ":3"),
        ("ZADD l 1 a 1 b 1 x", ":3"),
        ("ZINTER 2 k l", "[$a $b]"),
        ("ZINTER 2 k l WITHSCORES", "[[$a ,2] [$b ,3]]"),
        ("ZINTER 2 l k WEIGHTS 2 3 AGGREGATE MAX WITHSCORES", "[[$a ,3] [$b ,6]]"),
        ("ZINTER 2 k k WEIGHTS 2 3 WITHSCORES", "[[$a ,5] [$b ,10] [$c ,15]]"),
        ("ZINTER 2 k missing", "[]"),
        ("ZINTERSTORE d 2 k l", ":2"),
        ("ZRANGE d 0 -1 WITHSCORES", "[[$a ,2] [$b ,3]]"),
        ("ZINTERSTORE d 2 k missing", ":0"),
        ("EXISTS d", ":0"),
        ("ZINTERCARD 2 k l", ":2"),
        ("ZINTERCARD 2 k l LIMIT 1", ":1"),
        ("ZINTERCARD 2 k l LIMIT 0", ":2"),
        ("ZINTERCARD 1 missing", ":0"),
        ("ZINTERCARD 2 k l LIMIT -1", "-ERR LIMIT can't be negative"),
        ("ZINTERCARD 2 k l LIMIT x", "-ERR LIMIT can't be negative"),
        ("ZINTERCARD 2 k l LIMIT", "-ERR syntax error"),
        ("ZINTERCARD 2 k l LIMIT 1 LIMIT 0", ":2"),
        ("ZINTERCARD 2 k l WITHSCORES", "-ERR syntax error"),
        ("ZINTERCARD 2 k l WEIGHTS 1 1", "-ERR syntax error"),
        ("ZINTERCARD 0 k", "-ERR at least 1 input key is needed for 'zintercard' command"),
        ("ZINTERCARD 3 k l", "-ERR syntax error"),
    ]);
}

#[test]
fn differences() {
    check_v3(&[
        ("ZADD k 1 a 2 b 3 c", ":3"),
        ("ZADD l 1 a 1 b 1 x", ":3"),
        ("ZDIFF 2 k l WITHSCORES", "[[$c ,3]]"),
        ("ZDIFF 2 l k", "[$x]"),
        ("ZDIFF 2 k k", "[]"),
        ("ZDIFF 1 k", "[$a $b $c]"),
        ("ZDIFF 2 missing k", "[]"),
        ("ZDIFF 2 k missing", "[$a $b $c]"),
        ("ZDIFF 2 k l WEIGHTS 1 1", "-ERR syntax error"),
        ("ZDIFF 2 k l AGGREGATE MIN", "-ERR syntax error"),
        ("ZDIFFSTORE d 2 k l", ":1"),
        ("ZRANGE d 0 -1 WITHSCORES", "[[$c ,3]]"),
        ("ZDIFFSTORE d 2 k k", ":0"),
        ("EXISTS d", ":0"),
        ("ZDIFFSTORE d 2 k l WITHSCORES", "-ERR syntax error"),
    ]);
}

#[test]
fn combinations_are_checked_in_order() {
    check_v3(&[
        ("ZADD k 1 a", ":1"),
        ("SET s 1", "+OK"),
        ("ZUNION 0 k", "-ERR at least 1 input key is needed for 'zunion' command"),
        ("ZUNION -1 k", "-ERR at least 1 input key is needed for 'zunion' command"),
        ("ZUNION x k", "-ERR value is not an integer or out of range"),
        ("ZUNION 2 k", "-ERR syntax error"),
        ("ZUNION 9223372036854775807 k", "-ERR syntax error"),
        ("ZUNION 2 s k FOO", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZUNION 1 k FOO", "-ERR syntax error"),
        ("ZUNION 2 k k WEIGHTS 1", "-ERR syntax error"),
        ("ZUNION 2 k k WEIGHTS 1 x", "-ERR weight value is not a float"),
        ("ZUNION 2 k k WEIGHTS 1 nan", "-ERR weight value is not a float"),
        ("ZUNION 1 k AGGREGATE", "-ERR syntax error"),
        ("ZUNION 1 k AGGREGATE avg", "-ERR syntax error"),
        ("ZUNION 1 k WEIGHTS 2 WEIGHTS 3 AGGREGATE MIN AGGREGATE SUM WITHSCORES", "[[$a ,3]]"),
        ("ZINTER 0 k", "-ERR at least 1 input key is needed for 'zinter' command"),
        ("ZINTERSTORE d 0 k", "-ERR at least 1 input key is needed for 'zinterstore' command"),
        ("ZINTERSTORE d x k", "-ERR value is not an integer or out of range"),
        (
            "ZINTER 2 missing s",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        ("ZDIFF 0 k", "-ERR at least 1 input key is needed for 'zdiff' command"),
        ("ZDIFF 2 missing s", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZDIFFSTORE d 0 k", "-ERR at least 1 input key is needed for 'zdiffstore' command"),
        ("ZUNIONSTORE d 0 k", "-ERR at least 1 input key is needed for 'zunionstore' command"),
        (
            "ZUNIONSTORE d 2 k s",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        ("ZINTERCARD x k", "-ERR value is not an integer or out of range"),
        ("ZINTERCARD 2 k s", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZUNION 1", "-ERR wrong number of arguments for 'zunion' command"),
    ]);
}

#[test]
fn what_is_no_number_counts_as_nothing() {
    check_v3(&[
        ("ZADD i inf a -inf b", ":2"),
        ("ZADD j -inf a inf b", ":2"),
        ("ZUNION 2 i j WITHSCORES", "[[$a ,0] [$b ,0]]"),
        ("ZUNION 1 i WEIGHTS 0 WITHSCORES", "[[$a ,0] [$b ,0]]"),
        ("ZUNION 2 i j WEIGHTS 1 0 WITHSCORES", "[[$b ,-inf] [$a ,inf]]"),
        ("ZINTER 2 i j WEIGHTS 0 1 WITHSCORES", "[[$a ,-inf] [$b ,inf]]"),
        ("ZINTER 2 i j WEIGHTS 1 0 WITHSCORES", "[[$a ,0] [$b ,0]]"),
        ("ZINTER 2 i j WEIGHTS 1 0 AGGREGATE MIN WITHSCORES", "[[$b ,-inf] [$a ,inf]]"),
        ("ZINTER 2 i j WEIGHTS 1 0 AGGREGATE MAX WITHSCORES", "[[$b ,-inf] [$a ,inf]]"),
    ]);
}

#[test]
fn version_2_has_no_pairs() {
    check(&[
        ("ZADD k 1 a 2 b 3 c 4 d", ":4"),
        ("ZRANGE k 0 1 WITHSCORES", "[$a ,1 $b ,2]"),
        ("ZREVRANGE k 0 0 WITHSCORES", "[$d ,4]"),
        ("ZRANGE k 0 1", "[$a $b]"),
        ("ZRANGEBYSCORE k 3 3 WITHSCORES", "[$c ,3]"),
        ("ZUNION 1 k WITHSCORES", "[$a ,1 $b ,2 $c ,3 $d ,4]"),
        ("ZINTER 1 k WITHSCORES", "[$a ,1 $b ,2 $c ,3 $d ,4]"),
        ("ZDIFF 1 k WITHSCORES", "[$a ,1 $b ,2 $c ,3 $d ,4]"),
        ("ZPOPMIN k", "[$a ,1]"),
        ("ZPOPMAX k 2", "[$d ,4 $c ,3]"),
        ("ZRANDMEMBER k 1 WITHSCORES", "[$b ,2]"),
        ("ZRANDMEMBER k -2 WITHSCORES", "[$b ,2 $b ,2]"),
        ("ZMPOP 1 k MAX COUNT 2", "[$k [[$b ,2]]]"),
        ("ZMPOP 1 k MAX", "*_"),
    ]);
}

#[test]
fn a_rank_may_come_with_the_score() {
    check(&[
        ("ZADD k 1 a 2.5 b", ":2"),
        ("SET s 1", "+OK"),
        ("ZRANK k b WITHSCORE", "[:1 ,2.5]"),
        ("ZREVRANK k b withscore", "[:0 ,2.5]"),
        ("ZRANK k c WITHSCORE", "*_"),
        ("ZREVRANK missing c WITHSCORE", "*_"),
        ("ZRANK missing c", "_"),
        ("ZRANK k b WITHSCORES", "-ERR syntax error"),
        ("ZRANK s b FOO", "-ERR syntax error"),
        (
            "ZRANK s b WITHSCORE",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        ("ZRANK k b WITHSCORE x", "-ERR wrong number of arguments for 'zrank' command"),
        ("ZREVRANK k b FOO x", "-ERR wrong number of arguments for 'zrevrank' command"),
    ]);
}

#[test]
fn a_query_begins_at_a_pair() {
    check(&[
        ("ZADD k 1 a 2 b 2 d 3 a2 3 e", ":5"),
        ("ZQUERY k 2 b 0 2", "[$b ,2 $d ,2]"),
        ("ZQUERY k 2 c 0 2", "[$d ,2 $a2 ,3]"),
        ("ZQUERY k 2 c 1 1", "[$a2 ,3]"),
        ("ZQUERY k -inf zzz 0 1", "[$a ,1]"),
        (r#"ZQUERY k 3 "" 0 100"#, "[$a2 ,3 $e ,3]"),
        ("ZQUERY k 3 f 0 100", "[]"),
        ("ZQUERY k 1 a 5 1", "[]"),
        ("ZQUERY k 1 a 0 0", "[]"),
        ("ZQUERY k 1 a 9223372036854775807 9223372036854775807", "[]"),
        ("ZQUERY k 3 a 0 9223372036854775807", "[$a2 ,3 $e ,3]"),
        ("ZQUERY missing 0 a 0 1", "[]"),
        ("ZQUERY k x a 0 1", "-ERR value is not a valid float"),
        ("ZQUERY k nan a 0 1", "-ERR value is not a valid float"),
        ("ZQUERY k 1 a -1 1", "-ERR value is out of range, must be positive"),
        ("ZQUERY k 1 a 0 -1", "-ERR value is out of range, must be positive"),
        ("ZQUERY k 1 a 0 x", "-ERR value is out of range, must be positive"),
        ("ZQUERY missing x a 0 1", "-ERR value is not a valid float"),
        ("SET s 1", "+OK"),
        ("ZQUERY s 1 a 0 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZQUERY k 1 a 0", "-ERR wrong number of arguments for 'zquery' command"),
    ]);
}

#[test]
fn a_query_has_no_pairs_in_version_3_either() {
    check_v3(&[("ZADD k 1 a 2 b", ":2"), ("ZQUERY k 1 a 0 2", "[$a ,1 $b ,2]")]);
}

#[test]
fn members_that_are_updated_in_one_request_are_counted_once_each() {
    check(&[
        ("ZADD k CH 1 a 2 a 3 a", ":3"),
        ("ZADD k 1 b 2 b", ":1"),
        ("ZSCORE k a", ",3"),
        ("ZREM k a a", ":1"),
    ]);
}

/// Members `m0000` and so on, with scores from 0 on.
fn large(shards: usize, count: usize) -> Client {
    let mut client = Client::new(shards);
    for first in (0..count).step_by(100) {
        let pairs = (first..count.min(first + 100)).map(|n| format!(" {n} m{n:04}"));
        client.run(&format!("ZADD k{}", pairs.collect::<String>()));
    }
    client
}

#[test]
fn large_sets_give_the_same_as_small_ones() {
    let mut client = large(1, 3000);
    for (request, expected) in [
        ("ZCARD k", ":3000"),
        ("OBJECT ENCODING k", "$skiplist"),
        ("ZSCORE k m1234", ",1234"),
        ("ZRANK k m1234", ":1234"),
        ("ZREVRANK k m1234", ":1765"),
        ("ZRANGE k 1000 1001 WITHSCORES", "[$m1000 ,1000 $m1001 ,1001]"),
        ("ZRANGE k 2999.5 (2997 BYSCORE REV", "[$m2999 $m2998]"),
        ("ZRANGE k (7 +inf BYSCORE LIMIT 100 2", "[$m0108 $m0109]"),
        ("ZCOUNT k 500 (600", ":100"),
        ("ZINCRBY k 0.5 m0000", ",0.5"),
        ("ZINCRBY k 5000 m0001", ",5001"),
        ("ZRANK k m0001", ":2999"),
        ("ZREMRANGEBYRANK k 1 2000", ":2000"),
        ("ZREMRANGEBYSCORE k 2500 2998", ":499"),
        ("ZRANGE k 0 1", "[$m0000 $m2002]"),
        ("ZPOPMAX k 3", "[$m0001 ,5001 $m2999 ,2999 $m2499 ,2499]"),
        ("ZCARD k", ":498"),
        ("COPY k l", ":1"),
        ("ZRANGESTORE m l 0 -1", ":498"),
        ("ZINTERCARD 2 k m", ":498"),
        ("ZDIFF 2 l m", "[]"),
        ("ZREMRANGEBYLEX k - +", ":498"),
        ("EXISTS k", ":0"),
        ("ZQUERY l 2003 m2003 2 2", "[$m2005 ,2005 $m2006 ,2006]"),
    ] {
        assert_eq!(client.run(request), expected, "{request}");
    }
}

/// The members of a reply of ZSCAN, and the cursor to go on from.
fn page(reply: &str) -> (String, Vec<String>) {
    let words: Vec<_> = reply.split([' ', '[', ']']).filter(|word| !word.is_empty()).collect();
    let member = |pair: &[&str]| pair[0].to_string();
    (words[0][1..].into(), words[1..].chunks(2).map(member).collect())
}

#[test]
fn a_scan_finds_each_member_once_while_others_come_and_go() {
    let mut client = large(16, 2000);
    let (mut cursor, mut found) = ("0".to_string(), Vec::new());
    for round in 0.. {
        let (next, members) = page(&client.run(&format!("ZSCAN k {cursor} COUNT 20")));
        assert!(members.len() >= 20 || next == "0");
        found.extend(members);
        if next == "0" {
            break;
        }
        cursor = next;
        client.run(&format!("ZADD k {round} new{round} {round} other{round} -{round} m0001"));
        client.run(&format!("ZREM k new{round} m{:04}", 1000 + round));
    }
    let different: BTreeSet<_> = found.iter().collect();
    assert_eq!(found.len(), different.len());
    let stays = (0..1000).map(|number| format!("$m{number:04}"));
    assert!(stays.into_iter().all(|member| different.contains(&member)));
}

#[test]
fn a_cursor_that_no_scan_gave_ends_the_scan() {
    let mut client = large(1, 500);
    assert_eq!(client.run("ZSCAN k 18446744073709551615"), "[$0 []]");
    assert_eq!(client.run("ZSCAN k 4294967296"), "[$0 []]");
}

#[test]
fn random_members_are_different_unless_they_may_be_the_same() {
    let mut client = large(1, 500);
    for count in [1, 10, 400, 499, 500, 501] {
        let reply = client.run(&format!("ZRANDMEMBER k {count}"));
        let members: Vec<_> = reply[1..reply.len() - 1].split(' ').collect();
        let different: BTreeSet<_> = members.iter().collect();
        assert_eq!((members.len(), different.len()), (count.min(500), count.min(500)));
    }
    let reply = client.run("ZRANDMEMBER k -5000");
    let members: Vec<_> = reply[1..reply.len() - 1].split(' ').collect();
    let different: BTreeSet<_> = members.iter().collect();
    assert_eq!(members.len(), 5000);
    assert!(different.len() > 450, "{} of 500 members", different.len());
    assert_eq!(client.run("ZRANDMEMBER k -16777217"), "-ERR value is out of range");
}

#[test]
fn encodings_depend_on_members_alone() {
    check(&[
        ("CONFIG SET zset-max-listpack-entries 3 zset-max-listpack-value 4", "+OK"),
        ("ZADD k 0.123456 a 123456789 b 1 c", ":3"),
        ("OBJECT ENCODING k", "$listpack"),
        ("ZADD k 1 d", ":1"),
        ("OBJECT ENCODING k", "$skiplist"),
        ("ZADD l 1 abcd", ":1"),
        ("OBJECT ENCODING l", "$listpack"),
        ("ZADD l 1 abcde", ":1"),
        ("OBJECT ENCODING l", "$skiplist"),
    ]);
}
