//! The servers under test, each a process of its own that ends with its handle.

use super::Outcome;
use super::resp::Client;
use nix::unistd::Pid;
use std::ffi::OsStr;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(crate) const REDIS: &str = "redis-server";
pub(crate) const KV: &str = "kv-server";

/// How long a server may take to start, and to answer.
const PATIENCE: Duration = Duration::from_secs(20);

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

/// A command that runs `program`, on these cores alone if some are named.
pub(crate) fn command(program: impl AsRef<OsStr>, cores: Option<&str>) -> Command {
    let Some(cores) = cores else { return Command::new(program) };
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", cores]).arg(program);
    command
}

/// What runs the redis-server at `path`, but for the port.
pub(crate) fn redis(path: impl AsRef<OsStr>, cores: Option<&str>) -> Command {
    let mut redis = command(path, cores);
    redis.args(["--save", "", "--appendonly", "no"]);
    redis
}

/// What runs the kv-server at `path`, but for the port.
pub(crate) fn kv(path: impl AsRef<OsStr>, threads: u32, cores: Option<&str>) -> Command {
    let mut kv = command(path, cores);
    kv.args(["--threads", &threads.to_string()]);
    kv
}

impl Server {
    /// Runs `command` with the port added, and waits until it answers.
    pub(crate) fn start(name: &'static str, port: u16, mut command: Command) -> Outcome<Self> {
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
            match self.client().and_then(|mut client| client.ask(&[b"PING"])) {
                Ok(_) => return Ok(()),
                Err(_) if Instant::now() < deadline => {}
                Err(error) => return Err(format!("{} does not answer: {error}", self.name).into()),
            }
        }
    }

    pub(crate) fn client(&self) -> Outcome<Client> {
        Client::new(self.connect()?)
    }

    /// A connection whose reads and writes fail after a while, rather than wait forever.
    pub(crate) fn connect(&self) -> Outcome<TcpStream> {
        let socket = TcpStream::connect(("127.0.0.1", self.port))?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        Ok(socket)
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.process.id().cast_signed())
    }

    /// The processor time, user and system, that all threads of the process have used.
    #[cfg(target_os = "linux")]
    pub(crate) fn cpu_time(&self) -> Outcome<Duration> {
        Ok(nix::time::clock_getcpuclockid(self.pid())?.now()?.into())
    }

    /// The processor time, user and system, that all threads of the process have used.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn cpu_time(&self) -> Outcome<Duration> {
        Err(format!("only Linux tells the processor time of process {}", self.pid()).into())
    }
}
