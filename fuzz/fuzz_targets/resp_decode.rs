//! Requests: cutting a stream into pieces changes neither the requests nor the error, and what is
//! decoded can be encoded and decoded again.
#![no_main]

use kv_fuzz::pieces::Pieces;
use kv_proto::request::{Arguments, Limits};
use kv_proto::resp::decode::{Decoder, ProtocolError};
use kv_proto::resp::encode_request;
use libfuzzer_sys::fuzz_target;

type Request = Vec<Vec<u8>>;
type Outcome = (Vec<Request>, Option<ProtocolError>);

const TINY: Limits = Limits {
    bulk_len_max: 300,
    inline_len_max: 24,
    args_max: 1200,
    request_len_max: 400,
    is_unknown: false,
};

fuzz_target!(|data: &[u8]| {
    let Some(pieces) = Pieces::new(data) else { return };
    let limits = if pieces.usual_limits { Limits::default() } else { TINY };
    let whole = decode([pieces.stream], &limits);
    assert_eq!(decode(pieces.iter(), &limits), whole);
    assert_eq!(decode(again(&whole.0).chunks(3), &Limits::default()), (whole.0, None));
});

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limits: &Limits) -> Outcome {
    let (mut decoder, mut arguments) = (Decoder::default(), Arguments::default());
    let (mut buffer, mut requests) = (Vec::new(), Vec::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match decoder.decode(&buffer, limits, &mut arguments) {
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

fn again(requests: &[Request]) -> Vec<u8> {
    let mut stream = Vec::new();
    requests.iter().for_each(|request| encode_request(request, &mut stream));
    stream
}
