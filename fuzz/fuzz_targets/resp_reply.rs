//! Replies: cutting a stream into pieces changes neither the values nor the error, and a value
//! that was read is written and read again as the same value.
#![no_main]

use kv_fuzz::pieces::Pieces;
use kv_proto::resp::value::{ReplyDecoder, ReplyError, ReplyLimits, Value, reply_len};
use libfuzzer_sys::fuzz_target;

type Outcome = (Vec<Value>, Option<ReplyError>);

const TINY: ReplyLimits = ReplyLimits { depth_max: 3, len_max: 40 };

fuzz_target!(|data: &[u8]| {
    let Some(pieces) = Pieces::new(data) else { return };
    let limits = if pieces.usual_limits { ReplyLimits::default() } else { TINY };
    let whole = decode([pieces.stream], &limits);
    assert_eq!(decode(pieces.iter(), &limits), whole);
    whole.0.iter().for_each(check_round_trip);
});

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limits: &ReplyLimits) -> Outcome {
    let (mut decoder, mut buffer, mut values) = (ReplyDecoder::default(), Vec::new(), Vec::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match decoder.decode(&buffer, limits) {
                Ok(Some((value, len))) => {
                    assert_eq!(reply_len(&buffer, limits), Ok(Some(len)));
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

fn check_round_trip(value: &Value) {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    let again = ReplyDecoder::default().decode(&bytes, &ReplyLimits::default());
    assert_eq!(again, Ok(Some((value.clone(), bytes.len()))));
    let _ = format!("{value:?}");
}
