//! Headers of the PROXY protocol: what is told of a beginning is never taken back, and nothing
//! beyond the header matters.
#![no_main]

use kv_proto::proxy::{Header, HeaderError, V2_LEN_MAX, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let whole = parse(data);
    let verdict = (0..=data.len().min(V2_LEN_MAX)).find_map(|len| decided(&data[..len]));
    match verdict {
        None => assert_eq!(whole, Ok(None)),
        Some((len, Ok(header))) => {
            assert_eq!((whole, len), (Ok(Some(header)), header.len));
        }
        // It may be known later of which kind an error is, but not whether it is one.
        Some((_, Err(_))) => assert!(whole.is_err()),
    }
    assert!(whole != Ok(None) || data.len() < V2_LEN_MAX, "a header has an end");
});

/// After how many bytes there is a verdict, and which.
fn decided(bytes: &[u8]) -> Option<(usize, Result<Header, HeaderError>)> {
    parse(bytes).transpose().map(|verdict| (bytes.len(), verdict))
}
