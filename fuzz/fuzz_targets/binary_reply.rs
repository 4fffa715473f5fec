//! Replies in TLV and in frames, as clients read them: cutting a stream into pieces changes neither
//! the values nor the error, and a value that was read is written and read again as the same value.
#![no_main]

use kv_core::error::Error;
use kv_core::reply::Reply;
use kv_fuzz::pieces::Pieces;
use kv_proto::resp::value::{ReplyError, ReplyLimits, Value};
use kv_proto::tlv::Variant;
use kv_proto::{frame, tlv};
use libfuzzer_sys::fuzz_target;

type Outcome = (Vec<Value>, Option<ReplyError>);

const TINY: ReplyLimits = ReplyLimits { depth_max: 3, len_max: 40 };

fuzz_target!(|data: &[u8]| {
    let Some(pieces) = Pieces::new(data) else { return };
    let limits = if pieces.usual_limits { ReplyLimits::default() } else { TINY };

    for variant in [Variant::Plain, Variant::Strict] {
        let next = |input: &[u8]| tlv::decode_reply(input, variant, &limits);
        let whole = decode([pieces.stream], next);
        assert_eq!(decode(pieces.iter(), next), whole);
        for value in &whole.0 {
            let (mut bytes, mut has_failed) = (Vec::new(), false);
            write(value, &mut tlv::Encoder::new(&mut bytes, variant, &mut has_failed));
            assert!(!has_failed);
            let again = tlv::decode_reply(&bytes, variant, &ReplyLimits::default());
            assert_eq!(again, Ok(Some((value.clone(), bytes.len()))));
        }
    }

    let next = |input: &[u8]| frame::decode_reply(input, &limits);
    let whole = decode([pieces.stream], next);
    assert_eq!(decode(pieces.iter(), next), whole);
    for value in &whole.0 {
        let mut bytes = Vec::new();
        write(value, &mut frame::Encoder::new(&mut bytes));
        let again = frame::decode_reply(&bytes, &ReplyLimits::default());
        assert_eq!(again, Ok(Some((value.clone(), bytes.len()))));
    }
});

fn decode<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    next: impl Fn(&[u8]) -> Result<Option<(Value, usize)>, ReplyError>,
) -> Outcome {
    let (mut buffer, mut values) = (Vec::new(), Vec::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match next(&buffer) {
                Ok(Some((value, len))) => {
                    values.push(value);
                    buffer.drain(..len);
                }
                Ok(None) => break,
                Err(error) => return (values, Some(error)),
            }
        }
    }
    (values, None)
}

/// As a handler gives it to a codec.
fn write(value: &Value, out: &mut dyn Reply) {
    match value {
        Value::Null => out.null(),
        Value::Bulk(bytes) => out.bulk(bytes),
        Value::Int(value) => out.int(*value),
        Value::Double(value) => out.double(value.0),
        Value::Error(text) => out.error(&Error::composed(text.clone())),
        Value::Array(values) => {
            out.array(values.len());
            values.iter().for_each(|value| write(value, out));
        }
        other => panic!("no reply is {other:?}"),
    }
}
