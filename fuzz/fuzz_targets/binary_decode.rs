//! Requests in TLV and in frames: cutting a stream into pieces changes neither the requests nor the
//! error, and what is decoded can be encoded and decoded again.
#![no_main]

use kv_fuzz::pieces::Pieces;
use kv_proto::frame::{self, PAYLOAD_LEN_MAX};
use kv_proto::request::{Arguments, Limits, Request};
use kv_proto::tlv::{self, Operation};
use libfuzzer_sys::fuzz_target;
use std::fmt::Debug;

type Words = Vec<Vec<u8>>;
type Outcome<E> = (Vec<Words>, Option<E>);

const TINY: Limits = Limits {
    bulk_len_max: 30,
    inline_len_max: 24,
    args_max: 1200,
    request_len_max: 60,
    is_unknown: true,
};

fuzz_target!(|data: &[u8]| {
    let Some(pieces) = Pieces::new(data) else { return };
    let limits = if pieces.usual_limits { Limits::default() } else { TINY };

    let whole = decode_tlv([pieces.stream], &limits);
    assert_eq!(decode_tlv(pieces.iter(), &limits), whole);
    assert_eq!(decode_tlv(tlv_again(&whole.0).chunks(3), &Limits::default()), (whole.0, None));

    let whole = decode_frames([pieces.stream], &limits);
    assert_eq!(decode_frames(pieces.iter(), &limits), whole);
    let again = frames_again(&whole.0);
    assert_eq!(decode_frames(again.chunks(3), &Limits::default()), (whole.0, None));
});

fn decode_tlv<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    limits: &Limits,
) -> Outcome<tlv::ProtocolError> {
    let mut decoder = tlv::Decoder::default();
    decode(pieces, |input, arguments| {
        let result = decoder.decode(input, limits, arguments);
        assert!(decoder.needed() <= limits.request_len_max);
        result
    })
}

fn decode_frames<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    limits: &Limits,
) -> Outcome<frame::ProtocolError> {
    let mut decoder = frame::Decoder::default();
    decode(pieces, |input, arguments| {
        let result = decoder.decode(input, limits, arguments);
        assert!(decoder.needed() <= limits.request_len_max.min(4 + PAYLOAD_LEN_MAX));
        result
    })
}

fn decode<'a, E: Clone + PartialEq + Debug>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    mut next: impl FnMut(&[u8], &mut Arguments) -> Result<Option<Request>, E>,
) -> Outcome<E> {
    let (mut arguments, mut buffer, mut requests) = (Arguments::default(), Vec::new(), Vec::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match next(&buffer, &mut arguments) {
                Ok(Some(request)) => {
                    let args = arguments.of(&request, &buffer);
                    requests.push(args.from(0).map(<[u8]>::to_vec).collect());
                    buffer.drain(..request.len());
                }
                Ok(None) => break,
                Err(error) => return (requests, Some(error)),
            }
        }
    }
    (requests, None)
}

fn tlv_again(requests: &[Words]) -> Vec<u8> {
    let mut stream = Vec::new();
    for words in requests {
        let operation = match &words[..] {
            [word, key] if word == b"GET" => Operation::Get(key),
            [word, key] if word == b"GETDEL" => Operation::Delete(key),
            [word, key, value] if word == b"GETSET" => Operation::Set(key, value),
            other => panic!("no operation gives {other:?}"),
        };
        tlv::encode_request(operation, &mut stream);
    }
    stream
}

fn frames_again(requests: &[Words]) -> Vec<u8> {
    let mut stream = Vec::new();
    requests.iter().for_each(|words| frame::encode_request(words, &mut stream));
    stream
}
