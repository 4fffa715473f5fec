//! Checks the model itself against a real Redis server: the plans' commands, one by one, each in a
//! transaction with TIME, so that model and server agree on the time. What happens to time and
//! connections is not part of it.

use crate::check::judge;
use crate::model::{Bytes, Model, Session};
use crate::plan::{CURSOR, DIGEST, PAYLOAD, Plan, Request};
use crate::wire::{self, Value};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Waits are cut down to this, since the time is real.
const WAIT_MAX: Duration = Duration::from_millis(10);

/// Sends the commands of `seed`'s plan to the server at `address`, whose data are lost. How many
/// replies were as the model says, or the first that was not.
pub fn compare(
    address: &str,
    seed: u64,
    commands: Option<usize>,
) -> io::Result<Result<u64, String>> {
    let plan = Plan::new(seed, commands);
    let mut replies = 0;
    let mut model = Model::new(None);
    Oracle::connect(address)?.ask(&[b"FLUSHALL".to_vec()])?;
    for script in &plan.scripts {
        let mut oracle = Oracle::connect(address)?;
        let mut session = Session::default();
        for step in &script.steps {
            std::thread::sleep(Duration::from_micros(step.wait_us).min(WAIT_MAX));
            for request in step.requests.iter().filter_map(arguments) {
                let (times, reply) = oracle.ask_in_transaction(&request)?;
                match agree(times, &model, &session, &request, &reply) {
                    Ok(agreed) => (model, session) = agreed,
                    Err(text) => return Ok(Err(text)),
                }
                replies += 1;
            }
        }
    }
    Ok(Ok(replies))
}

/// The state after a request, if the reply is right for any of the times at which it may have run.
fn agree(
    times: RangeInclusive<i64>,
    model: &Model,
    session: &Session,
    request: &[Bytes],
    reply: &Value,
) -> Result<(Model, Session), String> {
    let mut result = Err("the time went back".into());
    for now_ms in times {
        let (mut model, mut session) = (model.clone(), session.clone());
        let bytes = reply.bytes();
        let expect = model.run(now_ms * 1000, &mut session, request, &bytes);
        result = judge(request, expect, &bytes).map(|()| (model, session));
        if result.is_ok() {
            break;
        }
    }
    result
}

/// Commands that the server may not have yet.
const NEW: &[&str] = &[
    "cl.throttle",
    "delex",
    "delifeq",
    "digest",
    "hexpire",
    "hexpireat",
    "hexpiretime",
    "hgetdel",
    "hgetex",
    "hpersist",
    "hpexpire",
    "hpexpireat",
    "hpexpiretime",
    "hpttl",
    "hsetex",
    "httl",
    "increx",
    "msetex",
    "zquery",
];

/// Options that the server may not have yet.
const NEW_OPTIONS: &[&str] = &["IFDEQ", "IFDNE", "IFEQ", "IFNE", "NOVALUES"];

/// The command, unless it would not fit into a transaction, is too new, or uses again what the
/// server told.
fn arguments(request: &Request) -> Option<Vec<Bytes>> {
    let args = request.words()?;
    let is_told = |arg: &Bytes| [CURSOR, PAYLOAD, DIGEST].contains(&arg.as_slice());
    let name = args[0].to_ascii_lowercase();
    let is_new_option =
        |arg: &Bytes| NEW_OPTIONS.iter().any(|new| arg.eq_ignore_ascii_case(new.as_bytes()));
    let is_new =
        NEW.iter().any(|new| new.as_bytes() == name) || args[1..].iter().any(is_new_option);
    let fits = name != b"hello" && name != b"quit";
    (fits && !is_new && !args.iter().any(is_told)).then_some(args)
}

struct Oracle {
    stream: TcpStream,
    input: Bytes,
}

impl Oracle {
    fn connect(address: &str) -> io::Result<Oracle> {
        Ok(Oracle { stream: TcpStream::connect(address)?, input: Bytes::new() })
    }

    fn ask(&mut self, args: &[Bytes]) -> io::Result<Value> {
        self.stream.write_all(&wire::render_request(args))?;
        self.reply()
    }

    /// When it ran, in milliseconds since the Unix epoch, and the reply.
    fn ask_in_transaction(&mut self, args: &[Bytes]) -> io::Result<(RangeInclusive<i64>, Value)> {
        self.ask(&[b"MULTI".to_vec()])?;
        self.ask(&[b"TIME".to_vec()])?;
        let queued = self.ask(args)?;
        self.ask(&[b"TIME".to_vec()])?;
        let results = self.ask(&[b"EXEC".to_vec()])?;
        match &results {
            Value::Many(_, parts) => {
                Ok((milliseconds(&parts[0])..=milliseconds(&parts[2]), parts[1].clone()))
            }
            // It was refused at once, whatever the time.
            _ => Ok((0..=0, queued)),
        }
    }

    fn reply(&mut self) -> io::Result<Value> {
        loop {
            let parsed = wire::parse_reply(&self.input).map_err(io::Error::other)?;
            if let Some((value, len)) = parsed {
                self.input.drain(..len);
                return Ok(value);
            }
            let mut buffer = [0; 16 * 1024];
            let len = self.stream.read(&mut buffer)?;
            if len == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.input.extend_from_slice(&buffer[..len]);
        }
    }
}

/// TIME's reply.
fn milliseconds(time: &Value) -> i64 {
    let Value::Many(_, parts) = time else { return 0 };
    let number = |value: &Value| value.text().and_then(wire::parse_int).unwrap_or(0);
    parts.chunks(2).map(|pair| number(&pair[0]) * 1000 + number(&pair[1]) / 1000).sum()
}
