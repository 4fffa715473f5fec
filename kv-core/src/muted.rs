//! A sink for replies that CLIENT REPLY has dropped.

use crate::error::Error;
use crate::reply::{Protocol, Reply};
use crate::session::Session;

/// Drops replies. What is no reply, such as the confirmation of a subscription, it passes on.
pub(crate) struct Muted<'a> {
    out: &'a mut dyn Reply,
    /// How many elements of a message are still to be passed on.
    passing: usize,
    is_over: bool,
}

impl<'a> Muted<'a> {
    /// Drops what would have been written to `out`.
    pub(crate) fn new(out: &'a mut dyn Reply) -> Self {
        Self { out, passing: 0, is_over: false }
    }

    /// What replies to a session go through: dropped as long as it is silent.
    pub(crate) fn of(session: &Session, out: &'a mut dyn Reply) -> Self {
        let mut muted = Self::new(out);
        if !session.is_silent() {
            muted.unmute();
        }
        muted
    }

    fn pass(&mut self, write: impl FnOnce(&mut dyn Reply)) {
        if self.passing > 0 || self.is_over {
            self.passing = self.passing.saturating_sub(1);
            write(self.out);
        }
    }
}

impl Reply for Muted<'_> {
    fn simple(&mut self, status: &str) {
        self.pass(|out| out.simple(status));
    }

    fn bulk(&mut self, bytes: &[u8]) {
        self.pass(|out| out.bulk(bytes));
    }

    fn int(&mut self, value: i64) {
        self.pass(|out| out.int(value));
    }

    fn double(&mut self, value: f64) {
        self.pass(|out| out.double(value));
    }

    fn boolean(&mut self, value: bool) {
        self.pass(|out| out.boolean(value));
    }

    fn null(&mut self) {
        self.pass(|out| out.null());
    }

    fn null_array(&mut self) {
        self.pass(|out| out.null_array());
    }

    fn verbatim(&mut self, text: &[u8]) {
        self.pass(|out| out.verbatim(text));
    }

    fn array(&mut self, len: usize) {
        self.pass(|out| out.array(len));
    }

    fn map(&mut self, len: usize) {
        self.pass(|out| out.map(len));
    }

    fn set(&mut self, len: usize) {
        self.pass(|out| out.set(len));
    }

    /// A message's elements are plain.
    fn push(&mut self, len: usize) {
        self.passing = len;
        self.out.push(len);
    }

    fn error(&mut self, error: &Error) {
        self.pass(|out| out.error(error));
    }

    fn written(&self) -> usize {
        self.out.written()
    }

    fn protocol(&self) -> Protocol {
        self.out.protocol()
    }

    fn switch_protocol(&mut self, protocol: Protocol) -> bool {
        self.out.switch_protocol(protocol)
    }

    fn unmute(&mut self) {
        self.is_over = true;
        self.out.unmute();
    }

    fn decimal(&mut self, text: &str) {
        self.pass(|out| out.decimal(text));
    }

    fn bulk_double(&mut self, value: f64) {
        self.pass(|out| out.bulk_double(value));
    }
}
