//! A recording as steps: each call with what came of it.

use kv_core::now::Now;
use kv_proto::recording::{
    Answer, Call, Damage, Decoder, End, Input, MAGIC, Output, Record, Start, frame,
};
use std::collections::VecDeque;
use std::io::{self, Read};

/// How many bytes are read at once.
const READ_LEN: u64 = 64 * 1024;

/// Why a file cannot be replayed, or no further.
#[derive(Debug, thiserror::Error)]
pub enum TapeError {
    /// It cannot be read.
    #[error("cannot read the recording: {0}")]
    Unreadable(#[from] io::Error),
    /// It is no recording, or of another version.
    #[error(transparent)]
    Other(Damage),
    /// It ends before it says what was recorded.
    #[error("the recording ends before its first record")]
    Empty,
    /// It does not begin with the record of the start.
    #[error("the recording's records are out of order")]
    Disorder,
}

/// How a recording ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The server was told to stop.
    Stopped,
    /// The recording became as long as it might.
    Full,
    /// The process ended without being told: behind the last whole frame there are so many bytes.
    Torn(u64),
    /// What follows from this byte on is not as it was written.
    Damaged(u64, Damage),
}

/// A call, and what came of it.
#[derive(Clone, Debug)]
pub struct Step {
    /// How many calls there are up to this one.
    pub number: u64,
    /// The number of the server.
    pub server: usize,
    /// The time.
    pub now: Now,
    /// What it put out.
    pub output: Option<Output>,
    /// What the kernel was answered.
    pub answers: Vec<Answer>,
    /// Whether what came of it is all there: not if it is the last thing that is known of a
    /// process.
    pub is_whole: bool,
    /// Which call it is.
    pub input: Input,
    /// What was received, if it is about that.
    pub received: Vec<u8>,
}

impl Step {
    fn new(number: u64, Call { server, now, input, received }: Call<'_>) -> Self {
        let (output, answers, received) = (None, Vec::new(), received.to_vec());
        Self { number, server, now, output, answers, is_whole: false, input, received }
    }

    /// Which connection it is about, if it is about one that was open before.
    pub fn connection(&self) -> Option<usize> {
        match self.input {
            Input::Room(connection)
            | Input::Received(connection)
            | Input::EndOfInput(connection)
            | Input::Lost(connection)
            | Input::Sent { connection, .. } => Some(connection),
            _ => None,
        }
    }
}

/// A recording that is read.
#[derive(Debug)]
pub struct Tape<R> {
    source: R,
    decoder: Decoder,
    start: Start,
    /// What was read, from the first frame on that was not used.
    bytes: Vec<u8>,
    /// Where those begin in the file.
    offset: u64,
    steps: VecDeque<Step>,
    /// The last call, of which more may be told.
    open: Option<Step>,
    count: u64,
    ending: Option<Ending>,
}

impl<R: Read> Tape<R> {
    /// Begins to read.
    pub fn open(mut source: R) -> Result<Self, TapeError> {
        let mut magic = [0; MAGIC.len()];
        source.read_exact(&mut magic).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => TapeError::Other(Damage::NoRecording),
            _ => error.into(),
        })?;
        Decoder::check_magic(magic).map_err(TapeError::Other)?;
        let mut tape = Self {
            source,
            decoder: Decoder::default(),
            start: Start::default(),
            bytes: Vec::new(),
            offset: MAGIC.len() as u64,
            steps: VecDeque::new(),
            open: None,
            count: 0,
            ending: None,
        };
        tape.read_start()?;
        Ok(tape)
    }

    /// What the recorded run began with.
    pub fn start(&self) -> &Start {
        &self.start
    }

    /// How the recording ends.
    ///
    /// # Panics
    /// If [`Tape::next`] did not come to the end yet.
    pub fn ending(&self) -> Ending {
        self.ending.expect("the caller has read to the end")
    }

    /// The next call; none at the end.
    #[allow(clippy::should_implement_trait, reason = "an iterator could not tell of an error")]
    pub fn next(&mut self) -> Result<Option<Step>, TapeError> {
        while self.steps.is_empty() && self.ending.is_none() {
            self.read_frame()?;
        }
        Ok(self.steps.pop_front().or_else(|| self.open.take()))
    }

    fn read_start(&mut self) -> Result<(), TapeError> {
        let Some(len) = self.whole_frame()? else { return Err(TapeError::Empty) };
        let frame = frame(&self.bytes).ok().flatten().expect("it was whole");
        let mut records = frame.records;
        match self.decoder.next(&mut records) {
            Ok(Some(Record::Start(start))) if records.is_empty() => self.start = *start,
            Ok(_) => return Err(TapeError::Disorder),
            Err(damage) => return Err(TapeError::Other(damage)),
        }
        self.consume(len);
        Ok(())
    }

    /// Reads a frame's steps, or the end.
    fn read_frame(&mut self) -> Result<(), TapeError> {
        let Some(len) = self.whole_frame()? else { return Ok(()) };
        let bytes = std::mem::take(&mut self.bytes);
        let frame = frame(&bytes).ok().flatten().expect("it was whole");
        let mut records = frame.records;
        loop {
            match self.decoder.next(&mut records) {
                Ok(Some(record)) => self.add(record)?,
                Ok(None) => break,
                Err(damage) => {
                    self.ending.get_or_insert(Ending::Damaged(self.offset, damage));
                    break;
                }
            }
        }
        self.bytes = bytes;
        self.consume(len);
        Ok(())
    }

    fn add(&mut self, record: Record<'_>) -> Result<(), TapeError> {
        match (record, &mut self.open) {
            (Record::Call(call), _) => {
                self.close_step();
                self.count += 1;
                self.open = Some(Step::new(self.count, call));
            }
            (Record::Output(output), Some(step)) => step.output = Some(output),
            (Record::Answer(answer), Some(step)) => step.answers.push(answer),
            (Record::End(End::Stopped), _) => self.end(Ending::Stopped),
            (Record::End(End::Full), _) => self.end(Ending::Full),
            (Record::Start(_) | Record::Output(_) | Record::Answer(_), _) => {
                return Err(TapeError::Disorder);
            }
        }
        Ok(())
    }

    /// More is told of the last call by nothing that follows.
    fn close_step(&mut self) {
        if let Some(step) = self.open.take() {
            self.steps.push_back(Step { is_whole: true, ..step });
        }
    }

    fn end(&mut self, ending: Ending) {
        // What came of the last call was dropped when the recording was full.
        if ending == Ending::Stopped {
            self.close_step();
        }
        self.ending.get_or_insert(ending);
    }

    /// Reads until there is a frame, and tells its length; none at the end.
    fn whole_frame(&mut self) -> Result<Option<usize>, TapeError> {
        loop {
            match frame(&self.bytes) {
                Ok(Some(frame)) => return Ok(Some(frame.len)),
                Err(damage) => {
                    self.ending = Some(Ending::Damaged(self.offset, damage));
                    return Ok(None);
                }
                Ok(None) => {}
            }
            // Twice as many each time, so that a long frame is not checked too often.
            let more = READ_LEN.max(self.bytes.len() as u64);
            if (&mut self.source).take(more).read_to_end(&mut self.bytes)? == 0 {
                self.ending = Some(Ending::Torn(self.bytes.len() as u64));
                return Ok(None);
            }
        }
    }

    fn consume(&mut self, len: usize) {
        self.bytes.drain(..len);
        self.offset += len as u64;
    }
}
