//! Recordings of servers: those that are kept run as they did, and what cannot run is told of.

use kv_core::now::Now;
use kv_core::session::Peer;
use kv_proto::dialect::Terms;
use kv_proto::recording::{Call, Encoder, Input, MAGIC, Output, Record, Start};
use kv_sim::replay::tape::{Ending, TapeError};
use kv_sim::replay::{self, Mismatch, Outcome, ReplayError, Report};
use std::fs::{self, File};
use std::path::Path;

#[test]
fn the_recordings_that_are_kept_run_as_they_did() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings");
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("it is there") {
        let path = entry.expect("it can be read").path();
        if path.extension().is_none_or(|extension| extension != "kvrec") {
            continue;
        }
        let file = File::open(&path).expect("it can be read");
        let report = replay::run(file, None, &mut |_, _| {}).expect("it is a recording");
        match report.outcome {
            Outcome::Same(Ending::Stopped | Ending::Full | Ending::Torn(_)) => count += 1,
            Outcome::Different(difference) => panic!("{}: {difference}", path.display()),
            outcome => panic!("{}: {outcome:?}", path.display()),
        }
    }
    assert!(count > 0);
}

fn start() -> Start {
    Start { servers: 1, shards: 1, ..Start::default() }
}

/// A recording of these records.
fn recording(start: Start, records: &[Record<'_>]) -> Vec<u8> {
    let mut encoder = Encoder::default();
    encoder.push(&Record::Start(Box::new(start)));
    let mut bytes = [&MAGIC, encoder.seal()].concat();
    records.iter().for_each(|record| encoder.push(record));
    bytes.extend(encoder.seal());
    bytes
}

fn call(input: Input) -> Record<'static> {
    Record::Call(Call { server: 0, now: Now::default(), input, received: &[] })
}

fn replayed(records: &[Record<'_>]) -> Report {
    let bytes = recording(start(), records);
    replay::run(&bytes[..], None, &mut |_, _| {}).expect("it is a recording")
}

#[track_caller]
fn check(records: &[Record<'_>], record: u64, mismatch: Mismatch) {
    match replayed(records).outcome {
        Outcome::Different(difference) => {
            assert_eq!((difference.record, difference.mismatch), (record, mismatch));
        }
        outcome => panic!("{outcome:?}"),
    }
}

#[test]
fn calls_that_no_driver_makes_are_told_of() {
    let accept =
        [call(Input::Accept(Peer::default(), Terms::default())), Record::Output(Output::Opened(0))];
    let after = |input| [&accept[..], &[call(input)]].concat();
    check(&after(Input::Room(1)), 2, Mismatch::NoConnection(1));
    check(&after(Input::Lost(7)), 2, Mismatch::NoConnection(7));
    let sent = Input::Sent { connection: 0, len: 1, checksum: 0 };
    check(&after(sent), 2, Mismatch::Length(1, 0, "\"\"".into()));
    let elsewhere = Call { server: 1, now: Now::default(), input: Input::Poll, received: &[] };
    check(&[Record::Call(elsewhere)], 1, Mismatch::NoServer(1));
    let too_long = vec![b'x'; 1 << 20];
    let (now, input) = (Now::default(), Input::Received(0));
    let received = Record::Call(Call { server: 0, now, input, received: &too_long });
    check(&[&accept[..], &[received]].concat(), 2, Mismatch::NoRoom(1 << 20, 16 << 10));
}

#[test]
fn another_event_is_told_of_unless_it_is_the_last_that_is_known() {
    let poll = [call(Input::Poll), Record::Output(Output::Backlog)];
    let mismatch = Mismatch::Output(Some(Output::Backlog), None);
    check(&[&poll[..], &[call(Input::Poll)]].concat(), 1, mismatch);
    assert!(matches!(replayed(&poll).outcome, Outcome::Same(Ending::Torn(0))));
}

#[test]
#[cfg(debug_assertions)]
fn a_panic_is_told_with_the_record_that_led_to_it() {
    // A time beyond which there is none, which only a debug build minds.
    let now = Now { mono_us: u64::MAX, unix_us: 0 };
    let input = Input::Accept(Peer::default(), Terms { is_proxied: true, ..Terms::default() });
    let records = [call(Input::Poll), Record::Call(Call { server: 0, now, input, received: &[] })];
    let Outcome::Different(difference) = replayed(&records).outcome else { panic!("it ran") };
    assert_eq!(difference.record, 2);
    assert!(matches!(difference.mismatch, Mismatch::Panic(text) if text.contains("overflow")));
}

#[test]
fn what_is_no_recording_of_a_server_is_refused() {
    let run = |bytes: &[u8]| replay::run(bytes, None, &mut |_, _| {}).map(|_| ());
    let shape = |servers, shards| recording(Start { servers, shards, ..start() }, &[]);
    for bytes in [shape(0, 1), shape(65, 1), shape(1, 0), shape(1, 3), shape(1, 1 << 40)] {
        assert!(matches!(run(&bytes), Err(ReplayError::Shape { .. })));
    }
    let settings = b"no-such-setting 1\n".to_vec();
    let bytes = recording(Start { settings, ..start() }, &[]);
    assert!(matches!(run(&bytes), Err(ReplayError::Settings(_))));
    for bytes in [&b""[..], b"kv-rec", b"REDIS0011 and more"] {
        assert!(matches!(run(bytes), Err(ReplayError::Tape(TapeError::Other(_)))));
    }
    assert!(matches!(run(&MAGIC), Err(ReplayError::Tape(TapeError::Empty))));
    let whole = recording(start(), &[]);
    let twice = [&whole[..], &whole[MAGIC.len()..]].concat();
    assert!(matches!(run(&twice), Err(ReplayError::Tape(TapeError::Disorder))));
    assert!(run(&whole).is_ok());
}
