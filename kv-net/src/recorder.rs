//! Recording: everything that goes into the servers, in a file, to be run again by `kv-sim replay`.
//! `kv_proto::recording` has the format.
//!
//! The calls of all event loops are put in one order by a lock that is held during each of them, so
//! that threads take turns. Once the recording has ended nobody takes it any more.
//!
//! A call is noted before it is made, and written before it if it runs requests: whatever ends the
//! process in a call, its input is in the file. That holds for the end of the process, not of the
//! machine; nothing is synced.
//!
//! A recording begins with an empty server, since there is no other state that can be brought back
//! bit by bit: besides the data that would be every session with its buffers, its queued, watched
//! and waiting requests, the layout of memory that decides what is evicted, and the statistics. So
//! a file that is full cannot be followed by another that could be replayed alone; it ends the
//! recording. What rotates is the recordings of whole runs: a server that is started again after a
//! crash keeps those of the runs before.

use kv_core::config::Config;
use kv_core::kernel::{Facts, Host, Recording, RecordingState, Usage};
use kv_core::now::Now;
use kv_proto::recording::{
    Answer, Call, Encoder, End, FRAME_HEADER_LEN, Input, MAGIC, Output, Record, Start,
};
use kv_proto::server::{ConnectionId, Event, Server};
use std::cell::RefCell;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};

/// How many bytes are kept before they are written, if nothing else has them written first.
const PENDING_MAX: usize = 64 * 1024;

/// What the record of the end takes, in a frame of its own.
const END_LEN: u64 = FRAME_HEADER_LEN as u64 + 2;

/// The permissions of recordings: what clients send may be a secret.
const MODE: u32 = 0o600;

const POISON: &str = "nothing but a bug panics in a call that is recorded";

thread_local! {
    /// During a call that is recorded: what the host has answered.
    static ANSWERS: RefCell<Option<Vec<Answer>>> = const { RefCell::new(None) };
}

/// The recording of a server's run.
#[derive(Debug)]
pub(crate) struct Recorder {
    /// Held during each call, from before it is noted until what came of it is noted.
    order: Mutex<()>,
    tape: Mutex<Tape>,
    is_on: AtomicBool,
}

/// What a call gives that is recorded.
pub(crate) trait Outcome {
    fn output(&self) -> Option<Output>;
}

impl Outcome for () {
    fn output(&self) -> Option<Output> {
        None
    }
}

impl Outcome for ConnectionId {
    fn output(&self) -> Option<Output> {
        Some(Output::Opened(self.index()))
    }
}

impl Outcome for Option<Event> {
    fn output(&self) -> Option<Output> {
        self.map(Output::from)
    }
}

impl Recorder {
    /// Begins a recording of at most `len_max` bytes at `path`. What is there of earlier runs gets a
    /// number, as long as there are at most `files` in all.
    pub(crate) fn create(path: &Path, files: usize, len_max: u64) -> io::Result<Arc<Self>> {
        rotate(path, files)?;
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(MODE).open(path)?;
        file.write_all(&MAGIC)?;
        let tape = Tape {
            file,
            len: MAGIC.len() as u64,
            len_max,
            encoder: Encoder::default(),
            now: Now::default(),
            state: RecordingState::On,
        };
        let (order, tape) = (Mutex::default(), Mutex::new(tape));
        let recorder = Arc::new(Self { order, tape, is_on: AtomicBool::new(true) });
        recorder.flush_on_panic();
        Ok(recorder)
    }

    /// Notes what the run begins with. The first call.
    pub(crate) fn start(&self, start: Start) {
        let mut tape = self.tape();
        tape.now = start.now;
        tape.push(&Record::Start(Box::new(start)));
        tape.flush();
    }

    /// Whether calls are still recorded.
    pub(crate) fn is_on(&self) -> bool {
        self.is_on.load(Relaxed)
    }

    /// Makes a call and notes it. `now` is the time that it is told, if it is told any; `received` are
    /// the bytes, if it is about some.
    pub(crate) fn run<R: Outcome>(
        &self,
        server: &mut Server,
        now: Option<Now>,
        input: Input,
        received: &[u8],
        call: impl FnOnce(&mut Server) -> R,
    ) -> R {
        let _order = self.order.lock().expect(POISON);
        self.note(server.number(), now, input, received);
        ANSWERS.set(Some(Vec::new()));
        let result = call(server);
        self.conclude(result.output());
        result
    }

