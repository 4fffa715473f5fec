//! The format of recordings.

use kv_core::kernel::{Facts, Usage};
use kv_core::now::Now;
use kv_core::session::{Origin, Peer};
use kv_proto::dialect::{Dialect, Terms};
use kv_proto::recording::{
    Answer, Call, Damage, Decoder, Encoder, End, Input, MAGIC, Output, Record, Start, frame,
};
use proptest::prelude::*;

fn start() -> Start {
    let facts = Facts {
        os: "Linux".into(),
        process_id: 4_000_000_000,
        executable: "/bin/kv-server".into(),
        config_file: String::new(),
        tcp_port: 6379,
        total_system_memory: 1 << 40,
    };
    Start {
        version: "0.1.0".into(),
        seed: u64::MAX,
        shards: 32,
        servers: 2,
        now: Now { mono_us: 5, unix_us: 1_700_000_000_000_000 },
        facts,
        settings: b"port 1\n\xff".to_vec(),
    }
}

/// One record of every kind, with fields at their ends.
fn records() -> Vec<Record<'static>> {
    let peer = |origin| Peer {
        address: "127.0.0.1:1".into(),
        local_address: "?:0".into(),
        descriptor: -1,
        origin,
    };
    let sent = Input::Sent { connection: 300, len: 1 << 40, checksum: u32::MAX };
    let inputs = [
        Input::Accept(peer(Origin::Local), Terms::default()),
        Input::Accept(peer(Origin::Unix), Dialect::Frame.into()),
        Input::Accept(peer(Origin::Local), Dialect::Tlv.into()),
        Input::Accept(
            peer(Origin::Remote),
            Terms { dialect: Dialect::TlvStrict, is_proxied: true },
        ),
        Input::Room(0),
        Input::Received(usize::MAX),
        Input::EndOfInput(127),
        Input::Lost(128),
        Input::Execute,
        Input::Timeout,
        Input::Mail,
        Input::JoinIn,
        sent,
        Input::Poll,
        Input::Close,
    ];
    let begin = start().now;
    let mut records = vec![Record::Start(Box::new(start()))];
    for (number, input) in inputs.into_iter().enumerate() {
        // Forwards, backwards, and from one end to the other.
        let now = match number % 4 {
            0 => begin,
            1 => begin.after_us(1_000),
            2 => Now { mono_us: u64::MAX, unix_us: begin.unix_us - 900 },
            _ => Now { mono_us: 0, unix_us: u64::MAX },
        };
        let received: &[u8] = if matches!(input, Input::Received(_)) { b"PING\r\n" } else { b"" };
        records.push(Record::Call(Call { server: number / 3, now, input, received }));
    }
    let usage =
        Usage { cpu_user_us: 1, cpu_system_us: 2, resident_bytes: 3, resident_peak_bytes: 4 };
    let outputs = [
        Output::Opened(1),
        Output::Output(2),
        Output::Refused(3),
        Output::Closed(4),
        Output::Backlog,
        Output::Mail(63),
    ];
    records.extend(outputs.map(Record::Output));
    let answers = [
        Answer::PreciseNs(u64::MAX),
        Answer::PreciseNs(7),
        Answer::Usage(usage),
        Answer::RecordingBytes(1 << 63),
        Answer::Rewritten(Ok(())),
        Answer::Rewritten(Err("disk full".into())),
    ];
    records.extend(answers.map(Record::Answer));
    records.extend([Record::End(End::Full), Record::End(End::Stopped)]);
    records
}

/// Frames of so many records each.
fn frames(records: &[Record<'_>], per_frame: usize) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::default();
    let frames = records.chunks(per_frame).map(|chunk| {
        chunk.iter().for_each(|record| encoder.push(record));
        encoder.seal().to_vec()
    });
    frames.collect()
}

fn decode(decoder: &mut Decoder, mut records: &[u8]) -> Result<Vec<String>, Damage> {
    let mut all = Vec::new();
    while let Some(record) = decoder.next(&mut records)? {
        all.push(format!("{record:?}"));
    }
    Ok(all)
}

#[test]
fn every_record_is_read_as_it_was_written_however_they_are_framed() {
    let records = records();
    let expected: Vec<String> = records.iter().map(|record| format!("{record:?}")).collect();
    for per_frame in [1, 2, 7, 100] {
        let (mut decoder, mut all) = (Decoder::default(), Vec::new());
        for bytes in frames(&records, per_frame) {
            let frame = frame(&bytes).unwrap().unwrap();
            assert_eq!(frame.len, bytes.len());
            all.extend(decode(&mut decoder, frame.records).unwrap());
        }
        assert_eq!(all, expected);
    }
}

#[test]
fn a_frame_without_records_has_no_bytes() {
    let mut encoder = Encoder::default();
    assert!(encoder.seal().is_empty());
    encoder.push(&Record::End(End::Full));
    assert!(!encoder.seal().is_empty());
    assert!(encoder.seal().is_empty());
}

#[test]
fn the_beginning_of_a_frame_is_no_frame_and_no_damage() {
    let bytes = frames(&records(), 100).concat();
    for len in 0..bytes.len() {
        assert_eq!(frame(&bytes[..len]), Ok(None), "{len}");
    }
}

#[test]
fn every_changed_bit_is_noticed() {
    let bytes = frames(&records(), 100).concat();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let expected = if at < 12 && at / 4 != 1 { Damage::Header } else { Damage::Records };
            let found = frame(&changed).unwrap_err();
            assert!(found == expected || (at < 12 && found == Damage::Header), "{at}: {found}");
        }
    }
}

#[test]
fn records_that_nobody_writes_are_errors() {
    let cases: [(&[u8], Damage); 7] = [
        (&[17], Damage::UnknownRecord(17)),
        (&[255], Damage::UnknownRecord(255)),
        (&[1, 2], Damage::Field),
        (&[7, 1, 5, b'x'], Damage::CutRecord),
        (&[6], Damage::CutRecord),
        (&[6, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2], Damage::Field),
        (&[51, 1, 1, 255], Damage::Field),
    ];
    for (records, damage) in cases {
        assert_eq!(decode(&mut Decoder::default(), records), Err(damage), "{records:?}");
    }
}

#[test]
fn other_files_and_other_versions_are_told_apart() {
    assert_eq!(Decoder::check_magic(MAGIC), Ok(()));
    let mut newer = MAGIC;
    newer[7] += 1;
    assert_eq!(Decoder::check_magic(newer), Err(Damage::Version(MAGIC[7] + 1)));
    assert_eq!(Decoder::check_magic(*b"REDIS001"), Err(Damage::NoRecording));
}

/// The records up to the first that is none.
fn read(mut bytes: &[u8]) -> Vec<Record<'_>> {
    let (mut decoder, mut records) = (Decoder::default(), Vec::new());
    while let Ok(Some(record)) = decoder.next(&mut bytes) {
        records.push(record);
    }
    records
}

proptest! {
    #[test]
    fn whatever_is_read_is_read_again_once_it_is_written(
        bytes in proptest::collection::vec(prop_oneof![0..60u8, any::<u8>()], 0..200),
    ) {
        let records = read(&bytes);
        let mut encoder = Encoder::default();
        records.iter().for_each(|record| encoder.push(record));
        let written = encoder.seal();
        let frame = frame(written).unwrap();
        prop_assert_eq!(frame.map_or(Vec::new(), |frame| read(frame.records)), records);
    }
}
