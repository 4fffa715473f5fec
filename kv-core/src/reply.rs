//! The reply sink: where handlers write what a client is to receive.

use crate::error::Error;

/// The version of the reply vocabulary that a client chose with HELLO. Version 2 knows neither
/// maps nor sets nor doubles; a sink then writes what Redis writes instead of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Protocol {
    /// The vocabulary of Redis before 6.0.
    #[default]
    V2 = 2,
    /// With maps, sets, doubles, booleans, nulls and push messages.
    V3 = 3,
}

/// Takes one reply in pieces. Codecs implement it; handlers write to it.
///
/// An aggregate (`array`, `map`, `set`) announces how many elements, or pairs of elements, the
/// following calls give. A handler that returns an error has written nothing before it.
pub trait Reply {
    /// A status such as `OK`: short, without line breaks.
    fn simple(&mut self, status: &str);
    /// A string of bytes.
    fn bulk(&mut self, bytes: &[u8]);
    /// A 64-bit integer.
    fn int(&mut self, value: i64);
    /// A floating-point number.
    fn double(&mut self, value: f64);
    /// Truth; in version 2 the integers 1 and 0.
    fn boolean(&mut self, value: bool);
    /// The absence of a value; in version 2 the null string.
    fn null(&mut self);
    /// The absence of an array; differs from `null` in version 2 only.
    fn null_array(&mut self);
    /// Text for people to read; in version 2 a string.
    fn verbatim(&mut self, text: &[u8]);
    /// Announces `len` elements.
    fn array(&mut self, len: usize);
    /// Announces `len` pairs of a key and a value; in version 2 an array of twice as many.
    fn map(&mut self, len: usize);
    /// Announces `len` elements without order; in version 2 an array.
    fn set(&mut self, len: usize);
    /// Announces `len` elements of a message that is no reply; in version 2 an array.
    fn push(&mut self, len: usize);
    /// An error instead of a reply or of an element.
    fn error(&mut self, error: &Error);

    /// How many bytes were written so far, as far as that is known. The time of commands is shared out
    /// by it.
    fn written(&self) -> usize {
        0
    }

    /// The version that is being written.
    fn protocol(&self) -> Protocol;
    /// Switches to `protocol` from the next call on. False, and nothing changes, if this
    /// connection does not speak it.
    fn switch_protocol(&mut self, protocol: Protocol) -> bool;

    /// What follows is to be written, even where replies were dropped so far.
    fn unmute(&mut self) {}

    /// The status `OK`.
    fn ok(&mut self) {
        self.simple("OK");
    }

    /// A string, or null.
    fn bulk_or_null(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.bulk(bytes),
            None => self.null(),
        }
    }

    /// A floating-point number with these digits; in version 2 a string.
    fn decimal(&mut self, text: &str) {
        self.bulk(text.as_bytes());
    }

    /// A floating-point number as a string, in version 3 too, if the codec can tell the two apart.
    fn bulk_double(&mut self, value: f64) {
        self.double(value);
    }

    /// An integer, as a string of decimal digits.
    fn bulk_int(&mut self, value: i64) {
        self.bulk(itoa::Buffer::new().format(value).as_bytes());
    }
}