    /// Ends a server, whose connections are gone from the kernel then.
    pub(crate) fn close(&self, server: Server) {
        let _order = self.order.lock().expect(POISON);
        self.note(server.number(), None, Input::Close, &[]);
        drop(server);
    }

    /// Writes what was noted.
    pub(crate) fn flush(&self) {
        let mut tape = self.tape();
        tape.flush();
        self.is_on.store(tape.state == RecordingState::On, Relaxed);
    }

    /// All servers have ended.
    pub(crate) fn finish(&self) {
        let mut tape = self.tape();
        tape.push(&Record::End(End::Stopped));
        tape.flush();
        self.is_on.store(false, Relaxed);
    }

    fn note(&self, server: usize, now: Option<Now>, input: Input, received: &[u8]) {
        let runs_requests = input.runs_requests();
        let mut tape = self.tape();
        tape.now = now.unwrap_or(tape.now);
        let call = Call { server, now: tape.now, input, received };
        tape.push(&Record::Call(call));
        if runs_requests {
            tape.flush();
        }
    }

    fn conclude(&self, output: Option<Output>) {
        let mut tape = self.tape();
        tape.take_answers();
        output.into_iter().for_each(|output| tape.push(&Record::Output(output)));
        if tape.encoder.pending() > PENDING_MAX {
            tape.flush();
        }
        self.is_on.store(tape.state == RecordingState::On, Relaxed);
    }

    /// Has a panic write what was noted before whoever handles it ends the process.
    fn flush_on_panic(self: &Arc<Self>) {
        let recorder = Arc::downgrade(self);
        let next = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if let Some(recorder) = recorder.upgrade()
                && let Ok(mut tape) = recorder.tape.try_lock()
            {
                tape.take_answers();
                tape.flush();
            }
            next(panic);
        }));
    }

    fn status(&self) -> Recording {
        let tape = self.tape();
        let pending = if tape.state == RecordingState::On { tape.encoder.pending() } else { 0 };
        Recording { state: tape.state, bytes: tape.len + pending as u64 }
    }

    fn tape(&self) -> MutexGuard<'_, Tape> {
        self.tape.lock().expect("nothing panics while it holds the tape")
    }
}

/// The file, and what is to be written to it.
#[derive(Debug)]
struct Tape {
    file: File,
    len: u64,
    len_max: u64,
    encoder: Encoder,
    /// As of the last call.
    now: Now,
    state: RecordingState,
}

impl Tape {
    fn push(&mut self, record: &Record<'_>) {
        if self.state == RecordingState::On {
            self.encoder.push(record);
        }
    }

    /// Notes what the host has answered in this thread's call.
    fn take_answers(&mut self) {
        let answers = ANSWERS.take().unwrap_or_default();
        answers.into_iter().for_each(|answer| self.push(&Record::Answer(answer)));
    }

    fn flush(&mut self) {
        if self.state != RecordingState::On {
            return;
        }
        let frame = self.encoder.seal();
        if self.len + frame.len() as u64 + END_LEN > self.len_max {
            return self.fill();
        }
        self.len += frame.len() as u64;
        if let Err(error) = self.file.write_all(frame) {
            self.fail(&error);
        }
    }

    /// There is no room for more.
    fn fill(&mut self) {
        self.state = RecordingState::Full;
        self.encoder = Encoder::default();
        self.encoder.push(&Record::End(End::Full));
        let frame = self.encoder.seal();
        self.len += frame.len() as u64;
        tracing::warn!(
            "the recording is as long as 'record-max-size' allows and ends here; the server goes on"
        );
        if let Err(error) = self.file.write_all(frame) {
            self.fail(&error);
        }
    }

    fn fail(&mut self, error: &io::Error) {
        self.state = RecordingState::Failed;
        tracing::warn!("the recording ends here, since it cannot be written: {error}");
    }
}

