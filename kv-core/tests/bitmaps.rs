//! The bitmap commands. The replies are those of Redis.

mod support;

use support::{Client, check};

#[test]
fn setbit_sets_and_clears_and_tells_what_was() {
    check(&[
        ("SETBIT k 7 1", ":0"),
        ("SETBIT k 7 0", ":1"),
        ("SETBIT k 7 1", ":0"),
        ("SETBIT k 0 1", ":0"),
        ("SETBIT k 17 1", ":0"),
        ("GET k", r"$\x81\x00@"),
        ("GETBIT k 0", ":1"),
        ("GETBIT k 1", ":0"),
        ("GETBIT k 17", ":1"),
        ("GETBIT k 18", ":0"),
        ("GETBIT k 4294967295", ":0"),
        ("GETBIT none 3", ":0"),
        ("STRLEN k", ":3"),
        ("OBJECT ENCODING k", "$raw"),
    ]);
}

#[test]
fn setbit_makes_a_string_even_for_a_clear_bit() {
    check(&[
        ("SETBIT k 20 0", ":0"),
        ("GET k", r"$\x00\x00\x00"),
        ("OBJECT ENCODING k", "$raw"),
        ("SETBIT k 0 0", ":0"),
        ("STRLEN k", ":3"),
    ]);
}

#[test]
fn setbit_keeps_the_deadline() {
    check(&[("SET k a EX 100", "+OK"), ("SETBIT k 0 1", ":0"), ("TTL k", ":100")]);
}

#[test]
fn integers_are_arrays_of_the_bits_of_their_digits() {
    check(&[
        ("SET k 12", "+OK"),
        ("OBJECT ENCODING k", "$int"),
        ("GETBIT k 2", ":1"),
        ("BITCOUNT k", ":6"),
        ("BITPOS k 1", ":2"),
        ("BITFIELD k GET u8 8", "[:50]"),
        ("OBJECT ENCODING k", "$int"),
        ("SETBIT k 2 1", ":1"),
        ("OBJECT ENCODING k", "$raw"),
        ("GET k", "$12"),
        ("SET e abc", "+OK"),
        ("SETBIT e 0 0", ":0"),
        ("OBJECT ENCODING e", "$raw"),
        ("GET e", "$abc"),
        ("SET i 7", "+OK"),
        ("BITFIELD i OVERFLOW FAIL SET u4 0 99", "[_]"),
        ("OBJECT ENCODING i", "$raw"),
        ("GET i", "$7"),
    ]);
}

