//! What a connection speaks: the two directions of one dialect, and how far they are.
//!
//! Requests are decoded and replies written in loops that are compiled for each dialect, so that
//! which one it is, is asked once for many requests.

use crate::dialect::Dialect;
use crate::request::{Arguments, Limits, Request, keys_of_everything};
use crate::text::{Layout, Style};
use crate::{frame, resp, text, tlv};
use kv_core::reply::{Protocol, Reply};

/// One dialect, as the loops see it.
pub(crate) trait Speech {
    /// Where replies are written.
    type Sink<'a>: Reply
    where
        Self: 'a;
    /// Input that is no request.
    type Error: Into<Garbage>;

    /// Decodes one request, as far as it is there.
    fn decode(
        &mut self,
        input: &[u8],
        limits: &Limits,
        arguments: &mut Arguments,
    ) -> Result<Option<Request>, Self::Error>;

    /// Writes a reply behind `out`.
    fn sink<'a>(&'a mut self, out: &'a mut Vec<u8>) -> Self::Sink<'a>;

    /// Whether there was a reply that cannot be told, so that the connection has to end.
    fn has_failed(&self) -> bool {
        false
    }
}

/// The dialect of a connection.
#[derive(Debug)]
pub(crate) enum Codec {
    Resp(Resp),
    Tlv(Tlv),
    Frame(Frame),
    /// A person, at the port for frames. Boxed, since it is larger than the others.
    Text(Box<Text>),
}

#[derive(Debug, Default)]
pub(crate) struct Resp {
    decoder: resp::decode::Decoder,
    protocol: Protocol,
}

#[derive(Debug)]
pub(crate) struct Tlv {
    decoder: tlv::Decoder,
    variant: tlv::Variant,
    has_failed: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Frame {
    decoder: frame::Decoder,
    /// The first bytes have come, and were no text.
    is_settled: bool,
}

#[derive(Debug)]
pub(crate) struct Text {
    decoder: resp::decode::LineDecoder,
    layout: Layout,
}

/// Input that is no request, and ends the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Garbage {
    Resp(resp::decode::ProtocolError),
    Tlv,
    Frame(frame::ProtocolError),
}

impl From<resp::decode::ProtocolError> for Garbage {
    fn from(error: resp::decode::ProtocolError) -> Self {
        Self::Resp(error)
    }
}

impl From<tlv::ProtocolError> for Garbage {
    fn from(_: tlv::ProtocolError) -> Self {
        Self::Tlv
    }
}

impl From<frame::ProtocolError> for Garbage {
    fn from(error: frame::ProtocolError) -> Self {
        Self::Frame(error)
    }
}

impl Codec {
    /// For a client that has sent nothing yet.
    pub(crate) fn new(dialect: Dialect) -> Self {
        let tlv = |variant| {
            Self::Tlv(Tlv { decoder: tlv::Decoder::default(), variant, has_failed: false })
        };
        match dialect {
            Dialect::Resp => Self::Resp(Resp::default()),
            Dialect::Tlv => tlv(tlv::Variant::Plain),
            Dialect::TlvStrict => tlv(tlv::Variant::Strict),
            Dialect::Frame => Self::Frame(Frame::default()),
        }
    }

    /// Goes over to text if a client at the port for frames begins with some. `input` begins with
    /// what was not used yet.
    pub(crate) fn settle(&mut self, input: &[u8]) {
        if let Self::Frame(frame) = self
            && !frame.is_settled
            && let Some(head) = input.first_chunk()
        {
            frame.is_settled = true;
            if frame::is_text(*head) {
                let layout = Layout::new(Style::Terminal, Protocol::V2);
                let decoder = resp::decode::LineDecoder::default();
                *self = Self::Text(Box::new(Text { decoder, layout }));
            }
        }
    }

    /// How many bytes of input the request in progress has at least, as far as is known.
    pub(crate) fn needed(&self) -> usize {
        match self {
            Self::Resp(speech) => speech.decoder.needed(),
            Self::Tlv(speech) => speech.decoder.needed(),
            Self::Frame(speech) => speech.decoder.needed(),
            Self::Text(speech) => speech.decoder.needed(),
        }
    }

