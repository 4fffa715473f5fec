//! The list commands. The replies are those of Redis.

mod support;

use support::check;

#[test]
fn pushes_add_at_their_end_one_after_the_other() {
    check(&[
        ("RPUSH l a b", ":2"),
        ("LPUSH l x y", ":4"),
        ("LRANGE l 0 -1", "[$y $x $a $b]"),
        ("RPUSHX l c d", ":6"),
        ("LPUSHX l z", ":7"),
        ("LRANGE l 0 -1", "[$z $y $x $a $b $c $d]"),
        ("LLEN l", ":7"),
        ("LPUSHX missing a", ":0"),
        ("RPUSHX missing a b", ":0"),
        ("EXISTS missing", ":0"),
        ("LPUSH l", "-ERR wrong number of arguments for 'lpush' command"),
        ("RPUSHX l", "-ERR wrong number of arguments for 'rpushx' command"),
        (r#"RPUSH l "" "\x00\xff""#, ":9"),
        ("LRANGE l -2 -1", r"[$ $\x00\xff]"),
    ]);
}

#[test]
fn pops_take_from_their_end() {
    check(&[
        ("RPUSH l a b c d e f g", ":7"),
        ("LPOP l", "$a"),
        ("RPOP l", "$g"),
        ("LPOP l 2", "[$b $c]"),
        ("RPOP l 2", "[$f $e]"),
        ("RPOP l 99", "[$d]"),
        ("EXISTS l", ":0"),
        ("LPOP l", "_"),
        ("RPOP l", "_"),
    ]);
}

#[test]
fn a_list_without_elements_is_gone() {
    check(&[
        ("RPUSH l a", ":1"),
        ("LPOP l", "$a"),
        ("EXISTS l", ":0"),
        ("TYPE l", "+none"),
        ("RPUSH l a b", ":2"),
        ("RPOP l 2", "[$b $a]"),
        ("EXISTS l", ":0"),
        ("RPUSH l a", ":1"),
        ("PEXPIREAT l 9999999999000", ":1"),
        ("LPOP l 1", "[$a]"),
        ("RPUSH l b", ":1"),
        ("PEXPIRETIME l", ":-1"),
    ]);
}

#[test]
fn a_count_of_pops_is_checked_before_the_key() {
    check(&[
        ("SET s 1", "+OK"),
        ("RPUSH l a", ":1"),
        ("LPOP l 0", "[]"),
        ("RPOP l 0", "[]"),
        ("LPOP l -1", "-ERR value is out of range, must be positive"),
        ("LPOP l x", "-ERR value is out of range, must be positive"),
        ("LPOP l 9223372036854775808", "-ERR value is out of range, must be positive"),
        ("RPOP l -9223372036854775808", "-ERR value is out of range, must be positive"),
        ("LPOP missing", "_"),
        ("LPOP missing 0", "*_"),
        ("RPOP missing 1", "*_"),
        ("LPOP missing -1", "-ERR value is out of range, must be positive"),
        ("LPOP s", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LPOP s 0", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LPOP s -1", "-ERR value is out of range, must be positive"),
        ("LPOP l 1 2", "-ERR wrong number of arguments for 'lpop' command"),
        ("RPOP l 1 2", "-ERR wrong number of arguments for 'rpop' command"),
        ("RPOP s x y", "-ERR wrong number of arguments for 'rpop' command"),
        ("LPOP", "-ERR wrong number of arguments for 'lpop' command"),
        ("LPOP l 9223372036854775807", "[$a]"),
    ]);
}

#[test]
fn a_range_is_cut_to_the_list() {
    check(&[
        ("RPUSH l a b c", ":3"),
        ("LRANGE l 0 -1", "[$a $b $c]"),
        ("LRANGE l 1 1", "[$b]"),
        ("LRANGE l -1 -1", "[$c]"),
        ("LRANGE l -100 -2", "[$a $b]"),
        ("LRANGE l -100 -4", "[]"),
        ("LRANGE l 1 0", "[]"),
        ("LRANGE l 3 10", "[]"),
        ("LRANGE l 2 10", "[$c]"),
        ("LRANGE l -9223372036854775808 9223372036854775807", "[$a $b $c]"),
        ("LRANGE l 9223372036854775807 -9223372036854775808", "[]"),
        ("LRANGE l 9223372036854775807 9223372036854775807", "[]"),
        ("LRANGE l 0 9223372036854775808", "-ERR value is not an integer or out of range"),
        ("LRANGE l x 0", "-ERR value is not an integer or out of range"),
        ("LRANGE l 0 x", "-ERR value is not an integer or out of range"),
        ("LRANGE missing 0 0", "[]"),
        ("LRANGE missing x 0", "-ERR value is not an integer or out of range"),
        ("LRANGE l 0", "-ERR wrong number of arguments for 'lrange' command"),
    ]);
}

#[test]
fn an_index_counts_from_either_end() {
    check(&[
        ("RPUSH l a b", ":2"),
        ("LINDEX l 0", "$a"),
        ("LINDEX l 1", "$b"),
        ("LINDEX l 2", "_"),
        ("LINDEX l -1", "$b"),
        ("LINDEX l -2", "$a"),
        ("LINDEX l -3", "_"),
        ("LINDEX l 9223372036854775807", "_"),
        ("LINDEX l -9223372036854775808", "_"),
        ("LINDEX l x", "-ERR value is not an integer or out of range"),
        ("LINDEX missing x", "_"),
        ("LINDEX missing 0", "_"),
        ("LINDEX l", "-ERR wrong number of arguments for 'lindex' command"),
    ]);
}

#[test]
fn list_commands_refuse_other_types() {
    check(&[
        ("SET s 1", "+OK"),
        ("LPUSH s a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("RPUSH s a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LPUSHX s a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("RPUSHX s a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LPOP s", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("RPOP s 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LLEN s", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LRANGE s 0 0", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LRANGE s x 0", "-ERR value is not an integer or out of range"),
        ("LINDEX s 0", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LINDEX s x", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LLEN missing", ":0"),
        ("RPUSH l a", ":1"),
        ("GET l", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
    ]);
}
