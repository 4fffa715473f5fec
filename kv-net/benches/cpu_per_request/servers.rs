//! The servers under test, each a process of its own that ends with its handle.

use crate::Outcome;
use crate::options::Options;
use crate::workload::{Workload, bulk, key};
use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(crate) const REDIS: &str = "redis-server";
pub(crate) const KV: &str = "kv-server";
pub(crate) const FLOOR: &str = "floor";

/// How long a server may take to start, and to answer while it is filled.
const PATIENCE: Duration = Duration::from_secs(20);
/// How many keys are sent before their replies are read.
const FILL_BATCH: u64 = 1000;

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) port: u16,
    process: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which is all the same now.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts the servers that the options ask for, and fills them with the workload's keys.
pub(crate) fn start(options: &Options, workload: &Workload) -> Outcome<Vec<Server>> {
    let commands = commands(options, workload)?;
    let mut servers = Vec::new();
    for (port, (name, command)) in (options.port..).zip(commands) {
        servers.push(Server::start(name, port, command)?);
    }
    for server in servers.iter().filter(|server| server.name != FLOOR) {
        server.fill(workload).map_err(|error| format!("filling {}: {error}", server.name))?;
    }
    Ok(servers)
}

/// What to run, but for the port.
fn commands(options: &Options, workload: &Workload) -> Outcome<Vec<(&'static str, Command)>> {
    let cores = options.server_cores.as_deref();
    let mut commands = Vec::new();
    if let Some(path) = &options.redis {
        let mut redis = command(path, cores);
        redis.args(["--save", "", "--appendonly", "no"]);
        commands.push((REDIS, redis));
    }
    if let Some(path) = &options.kv {
        let mut kv = command(path, cores);
        kv.args(["--threads", "1"]);
        commands.push((KV, kv));
    }
    let mut floor = command(std::env::current_exe()?, cores);
    floor.args(["--floor", workload.name]);
    commands.push((FLOOR, floor));
    Ok(commands)
}

/// A command that runs `program`, on these cores alone if some are named.
pub(crate) fn command(program: impl AsRef<OsStr>, cores: Option<&str>) -> Command {
    let Some(cores) = cores else { return Command::new(program) };
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", cores]).arg(program);
    command
}

impl Server {
    fn start(name: &'static str, port: u16, mut command: Command) -> Outcome<Self> {
        // A stranger there would answer in our server's place.
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Err(format!("port {port} is taken; see --port").into());
        }
        command.args(["--port", &port.to_string()]).stdin(Stdio::null()).stdout(Stdio::null());
        let process = command.spawn().map_err(|error| format!("starting {name}: {error}"))?;
        let mut server = Self { name, port, process };
        server.wait_until_ready()?;
        Ok(server)
    }

    fn wait_until_ready(&mut self) -> Outcome<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            sleep(Duration::from_millis(50));
            if let Some(status) = self.process.try_wait()? {
                return Err(format!("{} ended at once: {status}", self.name).into());
            }
            match self.ping() {
                Ok(()) => return Ok(()),
                Err(_) if Instant::now() < deadline => {}
                Err(error) => return Err(format!("{} does not answer: {error}", self.name).into()),
            }
        }
    }

    fn ping(&self) -> Outcome<()> {
        let mut socket = self.connect()?;
        socket.write_all(&request(&[b"PING"]))?;
        let mut first = [0];
        socket.read_exact(&mut first)?;
        // The floor has its one reply for everything.
        if first == *b"-" { Err("it answers with an error".into()) } else { Ok(()) }
    }

    fn connect(&self) -> Outcome<TcpStream> {
        let socket = TcpStream::connect(("127.0.0.1", self.port))?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        Ok(socket)
    }

    fn fill(&self, workload: &Workload) -> Outcome<()> {
        let value = workload.value();
        let mut socket = self.connect()?;
        for first in (0..workload.keys).step_by(FILL_BATCH as usize) {
            let numbers = first..workload.keys.min(first + FILL_BATCH);
            let set = |number| request(&[b"SET", key(number).as_bytes(), &value]);
            let requests: Vec<u8> = numbers.clone().flat_map(set).collect();
            let replies = b"+OK\r\n".repeat(numbers.count());
            exchange(&mut socket, &requests, &replies)?;
        }
        let last = key(workload.keys - 1);
        exchange(&mut socket, &request(&[b"GET", last.as_bytes()]), &bulk(&value))
    }

    /// The processor time, user and system, that all threads of the process have used.
    #[cfg(target_os = "linux")]
    pub(crate) fn cpu_time(&self) -> Outcome<Duration> {
        let process = nix::unistd::Pid::from_raw(self.process.id().try_into()?);
        Ok(nix::time::clock_getcpuclockid(process)?.now()?.into())
    }

    /// The processor time, user and system, that all threads of the process have used.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn cpu_time(&self) -> Outcome<Duration> {
        Err("only Linux tells the processor time of another process".into())
    }
}

/// Sends `requests` and checks that the answer is `replies`.
fn exchange(socket: &mut TcpStream, requests: &[u8], replies: &[u8]) -> Outcome<()> {
    socket.write_all(requests)?;
    let mut received = vec![0; replies.len()];
    socket.read_exact(&mut received)?;
    if received == replies {
        return Ok(());
    }
    let begin = &received[..received.len().min(80)];
    Err(format!("unexpected replies: {:?}", String::from_utf8_lossy(begin)).into())
}

fn request(args: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", args.len()).into_bytes();
    bytes.extend(args.iter().flat_map(|arg| bulk(arg)));
    bytes
}
