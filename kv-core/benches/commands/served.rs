//! A kernel with one session.

use kv_core::args::OwnedArgs;
use kv_core::config::Config;
use kv_core::error::Error;
use kv_core::kernel::Flow;
use kv_core::kernel::{Kernel, NoHost};
use kv_core::now::Now;
use kv_core::reply::{Protocol, Reply};
use kv_core::session::{Peer, Session};
use std::hint::black_box;

const START_US: u64 = 1_700_000_000_000_000;

pub(crate) struct Served {
    kernel: Kernel,
    session: Session,
    now: Now,
}

impl Served {
    pub(crate) fn new() -> Self {
        let now = Now { mono_us: 0, unix_us: START_US };
        let kernel = Kernel::new(Config::default(), 1, 1, Box::new(NoHost::default()), now);
        let session = kernel.open_session(Peer::default(), now).expect("it is the first");
        Self { kernel, session, now }
    }

    pub(crate) fn run(&mut self, request: &OwnedArgs) {
        let mut batch = self.kernel.batch(self.now);
        let flow = batch.execute(&mut self.session, request.as_args(), &mut Nowhere);
        assert_eq!(flow, Flow::Continue);
    }

    pub(crate) fn run_line(&mut self, line: &str) {
        self.run(&line.split(' ').collect());
    }

    /// Does some of the work that nobody asks for. How much it was.
    pub(crate) fn tend(&mut self, budget: usize) -> usize {
        self.kernel.batch(self.now).tend(budget)
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, ms: u64) {
        self.now.mono_us += ms * 1000;
        self.now.unix_us += ms * 1000;
    }
}

/// Reads what is replied and forgets it.
struct Nowhere;

impl Reply for Nowhere {
    fn simple(&mut self, status: &str) {
        black_box(status);
    }

    fn bulk(&mut self, bytes: &[u8]) {
        black_box(bytes.first());
    }

    fn int(&mut self, value: i64) {
        black_box(value);
    }

    fn double(&mut self, value: f64) {
        black_box(value);
    }

    fn boolean(&mut self, value: bool) {
        black_box(value);
    }

    fn null(&mut self) {}

    fn null_array(&mut self) {}

    fn verbatim(&mut self, text: &[u8]) {
        black_box(text);
    }

    fn array(&mut self, len: usize) {
        black_box(len);
    }

    fn map(&mut self, len: usize) {
        black_box(len);
    }

    fn set(&mut self, len: usize) {
        black_box(len);
    }

    fn push(&mut self, _len: usize) {}
    fn error(&mut self, error: &Error) {
        panic!("{}", String::from_utf8_lossy(&error.message()));
    }

    fn protocol(&self) -> Protocol {
        Protocol::V2
    }

    fn switch_protocol(&mut self, _protocol: Protocol) -> bool {
        false
    }
}