/// Numbers the recordings of earlier runs, the youngest first, and removes those beyond `files`.
fn rotate(path: &Path, files: usize) -> io::Result<()> {
    let all: Vec<PathBuf> = (0..files).map(|number| numbered(path, number)).collect();
    // Nothing is touched if anything is not what it is taken for.
    all.iter().try_for_each(|path| check_recording(path))?;
    for pair in all.windows(2).rev() {
        match fs::rename(&pair[0], &pair[1]) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn numbered(path: &Path, number: usize) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    if number > 0 {
        name.push(format!(".{number}"));
    }
    name.into()
}

/// Whether what is there, if anything, is a recording, in whatever version, or empty.
fn check_recording(path: &Path) -> io::Result<()> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        result => result?,
    };
    let mut magic = Vec::new();
    file.take(MAGIC.len() as u64).read_to_end(&mut magic)?;
    let is_one = magic.starts_with(&MAGIC[..MAGIC.len() - 1]);
    if magic.is_empty() || is_one {
        return Ok(());
    }
    let reason = format!("'{}' exists and is no recording; choose another name", path.display());
    Err(io::Error::new(ErrorKind::AlreadyExists, reason))
}

/// A host whose answers are recorded.
#[derive(Debug)]
pub(crate) struct RecordedHost<H> {
    pub(crate) host: H,
    pub(crate) recorder: Arc<Recorder>,
}

/// Notes an answer, if it is given in a call that is recorded. Others, such as the admin port, ask
/// too.
fn note(answer: impl FnOnce() -> Answer) {
    ANSWERS.with_borrow_mut(|answers| answers.as_mut().map(|answers| answers.push(answer())));
}

impl<H: Host> Host for RecordedHost<H> {
    fn usage(&self) -> Usage {
        let usage = self.host.usage();
        note(|| Answer::Usage(usage));
        usage
    }

    fn facts(&self) -> &Facts {
        self.host.facts()
    }

    fn rewrite_config(&self, config: &Config) -> Result<(), String> {
        let result = self.host.rewrite_config(config);
        note(|| Answer::Rewritten(result.clone()));
        result
    }

    fn precise_ns(&self) -> u64 {
        let ns = self.host.precise_ns();
        note(|| Answer::PreciseNs(ns));
        ns
    }

    fn sleep(&self, us: u64) {
        self.host.sleep(us);
    }

    fn recording(&self) -> Option<Recording> {
        let recording = self.recorder.status();
        note(|| Answer::RecordingBytes(recording.bytes));
        Some(recording)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kv_core::kernel::{Kernel, NoHost};
    use kv_proto::recording::{Decoder, frame};
    use std::thread;

    /// The records of a file, but for the first.
    fn records(path: &Path) -> Vec<String> {
        let bytes = fs::read(path).unwrap();
        let (mut decoder, mut rest, mut all) = (Decoder::default(), &bytes[MAGIC.len()..], vec![]);
        while let Some(frame) = frame(rest).unwrap() {
            let mut records = frame.records;
            while let Some(record) = decoder.next(&mut records).unwrap() {
                all.push(format!("{record:?}"));
            }
            rest = &rest[frame.len..];
        }
        assert!(rest.is_empty());
        all.split_off(1)
    }

    #[test]
    fn a_panic_in_a_call_leaves_the_call_and_what_it_was_answered() {
        let path = std::env::temp_dir().join(format!("kv-{}-panic.kvrec", std::process::id()));
        let recorder = Recorder::create(&path, 1, 1 << 20).unwrap();
        recorder.start(Start::default());
        let host = RecordedHost { host: NoHost::default(), recorder: Arc::clone(&recorder) };
        let kernel = Kernel::new(Config::default(), 1, 1, Box::new(host), Now::default());
        let mut server = Server::new(Arc::new(kernel));
        server.kernel().host.precise_ns();
        assert!(records(&path).is_empty(), "what is asked outside of a call is nobody's input");
        let result = thread::spawn(move || {
            let call = |server: &mut Server| -> () {
                server.kernel().host.usage();
                panic!("a test")
            };
            recorder.run(&mut server, None, Input::Poll, &[], call);
        });
        assert!(result.join().is_err());
        let records = records(&path);
        assert!(records.len() == 2 && records[0].contains("Poll"), "{records:?}");
        assert!(records[1].contains("Usage"), "{records:?}");
        fs::remove_file(&path).unwrap();
    }
}
