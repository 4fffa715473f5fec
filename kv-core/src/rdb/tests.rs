//! Payloads that Redis 7.0 wrote, or that it reads as is said here.

use super::*;
use crate::value::pack::Item;
use proptest::prelude::*;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        hex.bytes().filter_map(|digit| (digit as char).to_digit(16)).map(|d| d as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// A payload with a footer.
fn sealed(value: &[u8]) -> Vec<u8> {
    let mut dump = value.to_vec();
    seal(&mut dump);
    dump
}

fn strings(items: &[&str]) -> Strings {
    items.iter().map(|item| item.as_bytes()).collect()
}

fn string(text: &str) -> Payload {
    Payload::String(text.into())
}

fn list(items: &[&str]) -> Payload {
    Payload::List(strings(items))
}

fn set(members: &[&str]) -> Payload {
    Payload::Set(strings(members))
}

fn hash(fields: &[&str]) -> Payload {
    Payload::Hash(strings(fields))
}

fn sorted_set(members: &[(&str, f64)]) -> Payload {
    let scores = members.iter().map(|(_, score)| *score).collect();
    Payload::SortedSet { members: members.iter().map(|(m, _)| m.as_bytes()).collect(), scores }
}

fn id(ms: u64, seq: u64) -> StreamId {
    StreamId { ms, seq }
}

/// What DUMP replied, and the value.
fn captured() -> Vec<(Vec<u8>, Payload)> {
    let (x, v, z) = ("x".repeat(70), "v".repeat(65), "z".repeat(65));
    [
        ("000568656c6c6f0a006372df766534200a", string("hello")),
        ("00c290eefeff0a002875de7b13eb2800", string("-70000")),
        ("00c30b3c0361626361e02d020162630a006f6029e4afd764ac", string(&"abc".repeat(20))),
        (
            "120102c3184058105800000004008161020101ded402e04678e03c000148ff0a0044cc546ab27d5d40",
            list(&["a", "1", "-300", &x]),
        ),
        (
            "1203020a0a0000000100816102ff01c312320a3031323334353637383930e01c09013839020a0a000000
             0100816202ff0a00dd20f9c07318c3ab",
            list(&["a", &"0123456789".repeat(5), "b"]),
        ),
        (
            "0b140400000003000000ffffffff05000000701101000a00efdab8fb74444e88",
            set(&["-1", "5", "70000"]),
        ),
        ("0202c00701610a00f4aa358a55ed6408", set(&["7", "a"])),
        ("101111000000040081660281760201010201ff0a001a4df2175e0bff9b", hash(&["f", "v", "1", "2"])),
        (
            "0402c001c0020166c3094041017676e034000176760a006921304f949d95e5",
            hash(&["1", "2", "f", &v]),
        ),
        (
            "111c1c0000000600816102010181620283322e350481630283696e6604ff0a006b1ddedce8e2c399",
            sorted_set(&[("a", 1.0), ("b", 2.5), ("c", f64::INFINITY)]),
        ),
        (
            "05030161000000000000f03fc3094041017a7ae03400017a7a00000000000004c00163000000000000f0
             ff0a0016fda3d7812bf27a",
            sorted_set(&[("a", 1.0), (&z, -2.5), ("c", f64::NEG_INFINITY)]),
        ),
        (STREAM, Payload::Stream(stream())),
        (
            "13000005010000050101000a00c6649ea899ebb58d",
            Payload::Stream(Stream {
                entries: Entries::default(),
                state: StreamState {
                    last_id: id(5, 1),
                    max_deleted_id: id(5, 1),
                    entries_added: 1,
                    groups: Vec::new(),
                },
            }),
        ),
    ]
    .map(|(hex, payload)| (bytes(hex), payload))
    .into()
}

/// Entries of three shapes, one of them deleted; one group with two consumers, one without any.
const STREAM: &str = "130110000000000000000500000000000000014049490000001d0003010101010181660200\
    010201000100018161020401030100010101816202040100010101dfff0202018167028163028168020701080102\
    01010104018164020401ff03060505010502040203677270060081ffffffffffffffff0200000000000000050000\
    000000000001e8030000000000000300000000000000060000000000000000d00700000000000040460205616c69\
    63651836bcfda1010000010000000000000005000000000000000103626f621936bcfda101000001000000000000\
    000600000000000000000469646c65060081ffffffffffffffff00000a008042036e8ec63a89";

fn stream() -> Stream {
    let fields = [("f", "a"), ("g", "c"), ("h", "7"), ("f", "d")]
        .map(|(f, v)| (Item::new(f.as_bytes()), Item::new(v.as_bytes())));
    let mut out = Vec::new();
    let mut writer = StreamWriter::new(&mut out);
    writer.push(id(5, 1), fields[..1].iter().copied());
    writer.push(id(6, 0), fields[1..3].iter().copied());
    writer.push(id(6, 5), fields[3..].iter().copied());
    writer.finish(&StreamState { last_id: id(6, 5), entries_added: 3, ..StreamState::default() });
    let Ok(Payload::Stream(Stream { entries, .. })) = decode(&sealed(&out)) else {
        panic!("was written as a stream")
    };
    Stream { entries, state: stream_state() }
}

fn stream_state() -> StreamState {
    let consumer =
        |name: &str, ms| Consumer { name: name.into(), seen_ms: ms, active_ms: Some(ms) };
    let group = Group {
        name: b"grp".to_vec(),
        last_id: id(6, 0),
        entries_read: None,
        pending: vec![
            Pending { id: id(5, 1), consumer: 0, delivered_ms: 1000, deliveries: 3 },
            Pending { id: id(6, 0), consumer: 1, delivered_ms: 2000, deliveries: 70 },
        ],
        consumers: vec![consumer("alice", 1_795_258_332_696), consumer("bob", 1_795_258_332_697)],
    };
    let idle = Group { name: b"idle".to_vec(), last_id: id(6, 0), ..Group::default() };
    StreamState {
        last_id: id(6, 5),
        max_deleted_id: id(5, 2),
        entries_added: 4,
        groups: vec![group, idle],
    }
}

#[test]
fn reads_what_redis_writes() {
    for (dump, payload) in captured() {
        assert_eq!(decode(&dump), Ok(payload));
    }
}

#[test]
fn what_was_read_and_written_reads_the_same() {
    for (_, payload) in captured() {
        assert_eq!(normalized(decode(&payload.encode()).unwrap()), normalized(payload));
    }
}

#[test]
fn writes_small_values_as_redis_does() {
    let mut same = 0;
    for (dump, payload) in captured() {
        same += usize::from(payload.encode() == dump);
    }
    // The others are compressed, or hold what may have any order, or a list.
    assert_eq!(same, 6);
}

#[test]
fn a_payload_that_was_cut_off_is_corrupt() {
    for (dump, _) in captured() {
        let value = &dump[..dump.len() - FOOTER_BYTES];
        for end in 0..value.len() {
            assert_eq!(decode(&sealed(&value[..end])), Err(Error::Corrupt), "{end} of {value:?}");
        }
    }
}

#[test]
fn no_change_of_a_bit_does_harm() {
    for (dump, _) in captured() {
        for at in 0..dump.len() - FOOTER_BYTES {
            for bit in 0..8 {
                let mut value = dump[..dump.len() - FOOTER_BYTES].to_vec();
                value[at] ^= 1 << bit;
                if let Ok(payload) = decode(&sealed(&value)) {
                    let again = decode(&payload.encode()).unwrap();
                    assert_eq!(normalized(again), normalized(payload));
                }
            }
        }
    }
}

#[test]
fn the_footer_must_fit() {
    let good = sealed(b"\0\x03abc");
    assert_eq!(decode(&good), Ok(string("abc")));
    let mut newer = b"\0\x03abc\x0c\0".to_vec();
    newer.extend(crc64(&newer).to_le_bytes());
    let mut changed = good.clone();
    changed[2] ^= 1;
    let mut without_crc = good.clone();
    without_crc[7..].fill(0);
    for dump in [&newer[..], &changed, &without_crc, &good[..14], &good[..9], b""] {
        assert_eq!(decode(dump), Err(Error::VersionOrChecksum), "{dump:?}");
    }
    assert_eq!(Error::Corrupt.to_string(), "ERR Bad data format");
    assert_eq!(
        Error::VersionOrChecksum.to_string(),
        "ERR DUMP payload version or checksum are wrong"
    );
}

#[test]
fn every_version_up_to_that_of_redis_7_2_is_read() {
    for version in 0..=VERSION_MAX {
        let mut dump = b"\0\x03abc".to_vec();
        dump.extend(version.to_le_bytes());
        dump.extend(crc64(&dump).to_le_bytes());
        assert_eq!(decode(&dump), Ok(string("abc")));
    }
}

#[test]
fn what_stands_behind_the_value_is_ignored() {
    assert_eq!(decode(&sealed(b"\0\x03abcxyz")), Ok(string("abc")));
}

#[test]
fn reads_the_types_of_other_releases() {
    let ziplist =
        b"\x16\x16\0\0\0\x12\0\0\0\x04\0\0\x01a\x03\xf2\x02\x01b\x03\xfe\x80\xff".to_vec();
    let of = |kind: u8| [&[kind][..], &ziplist].concat();
    let nodes = [&[kind::LIST_QUICKLIST, 2][..], &ziplist, b"\x0b\x0b\0\0\0\x0a\0\0\0\0\0\xff"];
    for (value, payload) in [
        (b"\x01\x02\x01a\xc0\x05".to_vec(), list(&["a", "5"])),
        (of(kind::LIST_ZIPLIST), list(&["a", "1", "b", "-128"])),
        (nodes.concat(), list(&["a", "1", "b", "-128"])),
        (of(kind::HASH_ZIPLIST), hash(&["a", "1", "b", "-128"])),
        (of(kind::ZSET_ZIPLIST), sorted_set(&[("a", 1.0), ("b", -128.0)])),
        (b"\x09\x0b\x01\x01a\x04\x01bcdeX\xff".to_vec(), hash(&["a", "bcde"])),
        (
            b"\x03\x03\x01a\x031.5\x01b\xfe\x01c\xff".to_vec(),
            sorted_set(&[("a", 1.5), ("b", f64::INFINITY), ("c", f64::NEG_INFINITY)]),
        ),
        (b"\x14\x0c\x0c\0\0\0\x02\0\x81a\x02\x07\x01\xff".to_vec(), set(&["a", "7"])),
    ] {
        assert_eq!(decode(&sealed(&value)), Ok(payload), "{value:?}");
    }
}

#[test]
fn what_streams_of_other_releases_do_not_tell_is_made_up_as_redis_does() {
    let entries = &bytes(STREAM)[1..94];
    let group = b"\x01\x01g\x05\x01\0\x01\x01c\x07\0\0\0\0\0\0\0\0";
    let first = [&[kind::STREAM_LISTPACKS][..], entries, b"\x03\x06\x05", group].concat();
    let Ok(Payload::Stream(Stream { state, .. })) = decode(&sealed(&first)) else { panic!() };
    assert_eq!((state.max_deleted_id, state.entries_added), (id(0, 0), 3));
    assert_eq!(state.groups[0].entries_read, Some(1));
    assert_eq!(state.groups[0].consumers[0].active_ms, Some(7));
}

#[test]
fn redis_7_2_tells_when_a_consumer_was_active() {
    let head = b"\x15\0\0\x05\x01\0\0\x05\x01\x01\x01\x01g\x05\x01\x01\0\x02";
    let active = b"\x01a\x07\0\0\0\0\0\0\0\x06\0\0\0\0\0\0\0\0";
    let never = b"\x01b\x07\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0";
    let dump = sealed(&[&head[..], active, never].concat());
    let Ok(Payload::Stream(Stream { state, .. })) = decode(&dump) else { panic!() };
    let active: Vec<_> = state.groups[0].consumers.iter().map(|c| c.active_ms).collect();
    assert_eq!(active, [Some(6), None]);
}

#[test]
fn what_is_no_value_is_corrupt() {
    for value in [
        &b""[..],
        b"\x06\0",
        b"\x07\0",
        b"\x08\0",
        b"\x16\0",
        b"\x01\0",
        b"\x01\x81\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x02\x02\x01a\x01a",
        b"\x02\x02\x011\xc0\x01",
        b"\x04\x02\x01a\x01a\x01a\x01b",
        b"\x04\x81\x80\0\0\0\0\0\0\x01\x01a",
        b"\x05\x02\x01a\0\0\0\0\0\0\0\0\x01a\0\0\0\0\0\0\0\0",
        b"\x05\x01\x01a\0\0\0\0\0\0\xf8\x7f",
        b"\x03\x01\x01a\xfd",
        b"\x03\x01\x01a\0",
        b"\x03\x01\x01a\x03nan",
        b"\x0b\x08\x02\0\0\0\0\0\0\0",
        b"\x09\x02\0\xff",
        b"\x0a\x0b\x0b\0\0\0\x0a\0\0\0\0\0\xff",
        b"\x10\x07\x07\0\0\0\0\0\xff",
        b"\x10\x0a\x0a\0\0\0\x01\0\x81a\x02\xff",
        b"\x10\x10\x10\0\0\0\x04\0\x811\x02\x02\x01\x01\x01\x02\x01\xff",
        b"\x11\x10\x10\0\0\0\x02\0\x81a\x02\x83nan\x04\xff",
        b"\x11\x10\x10\0\0\0\x02\0\x81a\x02\x83abc\x04\xff",
        b"\x12\x01\x03\x01a",
        b"\x12\x01\x02\x07\x07\0\0\0\0\0\xff",
    ] {
        assert_eq!(decode(&sealed(value)), Err(Error::Corrupt), "{value:?}");
    }
}

#[test]
fn lengths_and_places_in_a_ziplist_must_be_right() {
    let good = b"\x0a\x13\x13\0\0\0\x0d\0\0\0\x02\0\0\x01a\x03\x03bcd\xff";
    assert_eq!(decode(&sealed(good)), Ok(list(&["a", "bcd"])));
    for (at, byte) in [
        (2, 0x12),
        (6, 0x0c),
        (10, 3),
        (10, 1),
        (12, 1),
        (13, 2),
        (15, 2),
        (15, 0xff),
        (16, 4),
        (20, 0),
    ] {
        let mut bad = good.to_vec();
        bad[at] = byte;
        assert_eq!(decode(&sealed(&bad)), Err(Error::Corrupt), "{at} {byte}");
    }
}

#[test]
fn counts_ids_and_consumers_of_a_stream_must_agree() {
    let good = bytes(STREAM);
    let good = &good[..good.len() - FOOTER_BYTES];
    let changed = |from: &[u8], to: &[u8]| {
        let at = good.windows(from.len()).position(|part| part == from).expect("is there");
        [&good[..at], to, &good[at + from.len()..]].concat()
    };
    for (from, to) in [
        // The first node's live and deleted entries, and its terminator.
        (&b"\x1d\0\x03\x01\x01\x01"[..], &b"\x1d\0\x02\x01\x01\x01"[..]),
        (b"\x1d\0\x03\x01\x01\x01", b"\x1d\0\x03\x01\x02\x01"),
        (b"\x81f\x02\0\x01", b"\x81f\x02\x01\x01"),
        // An entry's order, its number of items, its flag of deletion.
        (b"\x02\x01\x01\x01\x04\x01", b"\x02\x01\x01\x01\x05\x01"),
        (b"\x02\x01\x01\x01\x04\x01", b"\x02\x01\x00\x01\x00\x01"),
        (b"\x81d\x02\x04\x01", b"\x81d\x02\x05\x01"),
        (b"\x03\x01\0\x01\x01\x01\x81b", b"\x02\x01\0\x01\x01\x01\x81b"),
        // The length; an entry beyond the last ID; fewer entries added than there are.
        (b"\xff\x03\x06\x05", b"\xff\x02\x06\x05"),
        (b"\xff\x03\x06\x05", b"\xff\x03\x06\x04"),
        (b"\x05\x02\x04\x02", b"\x05\x02\x02\x02"),
        // A consumer's entry that is not pending, or pending for another consumer.
        (b"\x01\x03bob", b"\x02\x03bob"),
        (b"\x46\x02\x05alice", b"\x46\x01\x05alice"),
        (b"\x03bob", b"\x05alice"),
        (b"\x04idle", b"\x03grp"),
    ] {
        let bad = changed(from, to);
        if bad.len() == good.len() {
            assert_ne!(bad, good);
        }
        assert_eq!(decode(&sealed(&bad)), Err(Error::Corrupt), "{from:?} {to:?}");
    }
}

#[test]
fn a_stream_that_is_wrong_in_several_places_is_corrupt() {
    // One node that begins at 1-0, with these items, and what follows it.
    let read = |items: &[Item<'_>], rest: &[u8]| {
        let mut pack = listpack::Builder::default();
        items.iter().for_each(|item| pack.push(*item));
        let mut value = b"\x13\x01\x10\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0".to_vec();
        wire::put_string(&mut value, &pack.finish());
        decode(&sealed(&[&value, rest].concat()))
    };
    let (field, int) = (Item::Bytes(b"f"), Item::Int);
    let head = |live, deleted| [int(live), int(deleted), int(1), field, int(0)];
    let entry = |flags, seq| [int(flags), int(0), int(seq), field, int(4)];
    let rest = |length| [length, 9, 9, 1, 0, 0, 0, 9, 0];
    let good = [&head(1, 1)[..], &entry(2, 0), &entry(3, 1)].concat();
    assert!(read(&good, &rest(1)).is_ok());
    assert_eq!(read(&[&good[..], &[int(0)]].concat(), &rest(1)), Err(Error::Corrupt));
    let flags = [&head(1, 1)[..], &entry(2, 0), &entry(2, 1)].concat();
    assert_eq!(read(&flags, &rest(2)), Err(Error::Corrupt));
    let none = [int(1), int(0), int(0), int(0), int(2), int(0), int(0), int(3)];
    assert_eq!(read(&none, &rest(1)), Err(Error::Corrupt));
}

#[test]
fn a_pending_entry_is_there_once_and_has_one_consumer() {
    let pending = |seq| [&[0; 7][..], &[1], &[0; 7], &[seq], &[0; 8], &[1]].concat();
    let own = |name, seq| [&[1, name][..], &[0; 8], &[1], &[0; 7], &[1], &[0; 7], &[seq]].concat();
    let read = |entries: &[Vec<u8>], consumers: &[Vec<u8>]| {
        let head = b"\x13\0\0\x09\x09\0\0\0\0\x09\x01\x01g\x05\x01\0";
        let (entries_len, consumers_len) = ([entries.len() as u8], [consumers.len() as u8]);
        let parts = [&entries_len[..], &entries.concat(), &consumers_len, &consumers.concat()];
        decode(&sealed(&[&head[..], &parts.concat()].concat()))
    };
    assert!(read(&[pending(1), pending(2)], &[own(b'a', 1), own(b'b', 2)]).is_ok());
    for (entries, consumers) in [
        (vec![pending(1)], vec![own(b'a', 1), own(b'b', 1)]),
        (vec![pending(1), pending(1)], vec![own(b'a', 1), own(b'b', 1)]),
        (vec![pending(2), pending(1)], vec![own(b'a', 1), own(b'b', 2)]),
        (vec![pending(1), pending(2)], vec![own(b'a', 1)]),
        (vec![pending(1)], vec![own(b'a', 2)]),
        (vec![pending(1), pending(2)], vec![own(b'a', 1), own(b'a', 2)]),
    ] {
        assert_eq!(read(&entries, &consumers), Err(Error::Corrupt));
    }
}

#[test]
fn scores_keep_all_their_bits() {
    let scores = [0.0, -0.0, 0.1, -5e-324, 1e300, f64::MAX, 9.3e18, -9.3e18, 1e-5, 123456.7]
        .into_iter()
        .chain([i64::MAX as f64, i64::MIN as f64, f64::INFINITY, f64::NEG_INFINITY]);
    for score in scores {
        for member in ["m", &"m".repeat(65)] {
            let payload = sorted_set(&[(member, score)]);
            let Ok(Payload::SortedSet { scores, .. }) = decode(&payload.encode()) else { panic!() };
            assert_eq!(scores[0].to_bits(), score.to_bits(), "{score}");
        }
    }
}

#[test]
fn field_names_that_entries_share_are_not_copied() {
    let name = vec![b'n'; 10_000];
    let mut out = Vec::new();
    let mut writer = StreamWriter::new(&mut out);
    for ms in 1..=100 {
        writer.push(id(ms, 0), [(Item::new(&name), Item::Int(1))].into_iter());
    }
    let state = StreamState { last_id: id(100, 0), entries_added: 100, ..StreamState::default() };
    writer.finish(&state);
    let Ok(Payload::Stream(stream)) = decode(&sealed(&out)) else { panic!() };
    assert_eq!(stream.entries.len(), 100);
    assert!(stream.entries.iter().all(|entry| entry.fields().eq([(&name[..], &b"1"[..])])));
    assert_eq!(stream.state, state);
}

fn normalized(mut payload: Payload) -> Payload {
    match &mut payload {
        Payload::Set(members) => {
            let mut sorted: Vec<_> = members.iter().map(<[u8]>::to_vec).collect();
            sorted.sort();
            *members = sorted.iter().map(|member| &member[..]).collect();
        }
        Payload::SortedSet { members, scores } => {
            let bits = scores.iter().map(|score| score.to_bits());
            let mut sorted: Vec<_> = bits.zip(members.iter().map(<[u8]>::to_vec)).collect();
            sorted.sort();
            *scores = sorted.iter().map(|(bits, _)| f64::from_bits(*bits)).collect();
            *members = sorted.iter().map(|(_, member)| &member[..]).collect();
        }
        _ => {}
    }
    payload
}

/// Few or many, short or long; some are integers.
fn items() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let item = prop_oneof![
        3 => any::<i64>().prop_map(|value| value.to_string().into_bytes()),
        3 => (0..300_i64).prop_map(|value| value.to_string().into_bytes()),
        3 => prop::collection::vec(any::<u8>(), 0..70),
        1 => (0..20_000_usize).prop_map(|len| vec![b'x'; len]),
    ];
    prop_oneof![
        prop::collection::vec(item.clone(), 1..8),
        prop::collection::vec(item, 1..140),
        prop::collection::vec(any::<i16>().prop_map(|v| v.to_string().into_bytes()), 1..600),
    ]
}

fn unique(items: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    items.into_iter().collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn collections_of_any_size_read_as_written(items in items(), scores in any::<u64>()) {
        let all = |items: &[Vec<u8>]| items.iter().map(|item| &item[..]).collect::<Strings>();
        let members = unique(items.clone());
        let score = |index: u64| match f64::from_bits(scores.wrapping_mul(index)) {
            score if score.is_nan() || index.is_multiple_of(3) => index as f64,
            score => score,
        };
        let scores = (0..members.len() as u64).map(score).collect();
        let fields: Vec<_> = members.iter().cloned().zip(items.clone()).flat_map(|(f, v)| [f, v]).collect();
        for payload in [
            Payload::String(items[0].clone()),
            Payload::List(all(&items)),
            Payload::Set(all(&members)),
            Payload::Hash(all(&fields)),
            Payload::SortedSet { members: all(&members), scores },
        ] {
            prop_assert_eq!(normalized(decode(&payload.encode()).unwrap()), normalized(payload));
        }
    }
}