#[test]
fn offsets_are_limited_by_the_longest_string_that_may_be() {
    check(&[
        ("SETBIT k 4294967296 1", "-ERR bit offset is not an integer or out of range"),
        ("SETBIT k -1 1", "-ERR bit offset is not an integer or out of range"),
        ("SETBIT k x 1", "-ERR bit offset is not an integer or out of range"),
        ("SETBIT k 01 1", "-ERR bit offset is not an integer or out of range"),
        (r#"SETBIT k "" 1"#, "-ERR bit offset is not an integer or out of range"),
        ("GETBIT k 4294967296", "-ERR bit offset is not an integer or out of range"),
        ("GETBIT k -1", "-ERR bit offset is not an integer or out of range"),
        ("GETBIT k 9223372036854775808", "-ERR bit offset is not an integer or out of range"),
        ("BITFIELD k GET u8 4294967296", "-ERR bit offset is not an integer or out of range"),
        ("BITFIELD k GET u8 #536870912", "-ERR bit offset is not an integer or out of range"),
        ("BITFIELD k GET u8 #536870911", "[:0]"),
        ("BITFIELD k GET u8 -1", "-ERR bit offset is not an integer or out of range"),
        ("BITFIELD k GET u8 #-1", "-ERR bit offset is not an integer or out of range"),
        ("BITFIELD k GET u8 #", "-ERR bit offset is not an integer or out of range"),
        ("BITFIELD k GET u8 x", "-ERR bit offset is not an integer or out of range"),
        (
            "BITFIELD k GET i64 #9223372036854775807",
            "-ERR bit offset is not an integer or out of range",
        ),
        ("EXISTS k", ":0"),
        ("CONFIG SET proto-max-bulk-len 1mb", "+OK"),
        ("SETBIT k 8388608 1", "-ERR bit offset is not an integer or out of range"),
        ("GETBIT k 8388608", "-ERR bit offset is not an integer or out of range"),
        ("BITFIELD k SET u8 8388608 1", "-ERR bit offset is not an integer or out of range"),
        ("SETBIT k 8388607 1", ":0"),
        ("STRLEN k", ":1048576"),
        (
            "BITFIELD k SET u64 8388607 1",
            "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
        ),
        ("BITFIELD k SET u63 8388607 1", "[:4611686018427387904]"),
        ("STRLEN k", ":1048584"),
    ]);
}

#[test]
fn which_error_wins() {
    check(&[
        ("RPUSH l a", ":1"),
        ("SETBIT l -1 2", "-ERR bit offset is not an integer or out of range"),
        ("SETBIT l 1 2", "-ERR bit is not an integer or out of range"),
        ("SETBIT l 1 -1", "-ERR bit is not an integer or out of range"),
        ("SETBIT l 1 x", "-ERR bit is not an integer or out of range"),
        (r#"SETBIT l 1 """#, "-ERR bit is not an integer or out of range"),
        ("SETBIT l 1 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("GETBIT l -1", "-ERR bit offset is not an integer or out of range"),
        ("GETBIT l 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("BITCOUNT l", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("BITPOS l 2", "-ERR The bit argument must be 1 or 0."),
        ("BITPOS l x", "-ERR value is not an integer or out of range"),
        ("BITPOS l 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("BITFIELD l", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        (
            "BITFIELD l GET u8 0",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        (
            "BITFIELD l SET u8 0 1",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        ("BITFIELD l SET u8 0 x", "-ERR value is not an integer or out of range"),
        ("BITFIELD l SET u8 x x", "-ERR bit offset is not an integer or out of range"),
        (
            "BITFIELD l SET u64 x x",
            "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
        ),
        ("BITFIELD l SET u64 x", "-ERR syntax error"),
        ("BITFIELD_RO l SET u8 0 1", "-ERR BITFIELD_RO only supports the GET subcommand"),
        (
            "BITFIELD_RO l GET u8 0",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        ("BITOP AND d l", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("BITOP NOT d l l", "-ERR BITOP NOT must be called with a single source key."),
        ("BITOP NAND d l", "-ERR syntax error"),
        ("SETBIT k 1", "-ERR wrong number of arguments for 'setbit' command"),
        ("GETBIT k", "-ERR wrong number of arguments for 'getbit' command"),
        ("BITCOUNT", "-ERR wrong number of arguments for 'bitcount' command"),
        ("BITPOS k", "-ERR wrong number of arguments for 'bitpos' command"),
        ("BITOP AND d", "-ERR wrong number of arguments for 'bitop' command"),
    ]);
}

#[test]
fn bitcount_counts_a_range_of_bytes_or_bits() {
    check(&[
        ("SET k foobar", "+OK"),
        ("BITCOUNT k", ":26"),
        ("BITCOUNT k 0 0", ":4"),
        ("BITCOUNT k 1 1", ":6"),
        ("BITCOUNT k 0 -5", ":10"),
        ("BITCOUNT k 1 1 BYTE", ":6"),
        ("BITCOUNT k 5 30 BIT", ":17"),
        ("BITCOUNT k 5 5 bit", ":1"),
        ("BITCOUNT k -8 -1 BIT", ":4"),
        ("BITCOUNT k -1000 1000 BIT", ":26"),
        ("BITCOUNT k -1000 -900", ":4"),
        ("BITCOUNT k 4 2", ":0"),
        ("BITCOUNT k -2 -4", ":0"),
        ("BITCOUNT k 6 9", ":0"),
        ("BITCOUNT k 48 90 BIT", ":0"),
        ("BITCOUNT k 0 9223372036854775807", ":26"),
        ("BITCOUNT k -9223372036854775808 9223372036854775807 BIT", ":26"),
        ("BITCOUNT k 9223372036854775807 -9223372036854775808", ":0"),
        ("BITCOUNT k 0", "-ERR syntax error"),
        ("BITCOUNT k 0 x", "-ERR value is not an integer or out of range"),
        ("BITCOUNT k x 0", "-ERR value is not an integer or out of range"),
        ("BITCOUNT k 0 1 x", "-ERR syntax error"),
        ("BITCOUNT k 0 1 BIT x", "-ERR syntax error"),
        ("BITCOUNT none", ":0"),
        ("BITCOUNT none 0 -1", ":0"),
        (r#"SET e """#, "+OK"),
        ("BITCOUNT e", ":0"),
        ("BITCOUNT e 0 -1", ":0"),
        ("BITCOUNT e 0 0 BIT", ":0"),
    ]);
}

#[test]
fn bitpos_finds_the_first_bit_of_a_range() {
    check(&[
        (r#"SET k "\xff\xf0\x00""#, "+OK"),
        ("BITPOS k 0", ":12"),
        ("BITPOS k 1", ":0"),
        ("BITPOS k 1 1", ":8"),
        ("BITPOS k 1 2", ":-1"),
        ("BITPOS k 0 0", ":12"),
        ("BITPOS k 0 0 0", ":-1"),
        ("BITPOS k 0 0 1", ":12"),
        ("BITPOS k 1 1 -1", ":8"),
        ("BITPOS k 1 -3 -3", ":0"),
        ("BITPOS k 0 -1", ":16"),
        ("BITPOS k 0 3", ":-1"),
        ("BITPOS k 1 3", ":-1"),
        ("BITPOS k 0 2 1", ":-1"),
        ("BITPOS k 1 7 15 BIT", ":7"),
        ("BITPOS k 0 7 15 BIT", ":12"),
        ("BITPOS k 0 7 11 BIT", ":-1"),
        ("BITPOS k 1 12 -1 BIT", ":-1"),
        ("BITPOS k 1 2 2 BYTE", ":-1"),
        ("BITPOS k 1 -20 -13 bit", ":4"),
        ("BITPOS k 1 -100 -90 BIT", ":0"),
        ("BITPOS k 0 9223372036854775807", ":-1"),
        ("BITPOS k 1 -9223372036854775808 9223372036854775807", ":0"),
    ]);
}

#[test]
fn a_string_of_ones_goes_on_with_zeros_unless_an_end_is_given() {
    check(&[
        (r#"SET k "\xff\xff""#, "+OK"),
        ("BITPOS k 0", ":16"),
        ("BITPOS k 0 0", ":16"),
        ("BITPOS k 0 1", ":16"),
        ("BITPOS k 0 2", ":-1"),
        ("BITPOS k 0 0 -1", ":-1"),
        ("BITPOS k 0 0 -1 BIT", ":-1"),
        (r#"SET e """#, "+OK"),
        ("BITPOS e 0", ":-1"),
        ("BITPOS e 1", ":-1"),
        ("BITPOS e 0 0", ":-1"),
        ("BITPOS e 0 0 -1", ":-1"),
        ("BITPOS none 0", ":0"),
        ("BITPOS none 1", ":-1"),
        ("BITPOS none 0 5", ":0"),
        ("BITPOS none 0 5 6 BIT", ":0"),
    ]);
}

#[test]
fn bitpos_refuses_what_it_does_not_know() {
    check(&[
        ("SET k a", "+OK"),
        ("BITPOS k 2", "-ERR The bit argument must be 1 or 0."),
        ("BITPOS k -1", "-ERR The bit argument must be 1 or 0."),
        ("BITPOS k x", "-ERR value is not an integer or out of range"),
        ("BITPOS k 1 x", "-ERR value is not an integer or out of range"),
        ("BITPOS k 1 0 x", "-ERR value is not an integer or out of range"),
        ("BITPOS k 1 0 x BAD", "-ERR syntax error"),
        ("BITPOS k 1 0 1 BAD", "-ERR syntax error"),
        ("BITPOS k 1 x 1 BAD", "-ERR value is not an integer or out of range"),
        ("BITPOS k 1 0 1 BIT x", "-ERR syntax error"),
    ]);
}

#[test]
fn bitop_combines_strings_of_unlike_length() {
    check(&[
        (r#"SET a "\x0f\xff\x01""#, "+OK"),
        (r#"SET b "\xf3""#, "+OK"),
        ("SET i 12", "+OK"),
        ("BITOP AND d a b", ":3"),
        ("GET d", r"$\x03\x00\x00"),
        ("BITOP OR d a b none", ":3"),
        ("GET d", r"$\xff\xff\x01"),
        ("BITOP XOR d a b", ":3"),
        ("GET d", r"$\xfc\xff\x01"),
        ("BITOP NOT d b", ":1"),
        ("GET d", r"$\x0c"),
        ("BITOP and d a", ":3"),
        ("GET d", r"$\x0f\xff\x01"),
        ("BITOP AND d a none", ":3"),
        ("GET d", r"$\x00\x00\x00"),
        ("BITOP AND d b a", ":3"),
        ("GET d", r"$\x03\x00\x00"),
        ("BITOP OR d i none", ":2"),
        ("GET d", "$12"),
        ("OBJECT ENCODING d", "$raw"),
        ("BITOP Not i i", ":2"),
        ("GET i", r"$\xce\xcd"),
        ("BITOP XOR a a a", ":3"),
        ("GET a", r"$\x00\x00\x00"),
    ]);
}

#[test]
fn bitop_without_any_byte_removes_the_target() {
    check(&[
        ("SET d x", "+OK"),
        ("BITOP AND d none other", ":0"),
        ("EXISTS d", ":0"),
        (r#"SET e """#, "+OK"),
        ("SET d x", "+OK"),
        ("BITOP NOT d e", ":0"),
        ("EXISTS d", ":0"),
        ("BITOP OR none2 none", ":0"),
    ]);
}

#[test]
fn bitop_replaces_whatever_was_there_but_not_in_vain() {
    check(&[
        ("RPUSH d x", ":1"),
        ("SET a a", "+OK"),
        ("SETEX t 100 v", "+OK"),
        ("BITOP OR d a", ":1"),
        ("TYPE d", "+string"),
        ("BITOP OR t a", ":1"),
        ("TTL t", ":-1"),
        ("RPUSH l x", ":1"),
        ("BITOP OR t a l", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("GET t", "$a"),
        ("BITOP NOT t a a", "-ERR BITOP NOT must be called with a single source key."),
        ("BITOP FOO t a", "-ERR syntax error"),
    ]);
}

#[test]
fn bitfield_reads_and_writes_integers_of_any_width() {
    check(&[
        (
            "BITFIELD k SET u8 0 200 GET u8 0 GET i8 0 GET u4 0 GET u4 4 GET i4 0",
            "[:0 :200 :-56 :12 :8 :-4]",
        ),
        ("BITFIELD k INCRBY i5 100 1 GET u4 0", "[:1 :12]"),
        ("STRLEN k", ":14"),
        ("BITFIELD k GET u16 4 GET i64 60 GET u63 0", "[:32768 :524288 :7205759403792793600]"),
        (
            "BITFIELD k SET i64 3 -2 GET i64 3 GET u1 66 GET i1 3",
            "[:4611686018427387904 :-2 :0 :-1]",
        ),
        ("BITFIELD k SET u8 #1 255 GET u8 8 SET i8 #0 -1 GET i8 0", "[:255 :255 :-33 :-1]"),
        ("BITFIELD k", "[]"),
        ("BITFIELD none", "[]"),
        ("BITFIELD none GET u8 0 GET i64 100", "[:0 :0]"),
        ("EXISTS none", ":0"),
        ("BITFIELD none SET u1 7 0", "[:0]"),
        ("GET none", r"$\x00"),
    ]);
}

#[test]
fn bitfield_wraps_saturates_or_fails() {
    check(&[
        ("BITFIELD k INCRBY u2 0 1 OVERFLOW SAT INCRBY u2 2 1", "[:1 :1]"),
        ("BITFIELD k INCRBY u2 0 3 OVERFLOW SAT INCRBY u2 2 3", "[:0 :3]"),
        ("BITFIELD k OVERFLOW FAIL INCRBY u2 2 1 SET u2 4 9 SET u2 6 1", "[_ _ :0]"),
        ("GET k", "$1"),
        ("BITFIELD k OVERFLOW WRAP SET u8 0 511 SET i8 8 200 GET i8 8", "[:49 :0 :-56]"),
        (
            "BITFIELD k OVERFLOW SAT SET u8 0 511 SET u8 0 -1 SET i8 8 200 SET i8 8 -200 GET i8 8 GET u8 0",
            "[:255 :255 :-56 :127 :-128 :255]",
        ),
        (
            "BITFIELD k SET i64 0 9223372036854775807 INCRBY i64 0 1",
            "[:-36028797018963968 :-9223372036854775808]",
        ),
        (
            "BITFIELD k OVERFLOW SAT SET i64 0 9223372036854775807 INCRBY i64 0 1",
            "[:-9223372036854775808 :9223372036854775807]",
        ),
        (
            "BITFIELD k OVERFLOW FAIL INCRBY i64 0 -1 OVERFLOW wrap INCRBY i64 0 -9223372036854775808",
            "[:9223372036854775806 :-2]",
        ),
        ("BITFIELD k SET u63 0 9223372036854775807 INCRBY u63 0 1", "[:9223372036854775807 :0]"),
        ("BITFIELD k overflow sat set u63 0 -1 incrby u63 0 -9223372036854775808", "[:0 :0]"),
        ("BITFIELD f OVERFLOW FAIL SET u8 0 300", "[_]"),
        ("GET f", r"$\x00"),
    ]);
}

#[test]
fn bitfield_refuses_what_it_does_not_know() {
    check(&[
        ("BITFIELD k GET", "-ERR syntax error"),
        ("BITFIELD k GET u8", "-ERR syntax error"),
        ("BITFIELD k SET u8 0", "-ERR syntax error"),
        ("BITFIELD k INCRBY u8 0", "-ERR syntax error"),
        ("BITFIELD k OVERFLOW", "-ERR syntax error"),
        ("BITFIELD k OVERFLOW x", "-ERR Invalid OVERFLOW type specified"),
        ("BITFIELD k OVERFLOW SAT", "[]"),
        ("BITFIELD k FOO u8 0", "-ERR syntax error"),
        (
            "BITFIELD k GET u64 0",
            "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
        ),
        (
            "BITFIELD k GET i65 0",
            "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
        ),
        (
            "BITFIELD k GET i0 0",
            "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
        ),
        (
            "BITFIELD k GET x8 0",
            "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
        ),
        (
            "BITFIELD k GET U8 0",
            "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
        ),
        (
            "BITFIELD k GET u08 0",
            "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
        ),
        (
            r#"BITFIELD k GET "" 0"#,
            "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
        ),
        ("BITFIELD k SET u8 0 x", "-ERR value is not an integer or out of range"),
        (
            "BITFIELD k SET u8 0 1 GET u64 0",
            "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
        ),
        ("EXISTS k", ":0"),
    ]);
}

#[test]
fn bitfield_ro_only_reads() {
    check(&[
        ("SET k a", "+OK"),
        ("BITFIELD_RO k GET u8 0 get i4 4", "[:97 :1]"),
        ("BITFIELD_RO k", "[]"),
        ("BITFIELD_RO k SET u8 0 1", "-ERR BITFIELD_RO only supports the GET subcommand"),
        (
            "BITFIELD_RO k GET u8 0 INCRBY u8 0 1",
            "-ERR BITFIELD_RO only supports the GET subcommand",
        ),
        ("BITFIELD_RO k OVERFLOW SAT", "[]"),
        ("BITFIELD_RO k OVERFLOW SAT GET u8 0", "[:97]"),
        ("BITFIELD_RO none GET u8 0", "[:0]"),
    ]);
}

#[test]
fn getkeys_tells_whether_bitfield_writes() {
    check(&[
        ("COMMAND GETKEYSANDFLAGS BITFIELD k", "[[$k ~[+RO +access]]]"),
        (
            "COMMAND GETKEYSANDFLAGS BITFIELD k GET u8 0 OVERFLOW SAT GET u8 0",
            "[[$k ~[+RO +access]]]",
        ),
        ("COMMAND GETKEYSANDFLAGS BITFIELD k GET u8 0 SET u8 0 1", "[[$k ~[+RW +access +update]]]"),
        ("COMMAND GETKEYSANDFLAGS BITFIELD k GET u8", "[[$k ~[+RW +access +update]]]"),
        ("COMMAND GETKEYS BITOP AND d a b", "[$d $a $b]"),
    ]);
}

/// Since 7.2, a missing key does not hide that the arguments are wrong.
#[test]
fn arguments_are_read_before_the_key_is_looked_for() {
    check(&[
        ("BITCOUNT none 0", "-ERR syntax error"),
        ("BITCOUNT none x 0", "-ERR value is not an integer or out of range"),
        ("BITCOUNT none 0 1 x", "-ERR syntax error"),
        ("BITPOS none 1 x", "-ERR value is not an integer or out of range"),
        ("BITPOS none 1 0 1 x", "-ERR syntax error"),
        ("BITPOS none 1 0 1 BIT x", "-ERR syntax error"),
    ]);
}

/// Redis multiplies without a check and goes on with what is left of the product.
#[test]
fn the_index_of_a_field_does_not_overflow() {
    let error = "-ERR bit offset is not an integer or out of range";
    check(&[("BITFIELD k SET u4 #4611686018427387904 1", error), ("EXISTS k", ":0")]);
}

#[test]
fn long_strings_are_counted_searched_and_combined() {
    let mut client = Client::new(1);
    client.run("SETBIT a 800000 1");
    client.run("SETBIT b 800064 1");
    assert_eq!(client.run("BITCOUNT a"), ":1");
    assert_eq!(client.run("BITPOS b 1"), ":800064");
    assert_eq!(client.run("BITOP OR d a b"), ":100009");
    assert_eq!(client.run("BITCOUNT d 800000 800064 BIT"), ":2");
    assert_eq!(client.run("BITCOUNT d 800001 800063 BIT"), ":0");
    assert_eq!(client.run("BITOP NOT d d"), ":100009");
    assert_eq!(client.run("BITPOS d 0"), ":800000");
    assert_eq!(client.run("BITFIELD d INCRBY u32 #25000 1 GET u1 800000"), "[:2147483648 :1]");
}
