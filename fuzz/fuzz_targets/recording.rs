//! Recordings: whatever a file holds, reading it ends; and what was read is written and read again
//! as the same records.
#![no_main]

use kv_proto::recording::{Decoder, Encoder, Record, frame};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(Some(frame)) = frame(data) {
        assert!(frame.len <= data.len());
    }
    // As the records of a frame, since hardly any input has the right checksums.
    let mut encoder = Encoder::default();
    let records = read(data);
    records.iter().for_each(|record| encoder.push(record));
    let bytes = encoder.seal();
    let again = frame(bytes).expect("it was just written");
    let again = again.map_or(Vec::new(), |frame| {
        assert_eq!(frame.len, bytes.len());
        read(frame.records)
    });
    assert_eq!(records, again);
    if let Some(last) = bytes.len().checked_sub(1) {
        assert_eq!(frame(&bytes[..last]), Ok(None));
    }
});

/// The records up to the first that is none.
fn read(mut bytes: &[u8]) -> Vec<Record<'_>> {
    let (mut decoder, mut records) = (Decoder::default(), Vec::new());
    while let Ok(Some(record)) = decoder.next(&mut bytes) {
        records.push(record);
    }
    records
}
