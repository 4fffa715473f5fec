//! What the tests of the server share: programs, clients, and the frames between them.

#![allow(dead_code, reason = "every test file uses a part of this")]

use kv_net::{Builder, Server};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::ops::Range;
use std::process::{self, Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long a test waits for what must come; only a test that hangs gets to see the end of it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Asks again and again until there is an answer.
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begin.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A number that the environment sets.
pub(crate) fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// Lets this process, and those that it starts, open as many files as the system allows.
pub(crate) fn raise_file_limit() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("the limit can be read");
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).expect("up to the hard limit is allowed");
}

/// A server in this process, at 127.0.0.1 on a port of its own choice. `settings` are those of a
/// configuration file.
pub(crate) fn serve(threads: usize, settings: &[(&str, &str)]) -> Served {
    let builder = Server::builder().bind(["127.0.0.1"]).port(0).threads(threads).seed(7);
    let with = |builder: Builder, &(name, value): &(&str, &str)| builder.set(name, value);
    let server = settings.iter().try_fold(builder, with).and_then(Builder::start);
    Served(server.expect("the server starts"))
}

/// A server in this process, stopped when it is dropped.
pub(crate) struct Served(Server);

impl Served {
    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.addresses()[0]
    }

    pub(crate) fn server(&self) -> &Server {
        &self.0
    }

    pub(crate) fn into_server(self) -> Server {
        self.0
    }
}

/// A program that this test started, killed when it is dropped.
pub(crate) struct Program {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// What our server printed until it said where.
    pub(crate) log: String,
}

impl Program {
    /// Our server on a port of its own choice, at 127.0.0.1 unless `flags` say otherwise.
    pub(crate) fn kv(flags: &[&str]) -> Self {
        let bind = if flags.contains(&"--bind") { &[][..] } else { &["--bind", "127.0.0.1"] };
        Self::start(kv_server().args(["--port", "0", "--seed", "7"]).args(bind).args(flags))
    }

    /// Our server, as `command` starts it.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the server's binary runs");
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        let (address, log) = announced_address(&mut output);
        thread::spawn(move || io::copy(&mut output, &mut io::sink()));
        Self { child, address, log }
    }

    /// A real redis-server, without persistence.
    pub(crate) fn redis() -> Self {
        let address = free_address();
        let child = Command::new("redis-server")
            .args(["--port", &address.port().to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no", "--loglevel", "warning"])
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is needed: install the package redis-server");
        let mut program = Self { child, address, log: String::new() };
        eventually("redis-server accepts connections", || {
            assert!(program.child.try_wait().expect("it is ours").is_none(), "it has ended");
            TcpStream::connect(address).ok()
        });
        program
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).expect("it is ours");
    }

    /// What the system calls it by.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the end of the program.
    pub(crate) fn end(mut self) -> ExitStatus {
        eventually("the program ends", || self.child.try_wait().expect("it is ours"))
    }

    /// Resident memory, in bytes.
    pub(crate) fn resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("the program runs, on Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes =
            line.and_then(|line| line.split_whitespace().next()).expect("it has a size");
        kilobytes.parse::<u64>().expect("it is a number") * 1024
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server's binary, to be run with flags.
pub(crate) fn kv_server() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kv-server"));
    // What the tests are run with is no setting of the server.
    let variables = std::env::vars_os().map(|(name, _)| name);
    for name in variables.filter(|name| name.as_encoded_bytes().starts_with(b"KV_")) {
        command.env_remove(name);
    }
    command
}

/// What the server prints of where it listens, and all that it prints before.
pub(crate) fn announced_address(output: &mut impl BufRead) -> (SocketAddr, String) {
    let mut seen = String::new();
    while output.read_line(&mut seen).expect("the output can be read") > 0 {
        let last_word = seen.split_whitespace().next_back().unwrap_or_default();
        if let Ok(address) = last_word.parse() {
            return (address, seen);
        }
    }
    panic!("the server said no address: {seen:?}");
}

/// Nobody listens there now, and neither does anybody later who leaves the choice of a port to the system: it gives
/// away higher ones. Of another program that comes first the caller has to take notice.
pub(crate) fn free_address() -> SocketAddr {
    const PORTS: Range<u16> = 20_000..32_000;
    static TRIED: AtomicU16 = AtomicU16::new(0);
    // Tests that run at the same time in several processes begin at different places.
    let first = process::id().wrapping_mul(97);
    (0..PORTS.len())
        .map(|_| first.wrapping_add(TRIED.fetch_add(1, Ordering::Relaxed).into()) as usize)
        .map(|number| {
            SocketAddr::from(([127, 0, 0, 1], PORTS.start + (number % PORTS.len()) as u16))
        })
        .find(|address| TcpListener::bind(address).is_ok())
        .expect("there is a free port")
}

/// A connection that knows where a reply ends, and no more of the protocol than that.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).expect("the server accepts connections"))
    }

    fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("it is a TCP socket");
        stream.set_read_timeout(Some(PATIENCE)).expect("it is not zero");
        stream.set_write_timeout(Some(PATIENCE)).expect("it is not zero");
        Self { stream: BufReader::new(stream) }
    }

    pub(crate) fn socket(&self) -> &TcpStream {
        self.stream.get_ref()
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.get_mut().write_all(bytes.as_ref()).expect("the server takes requests");
    }

    /// The same, unless the server has closed the connection.
    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// The next reply, as it came.
    pub(crate) fn reply(&mut self) -> Vec<u8> {
        self.try_reply().expect("there is a reply")
    }

    /// The next reply, or why there is none.
    pub(crate) fn try_reply(&mut self) -> io::Result<Vec<u8>> {
        read_frame(&mut self.stream)
    }

    /// Sends a request of words separated by spaces and gives the reply in readable form.
    pub(crate) fn call(&mut self, words: &str) -> String {
        self.send(request(words.split(' ')));
        readable(&self.reply())
    }

    /// The replies to `count` requests that were sent before.
    pub(crate) fn replies(&mut self, count: usize) -> Vec<String> {
        (0..count).map(|_| readable(&self.reply())).collect()
    }

    /// Tells the server that no more requests will come.
    pub(crate) fn finish_sending(&self) {
        self.socket().shutdown(Shutdown::Write).expect("it is connected");
    }

    /// All that comes until the server closes the connection.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Err(error) if error.kind() != ErrorKind::ConnectionReset => {
                panic!("the server did not close the connection: {error}, {}", readable(&rest))
            }
            _ => rest,
        }
    }

    /// Closes so that the server's side sees a reset.
    pub(crate) fn reset(self) {
        let socket = socket2::Socket::from(self.stream.into_inner());
        socket.set_linger(Some(Duration::ZERO)).expect("it is a TCP socket");
    }
}

