//! DUMP and RESTORE. The payloads and the replies are those of Redis.

mod support;

use kv_core::rdb::{self, Payload};
use support::{Client, check, unescaped};

#[test]
fn strings_are_restored_from_what_redis_dumps() {
    check(&[
        (r#"RESTORE k 0 "\x00\x05hello\x0a\x00cr\xdfve4 \x0a" REPLACE"#, "+OK"),
        ("GET k", "$hello"),
        ("OBJECT ENCODING k", "$embstr"),
        (r#"RESTORE k 0 "\x00\x00\x0a\x00]\x9b\\@\x0f\x7f\xa2\xda" REPLACE"#, "+OK"),
        ("GET k", "$"),
        ("OBJECT ENCODING k", "$embstr"),
        (r#"RESTORE k 0 "\x00\xc0\x00\x0a\x00\x98@\xa7x\xf8P\x03\x08" REPLACE"#, "+OK"),
        ("GET k", "$0"),
        ("OBJECT ENCODING k", "$int"),
        (r#"RESTORE k 0 "\x00\xc0\xff\x0a\x00\x0c\x93~$\x85\x08\x9d\xc5" REPLACE"#, "+OK"),
        ("GET k", "$-1"),
        ("OBJECT ENCODING k", "$int"),
        (r#"RESTORE k 0 "\x00\xc0\x7f\x0a\x00\x0d\xb5\xeb1RT\xc5\x14" REPLACE"#, "+OK"),
        ("GET k", "$127"),
        ("OBJECT ENCODING k", "$int"),
        (r#"RESTORE k 0 "\x00\xc1\x80\x00\x0a\x00\xebz\xb3\xb5\x10\xcfKe" REPLACE"#, "+OK"),
        ("GET k", "$128"),
        ("OBJECT ENCODING k", "$int"),
        (r#"RESTORE k 0 "\x00\xc0\x80\x0a\x00\x99f2m/\x0c[\xd9" REPLACE"#, "+OK"),
        ("GET k", "$-128"),
        ("OBJECT ENCODING k", "$int"),
        (r#"RESTORE k 0 "\x00\xc1\x7f\xff\x0a\x00\x17`\x82(T\x80\x84\x80" REPLACE"#, "+OK"),
        ("GET k", "$-129"),
        ("OBJECT ENCODING k", "$int"),
        (r#"RESTORE k 0 "\x00\xc1\xff\x7f\x0a\x00IZ7\xda\x17\xf4\xd5+" REPLACE"#, "+OK"),
        ("GET k", "$32767"),
        ("OBJECT ENCODING k", "$int"),
        (
            r#"RESTORE k 0 "\x00\xc2\x00\x80\x00\x00\x0a\x00E\xd8.\xed\xd5\xbd\xa9\x10" REPLACE"#,
            "+OK",
        ),
        ("GET k", "$32768"),
        ("OBJECT ENCODING k", "$int"),
        (r#"RESTORE k 0 "\x00\xc2\xff\x7f\xff\xff\x0a\x00\xae\xe3LM\x06\xc6\x856" REPLACE"#, "+OK"),
        ("GET k", "$-32769"),
        ("OBJECT ENCODING k", "$int"),
        (r#"RESTORE k 0 "\x00\xc2\xff\xff\xff\x7f\x0a\x00,t\xe5\x9e\xe0.\xad\xa1" REPLACE"#, "+OK"),
        ("GET k", "$2147483647"),
        ("OBJECT ENCODING k", "$int"),
        (r#"RESTORE k 0 "\x00\x0a2147483648\x0a\x00\xe7\xb1)\xa3L\x1dv\xee" REPLACE"#, "+OK"),
        ("GET k", "$2147483648"),
        ("OBJECT ENCODING k", "$int"),
        (r#"RESTORE k 0 "\x00\x0b-2147483649\x0a\x00\xc2a7y\x08\xf2\x02\x8c" REPLACE"#, "+OK"),
        ("GET k", "$-2147483649"),
        ("OBJECT ENCODING k", "$int"),
        (r#"RESTORE k 0 "\x00\x139223372036854775807\x0a\x00:e~\x94\x81\xe8_\"" REPLACE"#, "+OK"),
        ("GET k", "$9223372036854775807"),
        ("OBJECT ENCODING k", "$int"),
        (r#"RESTORE k 0 "\x00\x03007\x0a\x00rX\xe2{Li\xba\xd9" REPLACE"#, "+OK"),
        ("GET k", "$007"),
        ("OBJECT ENCODING k", "$embstr"),
        (r#"RESTORE k 0 "\x00\x033.5\x0a\x00!O\x99\x89\xcc\x90\x8fg" REPLACE"#, "+OK"),
        ("GET k", "$3.5"),
        ("OBJECT ENCODING k", "$embstr"),
        (
            r#"RESTORE k 0 "\x00\x04\x00\xff\x0d\x0a\x0a\x00\x8d\x10\xd1\x9eB\x16\xece" REPLACE"#,
            "+OK",
        ),
        ("GET k", r"$\x00\xff\x0d\x0a"),
        ("OBJECT ENCODING k", "$embstr"),
        (
            r#"RESTORE k 0 "\x00\x14aaaaaaaaaaaaaaaaaaaa\x0a\x00\x83\xb4k^\x1b\x11\xac\xf1" REPLACE"#,
            "+OK",
        ),
        ("GET k", "$aaaaaaaaaaaaaaaaaaaa"),
        ("OBJECT ENCODING k", "$embstr"),
        (
            r#"RESTORE k 0 "\x00\xc3\x06\x15\x01aa\xe0\x0a\x00\x0a\x00\xfd\x0c\xb3h\x07A?h" REPLACE"#,
            "+OK",
        ),
        ("GET k", "$aaaaaaaaaaaaaaaaaaaaa"),
        ("OBJECT ENCODING k", "$embstr"),
        (
            r#"RESTORE k 0 "\x00\xc3\x0b@Z\x03abca\xe0K\x02\x01bc\x0a\x00#\x806\xf9\xe2\xd0\xc7\x80" REPLACE"#,
            "+OK",
        ),
        (
            "GET k",
            "$abcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabc",
        ),
        ("OBJECT ENCODING k", "$raw"),
    ]);
}

#[test]
fn lists_are_restored_from_what_redis_dumps() {
    check(&[
        (
            r#"RESTORE k 0 "\x12\x01\x02\x0a\x0a\x00\x00\x00\x01\x00\x81a\x02\xff\x0a\x00\x09\xb9\xed\xf5\x94\xde\xd9\x95" REPLACE"#,
            "+OK",
        ),
        ("LRANGE k 0 -1", "[$a]"),
        (
            r#"RESTORE k 0 "\x12\x01\x02&&\x00\x00\x00\x07\x00\x01\x01\x02\x01\xdf\xfb\x02\xc1,\x02\xf2p\x11\x01\x04\xf3\xc0\xabv\xff\x05\xf4\x00\xf2\x05*\x01\x00\x00\x00\x09\xff\x0a\x00\xc6\xc1r\xc8\x82\xb5\xf4\xda" REPLACE"#,
            "+OK",
        ),
        ("LRANGE k 0 -1", "[$1 $2 $-5 $300 $70000 $-9000000 $5000000000]"),
        (
            r#"RESTORE k 0 "\x12\x01\x02\x12\x12\x00\x00\x00\x03\x00\x80\x01\x82\x00\xff\x03\x83007\x04\xff\x0a\x00h\xad\xdf_u\x0fS\x05" REPLACE"#,
            "+OK",
        ),
        ("LRANGE k 0 -1", r"[$ $\x00\xff $007]"),
        (
            r#"RESTORE k 0 "\x12\x01\x02\xc3\x1b@\x96\x08\x96\x00\x00\x00\x03\x00\xe0Fx\xe0<\x00\x03H\xe0@y\xe06\x00\x04B\x81b\x02\xff\x0a\x00)\xe8\xb2\x7f\xa5\xc3\x0f\xb1" REPLACE"#,
            "+OK",
        ),
        (
            "LRANGE k 0 -1",
            "[$xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx $yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy $b]",
        ),
        (
            r#"RESTORE k 0 "\x12\x01\x02\xc3\x13@\xf7\x0b\xf7\x00\x00\x00(\x00\x84same\x05\xe0\xe0\x05\x01\x05\xff\x0a\x00\x97\xfe?\xca\xe1\x8c\x8a/" REPLACE"#,
            "+OK",
        ),
        (
            "LRANGE k 0 -1",
            "[$same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same $same]",
        ),
        (r#"RESTORE k 0 "\x01\x02\x01a\x02bc\x0a\x00\xa3\xf5MnY\xf0`e" REPLACE"#, "+OK"),
        ("LRANGE k 0 -1", "[$a $bc]"),
    ]);
}

#[test]
fn streams_are_restored_from_what_redis_dumps() {
    check(&[
        (
            r#"RESTORE k 0 "\x13\x01\x10\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x1d\x1d\x00\x00\x00\x0a\x00\x01\x01\x00\x01\x01\x01\x81f\x02\x00\x01\x02\x01\x00\x01\x00\x01\x81v\x02\x04\x01\xff\x01\x01\x01\x01\x01\x00\x00\x01\x00\x0a\x00\xffU\xabbj\xc05\xdb" REPLACE"#,
            "+OK",
        ),
        ("XRANGE k - +", r#"[[$1-1 [$f $v]]]"#),
        (
            "XINFO STREAM k",
            r#"{$length=:1 $radix-tree-keys=:1 $radix-tree-nodes=:2 $last-generated-id=$1-1 $max-deleted-entry-id=$0-0 $entries-added=:1 $recorded-first-entry-id=$1-1 $groups=:0 $first-entry=[$1-1 [$f $v]] $last-entry=[$1-1 [$f $v]]}"#,
        ),
        (
            r#"RESTORE k 0 "\x13\x01\x10\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\xc3@f@l\x12l\x00\x00\x00#\x00\x03\x01\x01\x01\x02\x01\x81a\x02\x81b\x02\x00 \x09\x00\x00 \x01\x09\x01\x01\xf2\x90\xee\xfe\x04\x05\x01\x03`\x0c\x06\x81x\x02\x81y\x02\x05 \x0b\x05\x06\x01\xdf\xff\x02\x03@- \x15\x01a\x02 7\x07c\x02\x83007\x04\x0a 9\x01\xdf\xfe @\x05\xf4\x00\xf2\x05*\x01 Y\x02\x09\xf4\xff\x80\x00\x04\x7f\x09\x05\x01\xff\x03\x81\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01\x01\x01\x02\x04\x00\x0a\x00\x0ez\xc6\xb3\x08\xd7\xa3\xf5" REPLACE"#,
            "+OK",
        ),
        (
            "XRANGE k - +",
            r#"[[$1-1 [$a $1 $b $-70000]] [$7-0 [$a $1 $a $2 $c $007]] [$18446744073709551615-1 [$a $5000000000 $b $9223372036854775807]]]"#,
        ),
        (
            "XINFO STREAM k",
            r#"{$length=:3 $radix-tree-keys=:1 $radix-tree-nodes=:2 $last-generated-id=$18446744073709551615-1 $max-deleted-entry-id=$1-2 $entries-added=:4 $recorded-first-entry-id=$1-1 $groups=:0 $first-entry=[$1-1 [$a $1 $b $-70000]] $last-entry=[$18446744073709551615-1 [$a $5000000000 $b $9223372036854775807]]}"#,
        ),
        (
            r#"RESTORE k 0 "\x13\x00\x00\x01\x01\x00\x00\x01\x01\x01\x00\x0a\x00\xcd\xa1b\x12\xd3K\xf3\x96" REPLACE"#,
            "+OK",
        ),
        ("XRANGE k - +", r#"[]"#),
        (
            "XINFO STREAM k",
            r#"{$length=:0 $radix-tree-keys=:0 $radix-tree-nodes=:1 $last-generated-id=$1-1 $max-deleted-entry-id=$1-1 $entries-added=:1 $recorded-first-entry-id=$0-0 $groups=:0 $first-entry=_ $last-entry=_}"#,
        ),
        (
            r#"RESTORE k 0 "\x13\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x01g\x05\x05\x81\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x0a\x00\xaf\xf3\xc71\x98\xeb\x0c\xe7" REPLACE"#,
            "+OK",
        ),
        ("XRANGE k - +", r#"[]"#),
        (
            "XINFO STREAM k",
            r#"{$length=:0 $radix-tree-keys=:0 $radix-tree-nodes=:1 $last-generated-id=$0-0 $max-deleted-entry-id=$0-0 $entries-added=:0 $recorded-first-entry-id=$0-0 $groups=:1 $first-entry=_ $last-entry=_}"#,
        ),
        (
            "XINFO GROUPS k",
            r#"[{$name=$g $consumers=:0 $pending=:0 $last-delivered-id=$5-5 $entries-read=_ $lag=:0}]"#,
        ),
        (
            r#"RESTORE k 0 "\x13\x01\x10\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\xc3+3\x073\x00\x00\x00\x14\x00\x02\x01@\x00\x07\x81f\x02\x00\x01\x03\x01\x00 \x01\x04\x81v\x02\x04\x01@\x15 \x0a\x00w`\x0a\x00\x02\xa0\x0a\x01\x01\xff\x02\x03\x01\x02\x01\x01\x01\x03\x03\x01g\x02\x01\x02\x02\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x80n\x87t\x01\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x01\x00\x98\xf7>]\x01\x00\x00\x80\xb2\xd0^\x00\x03\x05aliceS\xe1\x87\xfe\xa1\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x01\x03bobS\xe1\x87\xfe\xa1\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x04idleS\xe1\x87\xfe\xa1\x01\x00\x00\x00\x03old\x02\x01\x81\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x04told\x02\x01\x02\x00\x00\x0a\x00D\xea\x0ff\xf9J{\x83" REPLACE"#,
            "+OK",
        ),
        ("XRANGE k - +", r#"[[$2-1 [$f $w]] [$3-1 [$f $w]]]"#),
        (
            "XINFO GROUPS k",
            r#"[{$name=$g $consumers=:3 $pending=:2 $last-delivered-id=$2-1 $entries-read=:2 $lag=:1} {$name=$old $consumers=:0 $pending=:0 $last-delivered-id=$2-1 $entries-read=_ $lag=:1} {$name=$told $consumers=:0 $pending=:0 $last-delivered-id=$2-1 $entries-read=:2 $lag=:1}]"#,
        ),
        ("XPENDING k g", r#"[:2 $1-1 $2-1 [[$alice $1] [$bob $1]]]"#),
        ("XPENDING k g - + 10 bob", r#"[[$1-1 $bob :100000000000 :7]]"#),
        ("XREADGROUP GROUP g alice STREAMS k 0", r#"[[$k [[$2-1 [$f $w]]]]]"#),
    ]);
}

#[test]
fn a_restored_key_gets_the_deadline_that_is_given() {
    check(&[
        (r#"RESTORE k 9999999999000 "\x00\x05hello\x0a\x00cr\xdfve4 \x0a" ABSTTL"#, "+OK"),
        ("PEXPIRETIME k", ":9999999999000"),
        (r#"RESTORE k 0 "\x00\x05hello\x0a\x00cr\xdfve4 \x0a" REPLACE"#, "+OK"),
        ("PTTL k", ":-1"),
        (r#"RESTORE k 0 "\x00\x05hello\x0a\x00cr\xdfve4 \x0a" replace absttl"#, "+OK"),
        ("PTTL k", ":-1"),
        (r#"RESTORE k 1 "\x00\x05hello\x0a\x00cr\xdfve4 \x0a" ABSTTL REPLACE"#, "+OK"),
        ("EXISTS k", ":0"),
        (r#"RESTORE k 1 "\x00\x05hello\x0a\x00cr\xdfve4 \x0a" ABSTTL"#, "+OK"),
        ("EXISTS k", ":0"),
        (r#"RESTORE k 9223372036854775807 "\x00\x05hello\x0a\x00cr\xdfve4 \x0a" ABSTTL"#, "+OK"),
        ("PEXPIRETIME k", ":9223372036854775807"),
        (r#"RESTORE k 9223372036854775807 "\x00\x05hello\x0a\x00cr\xdfve4 \x0a" REPLACE"#, "+OK"),
        ("EXISTS k", ":0"),
        ("SET k x", "+OK"),
        ("EXPIRE k 100", ":1"),
        (r#"RESTORE k 0 "\x00\x05hello\x0a\x00cr\xdfve4 \x0a" REPLACE"#, "+OK"),
        ("TTL k", ":-1"),
    ]);
}

#[test]
fn a_key_that_is_there_is_only_replaced_on_request() {
    check(&[
        ("SET k old", "+OK"),
        (
            r#"RESTORE k 0 "\x00\x05hello\x0a\x00cr\xdfve4 \x0a""#,
            "-BUSYKEY Target key name already exists.",
        ),
        ("GET k", "$old"),
        ("RESTORE k x x", "-BUSYKEY Target key name already exists."),
        (r#"RESTORE k 0 "\x00\x05hello\x0a\x00cr\xdfve4 \x0a" REPLACE"#, "+OK"),
        ("GET k", "$hello"),
        ("RPUSH l a", ":1"),
        (r#"RESTORE l 0 "\x00\x05hello\x0a\x00cr\xdfve4 \x0a" REPLACE"#, "+OK"),
        ("GET l", "$hello"),
        ("RESTORE l 0 x REPLACE", "-ERR DUMP payload version or checksum are wrong"),
        ("GET l", "$hello"),
    ]);
}

#[test]
fn the_use_of_a_restored_key_is_what_is_said() {
    check(&[
        (r#"RESTORE k 0 "\x00\x05hello\x0a\x00cr\xdfve4 \x0a" IDLETIME 100"#, "+OK"),
        ("OBJECT IDLETIME k", ":100"),
        (
            r#"RESTORE k 0 "\x00\x05hello\x0a\x00cr\xdfve4 \x0a" REPLACE IDLETIME 5 IDLETIME 0"#,
            "+OK",
        ),
        ("OBJECT IDLETIME k", ":0"),
        (r#"RESTORE k 0 "\x00\x05hello\x0a\x00cr\xdfve4 \x0a" REPLACE FREQ 100"#, "+OK"),
        ("OBJECT IDLETIME k", ":0"),
        ("CONFIG SET maxmemory-policy allkeys-lfu", "+OK"),
        (r#"RESTORE k 0 "\x00\x05hello\x0a\x00cr\xdfve4 \x0a" REPLACE FREQ 100"#, "+OK"),
        ("OBJECT FREQ k", ":100"),
        (r#"RESTORE k 0 "\x00\x05hello\x0a\x00cr\xdfve4 \x0a" REPLACE FREQ 7 FREQ 255"#, "+OK"),
        ("OBJECT FREQ k", ":255"),
        (r#"RESTORE k 0 "\x00\x05hello\x0a\x00cr\xdfve4 \x0a" REPLACE IDLETIME 100"#, "+OK"),
        ("OBJECT FREQ k", ":5"),
        (r#"RESTORE k 0 "\x00\x05hello\x0a\x00cr\xdfve4 \x0a" REPLACE FREQ 0"#, "+OK"),
        ("OBJECT FREQ k", ":0"),
    ]);
}

#[test]
fn options_of_restore_are_checked_first() {
    check(&[
        ("SET s 1", "+OK"),
        ("RESTORE s -1 x FOO", "-ERR syntax error"),
        ("RESTORE s -1 x IDLETIME", "-ERR syntax error"),
        ("RESTORE s -1 x FREQ", "-ERR syntax error"),
        ("RESTORE s -1 x IDLETIME -1", "-ERR Invalid IDLETIME value, must be >= 0"),
        ("RESTORE s -1 x IDLETIME x", "-ERR value is not an integer or out of range"),
        ("RESTORE s -1 x FREQ -1", "-ERR Invalid FREQ value, must be >= 0 and <= 255"),
        ("RESTORE s -1 x FREQ 256", "-ERR Invalid FREQ value, must be >= 0 and <= 255"),
        ("RESTORE s -1 x FREQ x", "-ERR value is not an integer or out of range"),
        ("RESTORE s -1 x IDLETIME 1 FREQ 1", "-ERR syntax error"),
        ("RESTORE s -1 x FREQ 1 IDLETIME 1", "-ERR syntax error"),
        ("RESTORE s -1 x IDLETIME 1 FREQ x", "-ERR syntax error"),
        ("RESTORE s -1 x ABSTTL", "-BUSYKEY Target key name already exists."),
        ("RESTORE s -1 x", "-BUSYKEY Target key name already exists."),
        ("RESTORE n -1 x", "-ERR Invalid TTL value, must be >= 0"),
        ("RESTORE n x x", "-ERR value is not an integer or out of range"),
        ("RESTORE n 9223372036854775808 x", "-ERR value is not an integer or out of range"),
        ("RESTORE n 0 x", "-ERR DUMP payload version or checksum are wrong"),
        ("RESTORE n 0", "-ERR wrong number of arguments for 'restore' command"),
        ("DUMP", "-ERR wrong number of arguments for 'dump' command"),
        ("DUMP missing", "_"),
    ]);
}

#[test]
fn what_is_no_value_is_refused() {
    check(&[
        (r#"RESTORE k 0 """#, "-ERR DUMP payload version or checksum are wrong"),
        (r#"RESTORE k 0 "x""#, "-ERR DUMP payload version or checksum are wrong"),
        (
            r#"RESTORE k 0 "\x00\x05hallo\x0a\x00cr\xdfve4 \x0a""#,
            "-ERR DUMP payload version or checksum are wrong",
        ),
        (
            r#"RESTORE k 0 "\x00\x05hello\x0a\x00cr\xdfve4 \x0b""#,
            "-ERR DUMP payload version or checksum are wrong",
        ),
        (
            r#"RESTORE k 0 "\x00\x05hello\x0c\x00\xa8\x04\xeb\xb6\x9f\x1e\xbeC""#,
            "-ERR DUMP payload version or checksum are wrong",
        ),
        (r#"RESTORE k 0 "\x0a\x00]\x9b\\@\x0f\x7f\xa2\xda""#, "-ERR Bad data format"),
        (r#"RESTORE k 0 "c\x00\x0a\x00k\x89v\xbc*\xe5$\x98""#, "-ERR Bad data format"),
        (r#"RESTORE k 0 "\x12\x00\x0a\x00i\xf6\x84[j\x1b\xbfW""#, "-ERR Bad data format"),
        (r#"RESTORE k 0 "\x01\x00\x0a\x00[\xf8%\xccl\x17CV""#, "-ERR Bad data format"),
        (r#"RESTORE k 0 "\x00\xc9\x0a\x00\xb6\xe2\xefDE\xb5\xf5r""#, "-ERR Bad data format"),
        (r#"RESTORE k 0 "\x02\x00\x0a\x00:\xce9\x00\x9b\x899\xe8""#, "-ERR Bad data format"),
        ("EXISTS k", ":0"),
    ]);
}

/// Values of all sizes go through DUMP and RESTORE as they are.
#[test]
fn what_is_dumped_is_restored() {
    let number = |number: usize| format!("{}", number * number * 977);
    for len in [1, 3, 30, 300, 3000] {
        let mut client = Client::new(1);
        let elements: Vec<String> = (0..len).map(number).chain(["x".repeat(len)]).collect();
        let request = [&["RPUSH".to_string(), "l".into()][..], &elements].concat();
        client.send(&request);
        client.send(&["SET", "s", &"abcd".repeat(len)]);
        for key in ["l", "s"] {
            let dump = unescaped(&client.run(&format!("DUMP {key}"))[1..]);
            assert_eq!(restore(&mut client, &dump), "+OK");
            let show = if key == "l" { ["LRANGE KEY 0 -1"] } else { ["GET KEY"] };
            let [value, copied] = [key, "k"].map(|key| client.run(&show[0].replace("KEY", key)));
            assert_eq!(value, copied);
        }
    }
}

#[test]
fn streams_of_all_sizes_are_dumped_and_restored() {
    for len in [0, 1, 99, 250] {
        let mut client = stream_of(len);
        let dump = unescaped(&client.run("DUMP s")[1..]);
        assert_eq!(dump[0], 19, "the type that Redis 7.0 and 7.2 read");
        assert_eq!(restore(&mut client, &dump), "+OK");
        for show in [
            "XRANGE KEY - +",
            "XINFO STREAM KEY FULL COUNT 0",
            "XPENDING KEY g - + 1000",
            "XINFO GROUPS KEY",
            "XADD KEY 9-0 f v",
        ] {
            let mut shown = |key| without_what_is_lost(&client.run(&show.replace("KEY", key)));
            assert_eq!(shown("s"), shown("k"), "{show}, with {len} entries");
        }
    }
}

#[test]
fn counters_of_a_stream_wrap_around() {
    check(&[
        (
            r#"RESTORE k 0 "\x13\x01\x10\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x1d\x1d\x00\x00\x00\x0a\x00\x01\x01\x00\x01\x01\x01\x81f\x02\x00\x01\x02\x01\x00\x01\x00\x01\x81v\x02\x04\x01\xff\x01\x01\x01\x01\x01\x00\x00\x81\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01g\x01\x01\x81\xff\xff\xff\xff\xff\xff\xff\xfe\x00\x00\x0a\x00\x0c0\xed\x83mP\xb8}" REPLACE"#,
            "+OK",
        ),
        (
            "XINFO GROUPS k",
            "[{$name=$g $consumers=:0 $pending=:0 $last-delivered-id=$1-1 $entries-read=:-2 $lag=:1}]",
        ),
        ("XADD k 2-1 f w", "$2-1"),
        (
            "XINFO GROUPS k",
            "[{$name=$g $consumers=:0 $pending=:0 $last-delivered-id=$1-1 $entries-read=:-2 $lag=:0}]",
        ),
        ("XREADGROUP GROUP g c STREAMS k >", "[[$k [[$2-1 [$f $w]]]]]"),
        (
            "XINFO GROUPS k",
            "[{$name=$g $consumers=:1 $pending=:1 $last-delivered-id=$2-1 $entries-read=_ $lag=:0}]",
        ),
        ("XADD k 3-1 f w", "$3-1"),
        ("XREADGROUP GROUP g c STREAMS k >", "[[$k [[$3-1 [$f $w]]]]]"),
        (
            "XINFO GROUPS k",
            "[{$name=$g $consumers=:1 $pending=:2 $last-delivered-id=$3-1 $entries-read=:1 $lag=:0}]",
        ),
    ]);
}

/// A server with a stream `s` of so many entries and a few that were deleted, which two consumers
/// read.
fn stream_of(len: usize) -> Client {
    let mut client = Client::new(1);
    for entry in 0..len + 3 {
        let (id, more) = (format!("1-{}", entry + 1), if entry % 7 == 0 { " g h" } else { "" });
        client.run(&format!("XADD s {id} f {} a \"x y\"{more}", entry * entry * 977));
    }
    client.run("XGROUP CREATE s g 0");
    client.run("XGROUP CREATE s unread $ ENTRIESREAD 3");
    for (consumer, count) in [("one", 40), ("two", 90), ("one", 10)] {
        client.run(&format!("XREADGROUP GROUP g {consumer} COUNT {count} STREAMS s >"));
        client.run("+5ms");
    }
    client.run("XCLAIM s g two 0 1-1 RETRYCOUNT 70");
    client.run("XACK s g 1-3 1-5 1-33");
    client.run("XDEL s 1-1 1-2 1-3");
    assert_eq!(client.run("XLEN s"), format!(":{len}"));
    client
}

/// The payload has no place for times of activity, and blocks may hold more entries afterwards.
fn without_what_is_lost(reply: &str) -> String {
    let is_lost = |word: &str| word.starts_with("$active-time=") || word.starts_with("$radix-tree");
    reply.split(' ').filter(|word| !is_lost(word)).collect::<Vec<_>>().join(" ")
}

fn restore(client: &mut Client, dump: &[u8]) -> String {
    client.send(&[b"RESTORE", &b"k"[..], b"0", dump, b"REPLACE"])
}

#[test]
fn small_collections_are_restored_and_dumped_again() {
    let payloads = [
        r#""\x0b\x0e\x02\x00\x00\x00\x03\x00\x00\x00\x01\x00\x02\x00,\x01\x0a\x00\xe5\x10\xb2\x8e{\x95)\xaa""#,
        r#""\x02\x03\x01b\xc0\x01\x01a\x0a\x00i\xf4\x02\xe5\xf7`\x83\x1a""#,
        r#""\x10\x1a\x1a\x00\x00\x00\x06\x00\x81f\x02\x81v\x02\x81g\x02\x02\x01\x81h\x02\x83007\x04\xff\x0a\x00`\xe1\xa2\xd2\xa8\xd2\x07\xac""#,
        r#""\x11\xc37?\x1f?\x00\x00\x00\x0a\x00\x81c\x02\x84-inf\x05\x81a\x02\x01\x01\x82aa\x03\x01\x01\x81b\x02\x832.\x085\x04\x81d\x02\x971.0\xe0\x05\x00\x071e+300\x18\xff\x0a\x00\x84SAm\x7f[\xd0\x07""#,
    ];
    for payload in payloads {
        let mut client = Client::new(1);
        assert_eq!(client.run(&format!("RESTORE k 0 {payload}")), "+OK", "{payload}");
        let dump = unescaped(&client.run("DUMP k")[1..]);
        let payload = support::words(payload).remove(0);
        assert_eq!(sorted(&dump), sorted(&payload));
    }
}

fn sorted(dump: &[u8]) -> (Vec<Vec<u8>>, Vec<f64>) {
    let to_vec = |text: &[u8]| text.to_vec();
    let (mut texts, scores): (Vec<_>, _) = match rdb::decode(dump).expect("a payload") {
        Payload::Set(members) => (members.iter().map(to_vec).collect(), vec![]),
        Payload::Hash(fields) => {
            let pairs = fields.pairs();
            (pairs.map(|(field, value)| [field, b"=", value].concat()).collect(), vec![])
        }
        Payload::SortedSet { members, scores } => {
            return (members.iter().map(to_vec).collect(), scores);
        }
        other => panic!("{other:?} is no collection of members"),
    };
    texts.sort();
    (texts, scores)
}

/// A payload that is cut or changed anywhere, with a footer that fits, is read or refused.
#[test]
fn damage_is_no_bug() {
    let mut client = Client::new(1);
    client
        .run("RPUSH l a 1 300 70000 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx 9999999999 b");
    damage(&mut client, "l", &["LRANGE k 0 -1", "LINDEX k -1", "RPUSH k x", "LPOP k 3"]);
    client.run("SADD ints 1 2 300 70000");
    damage(&mut client, "ints", &["SMEMBERS k", "SADD k 5 x", "SISMEMBER k 300", "SPOP k 9"]);
    client.run("SADD words a b 1 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    damage(&mut client, "words", &["SMEMBERS k", "SADD k 5 x", "SREM k a b 1", "SPOP k 9"]);
    client.run("HSET h a 1 b 300 9999999999 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    damage(&mut client, "h", &["HGETALL k", "HSET k a 5 x y", "HDEL k a b 9999999999 x"]);
    client.run("ZADD z 1 a 2.5 b 300 9999999999 -inf xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    damage(&mut client, "z", &["ZRANGE k 0 -1 WITHSCORES", "ZADD k 5 a 6 x", "ZPOPMIN k 9"]);
    client.run("SET s xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    damage(&mut client, "s", &["GET k", "APPEND k x", "PFCOUNT k"]);
    let used = ["XADD k * f v", "XREADGROUP GROUP g one STREAMS k >", "XINFO STREAM k FULL"];
    damage(&mut stream_of(4), "s", &used);
}

/// Damages what a key holds, and uses what can be read of it.
fn damage(client: &mut Client, key: &str, uses: &[&str]) {
    let dump = unescaped(&client.run(&format!("DUMP {key}"))[1..]);
    let body = &dump[..dump.len() - 10];
    for at in 0..body.len() {
        for byte in [0, 1, 0x7f, 0x80, 0xc0, 0xff] {
            let mut damaged = body.to_vec();
            damaged[at] = byte;
            rdb::seal(&mut damaged);
            let reply = restore(client, &damaged);
            assert!(reply.starts_with("+OK") || reply.starts_with("-ERR"), "{reply}");
            if reply == "+OK" {
                uses.iter().for_each(|request| _ = client.run(request));
            }
            let mut cut = body[..at].to_vec();
            rdb::seal(&mut cut);
            restore(client, &cut);
        }
    }
}

#[test]
fn entries_that_share_too_much_are_refused() {
    let mut client = Client::new(1);
    assert_eq!(restore(&mut client, &entries_of_one_name(100)), "+OK");
    assert_eq!(client.run("XLEN k"), ":100");
    assert_eq!(restore(&mut client, &entries_of_one_name(5000)), "-ERR Bad data format");
}

/// A stream of one node, whose entries have a long name and nothing else.
fn entries_of_one_name(len: u16) -> Vec<u8> {
    const NAME: usize = 30_000;
    let [len_low, len_high] = len.to_le_bytes();
    let mut node = vec![0xf1, len_low, len_high, 3, 0, 1, 1, 1, 0xf0];
    node.extend((NAME as u32).to_le_bytes());
    node.extend([b'n'; NAME]);
    // The length of the name and what stands before it, to be read from behind.
    node.extend([1, 0x80 | 106, 0x80 | 53, 0, 1]);
    for seq in 0..len {
        let [ms, seq] = [seq / 128, seq % 128].map(|part| part as u8);
        node.extend([2, 1, ms, 1, seq, 1, 0x80, 1, 4, 1]);
    }
    node.push(0xff);
    let (size, items) = (node.len() as u32 + 6, 5 + 5 * len);
    let node = [&size.to_le_bytes()[..], &items.to_le_bytes(), &node].concat();
    let mut dump = b"\x13\x01\x10\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\x80".to_vec();
    dump.extend(size.to_be_bytes());
    dump.extend(node);
    let put_len = |dump: &mut Vec<u8>| {
        dump.push(0x80);
        dump.extend(u32::from(len).to_be_bytes());
    };
    put_len(&mut dump);
    dump.extend(b"\x3f\0\x01\0\0\0");
    put_len(&mut dump);
    dump.push(0);
    rdb::seal(&mut dump);
    dump
}

#[test]
fn a_stream_begins_after_its_least_id() {
    let mut client = Client::new(1);
    client.run("XADD s 0-1 f v");
    let dump = unescaped(&client.run("DUMP s")[1..]);
    let mut least = dump[..dump.len() - 10].to_vec();
    assert_eq!(least[22], 1, "the ID of the first node");
    least[22] = 0;
    rdb::seal(&mut least);
    assert_eq!(restore(&mut client, &least), "-ERR Bad data format");
}