    /// What was decoded and did not run will be decoded again.
    pub(crate) fn forget(&mut self) {
        match self {
            Self::Resp(speech) => speech.decoder = resp::decode::Decoder::default(),
            Self::Tlv(speech) => speech.decoder = tlv::Decoder::default(),
            Self::Frame(speech) => speech.decoder = frame::Decoder::default(),
            Self::Text(speech) => speech.decoder = resp::decode::LineDecoder::default(),
        }
    }

    /// Writes something behind `out` that is rarely written.
    pub(crate) fn write<R>(
        &mut self,
        out: &mut Vec<u8>,
        write: impl FnOnce(&mut dyn Reply) -> R,
    ) -> R {
        match self {
            Self::Resp(speech) => write(&mut speech.sink(out)),
            Self::Tlv(speech) => write(&mut speech.sink(out)),
            Self::Frame(speech) => write(&mut speech.sink(out)),
            Self::Text(speech) => write(&mut speech.sink(out)),
        }
    }

    /// Tells a client that what it has sent is no request. False if what was written before is not
    /// to be sent either.
    pub(crate) fn complain(
        &mut self,
        garbage: Garbage,
        is_silent: bool,
        out: &mut Vec<u8>,
    ) -> bool {
        match garbage {
            Garbage::Resp(error) => {
                let Some(error) = error.reply() else { return false };
                if !is_silent {
                    self.write(out, |out: &mut dyn Reply| out.error(&error));
                }
            }
            Garbage::Frame(error) if !is_silent => error.encode(out),
            Garbage::Frame(_) | Garbage::Tlv => {}
        }
        true
    }
}

impl Speech for Resp {
    type Sink<'a> = resp::encode::Encoder<'a>;
    type Error = resp::decode::ProtocolError;

    #[inline]
    fn decode(
        &mut self,
        input: &[u8],
        limits: &Limits,
        arguments: &mut Arguments,
    ) -> Result<Option<Request>, Self::Error> {
        self.decoder.decode(input, limits, arguments)
    }

    #[inline]
    fn sink<'a>(&'a mut self, out: &'a mut Vec<u8>) -> Self::Sink<'a> {
        resp::encode::Encoder::new(out, &mut self.protocol)
    }
}

impl Speech for Tlv {
    type Sink<'a> = tlv::Encoder<'a>;
    type Error = tlv::ProtocolError;

    #[inline]
    fn decode(
        &mut self,
        input: &[u8],
        limits: &Limits,
        arguments: &mut Arguments,
    ) -> Result<Option<Request>, Self::Error> {
        self.decoder.decode(input, limits, arguments)
    }

    #[inline]
    fn sink<'a>(&'a mut self, out: &'a mut Vec<u8>) -> Self::Sink<'a> {
        tlv::Encoder::new(out, self.variant, &mut self.has_failed)
    }

    #[inline]
    fn has_failed(&self) -> bool {
        self.has_failed
    }
}

impl Speech for Frame {
    type Sink<'a> = frame::Encoder<'a>;
    type Error = frame::ProtocolError;

    #[inline]
    fn decode(
        &mut self,
        input: &[u8],
        limits: &Limits,
        arguments: &mut Arguments,
    ) -> Result<Option<Request>, Self::Error> {
        self.decoder.decode(input, limits, arguments)
    }

    #[inline]
    fn sink<'a>(&'a mut self, out: &'a mut Vec<u8>) -> Self::Sink<'a> {
        frame::Encoder::new(out)
    }
}

impl Speech for Text {
    type Sink<'a> = text::Encoder<'a>;
    type Error = resp::decode::ProtocolError;

    fn decode(
        &mut self,
        input: &[u8],
        limits: &Limits,
        arguments: &mut Arguments,
    ) -> Result<Option<Request>, Self::Error> {
        let mut request = self.decoder.decode(input, limits, arguments)?;
        if let Some(request) = &mut request {
            keys_of_everything(request, arguments, input);
        }
        Ok(request)
    }

    fn sink<'a>(&'a mut self, out: &'a mut Vec<u8>) -> Self::Sink<'a> {
        text::Encoder::new(out, &mut self.layout)
    }
}