/// A request as clients send it: an array of bulk strings.
pub(crate) fn request<A: AsRef<[u8]>>(args: impl IntoIterator<Item = A>) -> Vec<u8> {
    let mut body = Vec::new();
    let mut count = 0;
    for arg in args {
        let arg = arg.as_ref();
        body.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
        body.extend_from_slice(arg);
        body.extend_from_slice(b"\r\n");
        count += 1;
    }
    [format!("*{count}\r\n").into_bytes(), body].concat()
}

/// The bytes of one reply in RESP2 or RESP3, with all its parts.
pub(crate) fn read_frame(source: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut frame = Vec::new();
    read_frame_into(source, &mut frame)?;
    Ok(frame)
}

fn read_frame_into(source: &mut impl BufRead, frame: &mut Vec<u8>) -> io::Result<()> {
    let begin = frame.len();
    source.read_until(b'\n', frame)?;
    let line = &frame[begin..];
    if !line.ends_with(b"\r\n") {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    let (kind, len) = (line[0], length(line));
    if is_blob(kind) && len >= 0 {
        let end = frame.len() + len as usize + 2;
        let begin = frame.len();
        frame.resize(end, 0);
        return source.read_exact(&mut frame[begin..]);
    }
    (0..parts(kind, len)).try_for_each(|_| read_frame_into(source, frame))
}

/// The number in a frame's first line.
fn length(line: &[u8]) -> i64 {
    std::str::from_utf8(&line[1..line.len() - 2]).ok().and_then(|n| n.parse().ok()).unwrap_or(-1)
}

fn is_blob(kind: u8) -> bool {
    matches!(kind, b'$' | b'=' | b'!')
}

/// How many frames a frame is made of.
fn parts(kind: u8, len: i64) -> i64 {
    match kind {
        b'*' | b'~' | b'>' => len.max(0),
        b'%' => 2 * len.max(0),
        // An attribute comes before what it describes.
        b'|' => 2 * len.max(0) + 1,
        _ => 0,
    }
}

/// The parts of an aggregate, or nothing if `frame` is none.
pub(crate) fn elements(frame: &[u8]) -> Vec<Vec<u8>> {
    let mut source = frame;
    let mut line = Vec::new();
    source.read_until(b'\n', &mut line).expect("it is in memory");
    let count = if line.len() > 3 { parts(line[0], length(&line)) } else { 0 };
    (0..count).map(|_| read_frame(&mut source).expect("the frame is whole")).collect()
}

/// A string reply without its frame.
pub(crate) fn payload(frame: &[u8]) -> &[u8] {
    let line_len = frame.iter().position(|&byte| byte == b'\n').expect("it has a line") + 1;
    let begin = if is_blob(frame[0]) && length(&frame[..line_len]) >= 0 { line_len } else { 1 };
    &frame[begin..frame.len() - 2]
}

/// Bytes for people: long ones are cut.
pub(crate) fn readable(bytes: &[u8]) -> String {
    const SHOWN: usize = 4000;
    let text = bytes[..bytes.len().min(SHOWN)].escape_ascii().to_string();
    if bytes.len() > SHOWN { format!("{text}... ({} bytes)", bytes.len()) } else { text }
}
