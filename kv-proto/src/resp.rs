//! RESP, the protocol of Redis, in its versions 2 and 3, for servers and for clients.
//!
//! A server reads requests with [`decode::Decoder`] and writes replies with [`encode::Encoder`].
//! A client writes requests with [`encode_request`] and reads replies with [`value::ReplyDecoder`].
//! All of them work on byte buffers that the caller owns.

pub mod decode;
pub mod double;
pub mod encode;
pub mod value;

use encode::{push_bulk, push_header};

/// Appends a request: an array of bulk strings, the command's name first.
pub fn encode_request<I>(arguments: I, out: &mut Vec<u8>)
where
    I: IntoIterator<Item: AsRef<[u8]>, IntoIter: ExactSizeIterator>,
{
    let arguments = arguments.into_iter();
    push_header(out, b'*', arguments.len());
    arguments.for_each(|argument| push_bulk(out, argument.as_ref()));
}
