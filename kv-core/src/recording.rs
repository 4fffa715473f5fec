//! A reply that is kept, to be written later and elsewhere.

use crate::error::Error;
use crate::reply::{Protocol, Reply};

/// The parts of a reply, in order.
#[derive(Clone, Debug)]
pub struct Recording {
    parts: Vec<Part>,
    protocol: Protocol,
}

#[derive(Clone, Debug)]
enum Part {
    Simple(Box<str>),
    Bulk(Box<[u8]>),
    Int(i64),
    Double(f64),
    BulkDouble(f64),
    Decimal(Box<str>),
    Boolean(bool),
    Null,
    NullArray,
    Verbatim(Box<[u8]>),
    Array(usize),
    Map(usize),
    Set(usize),
    Push(usize),
    Error(Error),
}

impl Recording {
    /// Nothing yet. Handlers will see `protocol`.
    pub fn new(protocol: Protocol) -> Self {
        Self { parts: Vec::new(), protocol }
    }

    /// Writes all of it.
    pub fn play(&self, out: &mut dyn Reply) {
        for part in &self.parts {
            match part {
                Part::Simple(status) => out.simple(status),
                Part::Bulk(bytes) => out.bulk(bytes),
                Part::Int(value) => out.int(*value),
                Part::Double(value) => out.double(*value),
                Part::BulkDouble(value) => out.bulk_double(*value),
                Part::Decimal(text) => out.decimal(text),
                Part::Boolean(value) => out.boolean(*value),
                Part::Null => out.null(),
                Part::NullArray => out.null_array(),
                Part::Verbatim(text) => out.verbatim(text),
                Part::Array(len) => out.array(*len),
                Part::Map(len) => out.map(*len),
                Part::Set(len) => out.set(*len),
                Part::Push(len) => out.push(*len),
                Part::Error(error) => out.error(error),
            }
        }
    }
}

impl Reply for Recording {
    fn simple(&mut self, status: &str) {
        self.parts.push(Part::Simple(status.into()));
    }

    fn bulk(&mut self, bytes: &[u8]) {
        self.parts.push(Part::Bulk(bytes.into()));
    }

    fn int(&mut self, value: i64) {
        self.parts.push(Part::Int(value));
    }

    fn double(&mut self, value: f64) {
        self.parts.push(Part::Double(value));
    }

    fn boolean(&mut self, value: bool) {
        self.parts.push(Part::Boolean(value));
    }

    fn null(&mut self) {
        self.parts.push(Part::Null);
    }

    fn null_array(&mut self) {
        self.parts.push(Part::NullArray);
    }

    fn verbatim(&mut self, text: &[u8]) {
        self.parts.push(Part::Verbatim(text.into()));
    }

    fn array(&mut self, len: usize) {
        self.parts.push(Part::Array(len));
    }

    fn map(&mut self, len: usize) {
        self.parts.push(Part::Map(len));
    }

    fn set(&mut self, len: usize) {
        self.parts.push(Part::Set(len));
    }

    fn push(&mut self, len: usize) {
        self.parts.push(Part::Push(len));
    }

    fn error(&mut self, error: &Error) {
        self.parts.push(Part::Error(error.clone()));
    }

    fn protocol(&self) -> Protocol {
        self.protocol
    }

    fn switch_protocol(&mut self, _protocol: Protocol) -> bool {
        false
    }

    fn decimal(&mut self, text: &str) {
        self.parts.push(Part::Decimal(text.into()));
    }

    fn bulk_double(&mut self, value: f64) {
        self.parts.push(Part::BulkDouble(value));
    }
}
