//! The HyperLogLog commands. The replies are those of Redis, and so are the bytes of the strings.

mod support;

use support::{Client, check};

#[test]
fn elements_are_added_to_a_sparse_sketch() {
    check(&[
        ("PFADD h a b c", ":1"),
        (
            "GET h",
            r"$HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80`\xf3\x80P\xb1\x84K\xfb\x80BZ",
        ),
        ("PFCOUNT h", ":3"),
        (
            "GET h",
            r"$HYLL\x01\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00`\xf3\x80P\xb1\x84K\xfb\x80BZ",
        ),
        ("PFADD h a", ":0"),
        ("PFADD h c b a a", ":0"),
        (
            "GET h",
            r"$HYLL\x01\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00`\xf3\x80P\xb1\x84K\xfb\x80BZ",
        ),
        (r#"PFADD h """#, ":1"),
        (
            "GET h",
            r"$HYLL\x01\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x80W1\x84I\xc0\x80P\xb1\x84K\xfb\x80BZ",
        ),
        ("PFDEBUG DECODE h", "$Z:5938 v:2,1 Z:2497 v:1,1 Z:4274 v:2,1 Z:3068 v:1,1 Z:603"),
        ("PFDEBUG ENCODING h", "+sparse"),
        ("TYPE h", "+string"),
    ]);
}

#[test]
fn without_elements_an_empty_sketch_is_created() {
    check(&[
        ("PFADD h", ":1"),
        ("GET h", r"$HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff"),
        ("PFADD h", ":0"),
        ("PFCOUNT h", ":0"),
        ("GET h", r"$HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x7f\xff"),
        ("OBJECT ENCODING h", "$raw"),
        ("PFMERGE new", "+OK"),
        ("GET new", r"$HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff"),
    ]);
}

#[test]
fn counts_and_unions_leave_out_missing_keys() {
    check(&[
        ("PFADD a 1 2 3 4 5", ":1"),
        ("PFADD b 4 5 6 7", ":1"),
        ("PFCOUNT a", ":5"),
        ("PFCOUNT b", ":4"),
        ("PFCOUNT a b", ":7"),
        ("PFCOUNT a missing", ":5"),
        ("PFCOUNT missing", ":0"),
        ("PFCOUNT missing gone", ":0"),
        ("PFCOUNT a a a", ":5"),
        ("PFMERGE a b", "+OK"),
        ("PFCOUNT a", ":7"),
        (
            "PFDEBUG DECODE a",
            "$Z:495 v:2,1 Z:2084 v:1,1 Z:4946 v:1,1 Z:3445 v:1,1 Z:3865 v:1,1 Z:531 v:4,1 Z:208 v:2,1 Z:803",
        ),
        (
            "GET a",
            r#"$HYLL\x01\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00A\xee\x84H#\x80SQ\x80Mt\x80O\x18\x80B\x12\x8c@\xcf\x84C""#,
        ),
        ("PFMERGE copy a missing", "+OK"),
        (
            "GET copy",
            r#"$HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80A\xee\x84H#\x80SQ\x80Mt\x80O\x18\x80B\x12\x8c@\xcf\x84C""#,
        ),
    ]);
}

#[test]
fn a_sketch_that_grows_too_long_becomes_dense() {
    check(&[
        ("PFADD d x", ":1"),
        ("CONFIG SET hll-sparse-max-bytes 20", "+OK"),
        ("PFADD d y", ":1"),
        ("PFDEBUG ENCODING d", "+dense"),
        ("PFADD d z", ":1"),
        ("STRLEN d", ":12304"),
        ("PFCOUNT d", ":3"),
        ("GETRANGE d 0 15", r"$HYLL\x00\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00"),
        ("PFADD d x y z", ":0"),
        ("PFCOUNT d", ":3"),
        ("GETRANGE d 0 15", r"$HYLL\x00\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00"),
        ("PFADD d w", ":1"),
        ("GETRANGE d 0 15", r"$HYLL\x00\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x80"),
        ("PFCOUNT d", ":4"),
        ("OBJECT ENCODING d", "$raw"),
    ]);
}

#[test]
fn a_union_with_a_dense_sketch_is_dense() {
    check(&[
        ("PFADD d x y z w", ":1"),
        ("PFDEBUG TODENSE d", ":1"),
        ("PFDEBUG TODENSE d", ":0"),
        ("PFDEBUG DECODE d", "-ERR HLL encoding is not sparse"),
        ("PFADD s q", ":1"),
        ("PFMERGE s d", "+OK"),
        ("PFDEBUG ENCODING s", "+dense"),
        ("PFCOUNT s", ":5"),
        ("PFADD t q", ":1"),
        ("PFMERGE u t", "+OK"),
        ("PFDEBUG ENCODING u", "+sparse"),
        ("PFCOUNT u", ":1"),
        ("PFCOUNT d u", ":5"),
    ]);
}

#[test]
fn the_longest_sparse_sketch_is_a_setting() {
    check(&[
        ("CONFIG GET hll*", "{$hll-sparse-max-bytes=$3000}"),
        (
            "CONFIG SET hll-sparse-max-bytes -1",
            "-ERR CONFIG SET failed (possibly related to argument 'hll-sparse-max-bytes') - argument must be a memory value",
        ),
        ("CONFIG SET hll-sparse-max-bytes 1kb", "+OK"),
        ("CONFIG GET hll*", "{$hll-sparse-max-bytes=$1024}"),
    ]);
}

#[test]
fn what_is_no_sketch_is_refused() {
    const WRONG: &str = "-WRONGTYPE Key is not a valid HyperLogLog string value.";
    const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";
    const ZEROS: &str = r"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";
    check(&[
        ("SET i 12", "+OK"),
        (r#"SET short "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00""#, "+OK"),
        (&format!(r#"SET magic "HYLX\x01{ZEROS}\x7f\xff""#), "+OK"),
        (&format!(r#"SET code "HYLL\x02{ZEROS}\x7f\xff""#), "+OK"),
        (&format!(r#"SET dense "HYLL\x00{ZEROS}\x7f\xff""#), "+OK"),
        ("RPUSH l a", ":1"),
        ("PFADD i a", WRONG),
        ("PFADD short", WRONG),
        ("PFADD magic a", WRONG),
        ("PFCOUNT code", WRONG),
        ("PFCOUNT dense", WRONG),
        ("PFCOUNT missing i", WRONG),
        ("PFMERGE missing dense", WRONG),
        ("EXISTS missing", ":0"),
        ("PFMERGE short", WRONG),
        ("PFDEBUG ENCODING i", WRONG),
        ("PFDEBUG NOSUCH i", WRONG),
        ("PFADD l a", WRONG_TYPE),
        ("PFCOUNT l", WRONG_TYPE),
        ("PFMERGE l", WRONG_TYPE),
        ("PFMERGE x l", WRONG_TYPE),
        ("PFDEBUG ENCODING l", WRONG_TYPE),
    ]);
}

#[test]
fn runs_that_miss_registers_or_exceed_them_are_an_error() {
    const CORRUPTED: &str = "-INVALIDOBJ Corrupted HLL object detected";
    const HEADER: &str = r"HYLL\x01abc\x07\x00\x00\x00\x00\x00\x00";
    check(&[
        (&format!(r#"SET h "{HEADER}\x00""#), "+OK"),
        ("PFCOUNT h", ":7"),
        ("PFCOUNT h h", CORRUPTED),
        ("PFADD h a", CORRUPTED),
        ("PFMERGE h", CORRUPTED),
        ("PFDEBUG DECODE h", "$"),
        ("PFDEBUG TODENSE h", CORRUPTED),
        ("PFDEBUG GETREG h", CORRUPTED),
        (&format!(r#"SET h "{HEADER}\x80\x7f\xff\x80""#), "+OK"),
        ("PFCOUNT h", CORRUPTED),
        ("PFMERGE x h", CORRUPTED),
        ("PFADD h a", ":1"),
        ("PFDEBUG DECODE h", "$Z:12711 v:2,1 Z:3672 v:1,1"),
        (&format!(r#"SET h "{HEADER}\x80\x7f\xfe""#), "+OK"),
        ("PFCOUNT h", CORRUPTED),
        ("PFADD h a", ":1"),
        ("GET h", &format!(r"${HEADER}\x80q\xa6\x84NV")),
        // The last register is there again.
        (&format!(r#"SET h "{HEADER}\x80\x7f\xfe\xfc""#), "+OK"),
        ("PFADD h a", ":1"),
        ("PFCOUNT h", ":2"),
        ("GET h", r"$HYLL\x01abc\x02\x00\x00\x00\x00\x00\x00\x00q\xa6\x84NV\xfc"),
    ]);
}

#[test]
fn what_was_added_before_a_corrupted_place_is_kept() {
    check(&[
        (r#"SET h "HYLL\x01abc\x07\x00\x00\x00\x00\x00\x00\x00q\xff""#, "+OK"),
        ("PFADD h a", ":1"),
        ("PFCOUNT h", "-INVALIDOBJ Corrupted HLL object detected"),
        (r#"SET h "HYLL\x01abc\x07\x00\x00\x00\x00\x00\x00\x00q\xff""#, "+OK"),
        ("PFADD h a b", "-INVALIDOBJ Corrupted HLL object detected"),
        ("GET h", r"$HYLL\x01abc\x07\x00\x00\x00\x00\x00\x00\x80q\xa6\x84@W"),
    ]);
}

#[test]
fn a_sketch_that_was_stored_as_a_string_is_raw_once_it_was_used() {
    const SKETCH: &str = r#""HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x7f\xff""#;
    let requests = [
        ("PFADD h", ":0"),
        ("PFCOUNT h", ":0"),
        ("PFDEBUG DECODE h", "$Z:16384"),
        ("PFMERGE h", "+OK"),
    ];
    for request in requests {
        check(&[
            (&format!("SET h {SKETCH}"), "+OK"),
            ("PFCOUNT h h", ":0"),
            ("OBJECT ENCODING h", "$embstr"),
            request,
            ("OBJECT ENCODING h", "$raw"),
        ]);
    }
}

#[test]
fn debug_looks_for_the_key_before_the_subcommand() {
    check(&[
        ("PFDEBUG NOSUCH missing", "-ERR The specified key does not exist"),
        ("PFDEBUG GETREG missing", "-ERR The specified key does not exist"),
        ("PFADD h a", ":1"),
        ("PFDEBUG NO'SUCH h", "-ERR Unknown PFDEBUG subcommand 'NO'SUCH'"),
        ("PFDEBUG", "-ERR wrong number of arguments for 'pfdebug' command"),
        ("PFDEBUG ENCODING", "-ERR wrong number of arguments for 'pfdebug' command"),
        ("PFDEBUG ENCODING a b", "-ERR wrong number of arguments for 'pfdebug' command"),
    ]);
}

#[test]
fn getreg_gives_all_registers_and_makes_the_sketch_dense() {
    let mut client = Client::new(1);
    client.run("PFADD h a b c");
    let registers = client.run("PFDEBUG GETREG h");
    let values: Vec<_> = registers.trim_matches(['[', ']']).split(' ').collect();
    assert_eq!(values.len(), 16384);
    let set: Vec<_> = values.iter().enumerate().filter(|(_, value)| **value != ":0").collect();
    assert_eq!(set, [(8436, &":1"), (12711, &":2"), (15780, &":1")]);
    assert_eq!(client.run("PFDEBUG ENCODING h"), "+dense");
    assert_eq!(client.run("PFCOUNT h"), ":3");
}

#[test]
fn arguments_are_counted() {
    check(&[
        ("PFADD", "-ERR wrong number of arguments for 'pfadd' command"),
        ("PFCOUNT", "-ERR wrong number of arguments for 'pfcount' command"),
        ("PFMERGE", "-ERR wrong number of arguments for 'pfmerge' command"),
        ("PFSELFTEST a", "-ERR wrong number of arguments for 'pfselftest' command"),
        ("PFSELFTEST", "+OK"),
        ("COMMAND GETKEYS pfmerge a b c", "[$a $b $c]"),
        ("COMMAND GETKEYS pfmerge a", "-ERR Invalid arguments specified for command"),
        ("COMMAND GETKEYS pfdebug getreg k", "[$k]"),
    ]);
}

#[test]
fn a_deadline_outlives_changes() {
    check(&[
        ("PFADD h a", ":1"),
        ("EXPIRE h 100", ":1"),
        ("PFADD h b", ":1"),
        ("PFCOUNT h", ":2"),
        ("PFMERGE h", "+OK"),
        ("PFDEBUG TODENSE h", ":1"),
        ("PFADD h c", ":1"),
        ("PFCOUNT h", ":3"),
        ("TTL h", ":100"),
    ]);
}

#[test]
fn the_servers_own_commands_are_marked_in_the_docs() {
    let mut client = Client::new(1);
    let docs = client.run("COMMAND DOCS pfdebug pfselftest");
    assert_eq!(docs.matches("$complexity=$N/A $doc_flags=~[+syscmd]").count(), 2, "{docs}");
    let docs = client.run("COMMAND DOCS pfadd getset");
    assert!(!docs.contains("syscmd") && docs.contains("$doc_flags=~[+deprecated]"), "{docs}");
}

#[test]
fn reading_counts_hits_and_misses_and_adding_does_not() {
    let mut client = Client::new(1);
    for request in
        ["PFADD h a", "PFADD h", "PFCOUNT h", "PFCOUNT h no", "PFMERGE no h", "PFDEBUG ENCODING h"]
    {
        client.run(request);
    }
    let stats = client.run("INFO stats");
    assert!(stats.contains(r"keyspace_hits:3\x0d\x0akeyspace_misses:2\x0d"), "{stats}");
}
