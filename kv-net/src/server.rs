//! The in-process server: threads, listeners and their end.

use crate::admin::Admin;
use crate::clock::Clock;
use crate::config_file::read_limited;
use crate::doors::Doors;
use crate::event_loop::{EventLoop, Inbox};
use crate::host::Machine;
use crate::processors::{self, Processors};
use crate::recorded::Recorded;
use crate::recorder::{RecordedHost, Recorder};
use crate::sources::Sources;
use crate::unix_socket::SocketFile;
use kv_core::config::{self, Config, Id, LoadError, Origin, Problem};
use kv_core::kernel::{Host, Kernel};
use kv_core::now::Now;
use kv_proto::recording::Start;
use kv_proto::server::Server as Connections;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::ffi::OsString;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

/// How many shards each thread of several adds, so that two threads seldom want the same one.
const SHARDS_PER_THREAD: usize = 16;

/// The most threads that are started when the number is not given.
const DEFAULT_THREADS_MAX: usize = 8;

/// Descriptors for things other than clients: listeners, polls, sockets that are being closed.
const SPARE_DESCRIPTORS: u64 = 1024;

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A setting that does not exist, or with a value that it cannot have.
    #[error(transparent)]
    Setting(#[from] Problem),
    /// The same, in a file or wherever else the settings come from.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The configuration file cannot be read.
    #[error("cannot read the configuration file '{}': {reason}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file that a configuration file includes cannot be read.
    #[error("{origin}: cannot include '{}': {reason}", .path.display())]
    Include {
        /// Where it is named.
        origin: Origin,
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file with the value of an environment variable cannot be read.
    #[error("{variable}: cannot read '{}': {reason}", .path.display())]
    VariableFile {
        /// The variable.
        variable: String,
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Two environment variables for one setting.
    #[error("{0} and {1} are both set; choose one")]
    TwoVariables(String, String),
    /// The directory of data files does not exist.
    #[error("cannot use '{}' as 'dir': {source}", .path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The file for the recording cannot be written.
    #[error("cannot record to '{}': {source}", .path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What the operating system says, or what is in the way.
        source: io::Error,
    },
    /// A seed that is none.
    #[error("bad value for 'seed': it must be a whole number below 2^64")]
    Seed,
    /// An address to listen on that is none.
    #[error("'{0}' is no IP address to bind to")]
    Address(String),
    /// None of the addresses exists here.
    #[error("none of the addresses in 'bind' exists on this machine")]
    NoAddress,
    /// An address that cannot be listened on.
    #[error(
        "cannot listen on {address}: {source}; choose another port or 'bind', or stop the program that has it"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },
    /// A list of processors that is none, or that has some which the process may not use.
    #[error("bad value '{list}' for 'server-cpulist': {reason}")]
    Processors {
        /// The value.
        list: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A Unix socket that cannot be listened on.
    #[error("cannot listen on the Unix socket {path}: {source}; choose another 'unixsocket'")]
    UnixSocket {
        /// The socket's file.
        path: String,
        /// What the operating system says, or what is in the way.
        source: io::Error,
    },
    /// The operating system refused a thread or a poll.
    #[error("cannot start an event loop: {0}")]
    EventLoop(#[from] io::Error),
}

/// A server to be started. Settings have the names of the configuration file; where several calls
/// give one setting, the last one counts.
#[derive(Debug, Default)]
pub struct Builder {
    sources: Sources,
}

/// A running server. Dropping it stops it.
#[derive(Debug)]
pub struct Server {
    kernel: Arc<Kernel>,
    addresses: Vec<SocketAddr>,
    threads: Vec<Thread>,
    admin: Option<Admin>,
    socket_file: Option<SocketFile>,
    recorder: Option<Arc<Recorder>>,
}

#[derive(Debug)]
struct Thread {
    inbox: Arc<Inbox>,
    /// None once it has ended.
    handle: Option<JoinHandle<io::Result<()>>>,
}

impl Builder {
    /// The port; 0 takes any free one. Default: 6379.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        self.with(config::PORT, &port.to_string())
    }

    /// The settings as they are so far.
    pub fn config(&self) -> &Config {
        self.sources.config()
    }

    /// The addresses. Default: 127.0.0.1, and ::1 where the machine has it.
    #[must_use]
    pub fn bind<T: AsRef<str>>(self, addresses: impl IntoIterator<Item = T>) -> Self {
        let addresses: Vec<T> = addresses.into_iter().collect();
        let addresses: Vec<&str> = addresses.iter().map(AsRef::as_ref).collect();
        self.with(config::BIND, &addresses.join(" "))
    }

    /// How many event loops; 0 takes one for each processor core, at most 8. Default: 0. At most
    /// 64, which larger numbers mean too.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        self.with(config::THREADS, &threads.min(64).to_string())
    }

    /// What decides every random choice. Default: drawn from the operating system.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        self.with(config::SEED, &seed.to_string())
    }

    /// Any setting, by its name, as CONFIG SET takes it.
    pub fn set(mut self, name: &str, value: &str) -> Result<Self, StartError> {
        self.sources.set(name, value.as_bytes())?;
        Ok(self)
    }

    /// The settings among environment variables: `KV_<NAME>`, with underscores for dashes, or
    /// `KV_<NAME>_FILE`, which names a file that contains the value. Others are left alone.
    pub fn environment(
        mut self,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, StartError> {
        self.sources.environment(variables)?;
        Ok(self)
    }

    /// The settings of a configuration file, which CONFIG REWRITE brings up to date.
    pub fn config_file(mut self, path: impl AsRef<Path>) -> Result<Self, StartError> {
        self.sources.file(path.as_ref())?;
        Ok(self)
    }

    /// The settings that are read from `source` in the syntax of a configuration file. `name` is
    /// how errors call it.
    pub fn config_text(mut self, name: &str, source: impl io::Read) -> Result<Self, StartError> {
        let unreadable = |error: io::Error| {
            let (path, reason) = (name.into(), error.to_string());
            StartError::File { path, reason }
        };
        let text = read_limited(source).map_err(unreadable)?;
        self.sources.text(name, &text)?;
        Ok(self)
    }

    /// What a flag of this name says: a line of a configuration file with these arguments.
    pub fn flag(mut self, name: &str, args: Vec<Vec<u8>>) -> Result<Self, StartError> {
        self.sources.flag(name, args)?;
        Ok(self)
    }

    fn with(mut self, id: Id, value: &str) -> Self {
        let set = self.sources.set(id.parameter().name, value.as_bytes());
        set.expect("the type allows only good values");
        self
    }

    /// Listens, and starts the event loops.
    pub fn start(self) -> Result<Server, StartError> {
        self.sources.warn();
        let (config, config_file) = self.sources.finish();
        settle_directory(&config)?;
        let seed = seed(&config)?;
        let threads = threads(&config);
        let processors = Processors::parse(&config.text(config::SERVER_CPULIST))?;
        let Doors { listeners, own, addresses, socket_file, admin } =
            Doors::open(&config, threads)?;
        let shards =
            if threads == 1 { 1 } else { (threads * SHARDS_PER_THREAD).next_power_of_two() };
        raise_descriptor_limit(config.int(config::MAXCLIENTS) as u64 + SPARE_DESCRIPTORS);

        let clock = Clock::start();
        let now = clock.now();
        let machine = Machine::new(addresses[0].port(), config_file);
        let recorder = recorder(&config)?;
        if let Some(recorder) = &recorder {
            recorder.start(beginning(&config, seed, shards, threads, &machine, now));
        }
        let host: Box<dyn Host> = match &recorder {
            Some(recorder) => {
                Box::new(RecordedHost { host: machine, recorder: Arc::clone(recorder) })
            }
            None => Box::new(machine),
        };
        let kernel = Arc::new(Kernel::new(config, shards, seed, host, now));
        let new_loop = |_| {
            let server = Connections::new(Arc::clone(&kernel));
            EventLoop::new(Recorded::new(server, recorder.clone()), clock)
        };
        let mut loops = (0..threads).map(new_loop).collect::<io::Result<Vec<_>>>()?;
        let inboxes: Vec<_> = loops.iter().map(EventLoop::inbox).collect();
        let all: Arc<[_]> = inboxes.clone().into();
        loops.iter_mut().for_each(|event_loop| event_loop.meet(Arc::clone(&all)));
        loops[0].accept_for_all(listeners)?;
        let mut with_own = loops.iter_mut().zip(own);
        with_own.try_for_each(|(event_loop, listeners)| event_loop.accept_own(listeners))?;
        let mut server =
            Server { kernel, addresses, threads: Vec::new(), admin: None, socket_file, recorder };
        for (index, event_loop) in loops.into_iter().enumerate() {
            let inbox = event_loop.inbox();
            let thread = std::thread::Builder::new().name(format!("kv-{index}"));
            let processor = processors.of_thread(index);
            let run = move || {
                processor.iter().for_each(|&processor| processors::pin(processor));
                event_loop.run()
            };
            let handle = Some(thread.spawn(run)?);
            server.threads.push(Thread { inbox, handle });
        }
        if !admin.is_empty() {
            let kernel = Arc::clone(&server.kernel);
            server.admin = Some(Admin::start(admin, kernel, inboxes, clock)?);
        }
        Ok(server)
    }
}

impl Server {
    /// A server to be configured and started.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Where it listens, in the order of the `bind` setting.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// What runs the requests.
    pub fn kernel(&self) -> &Arc<Kernel> {
        &self.kernel
    }

    /// Stops accepting and reading, sends what is left to send, and ends the threads.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.admin.iter().for_each(Admin::announce_stop);
        self.threads.iter().for_each(|thread| thread.inbox.stop());
        for thread in &mut self.threads {
            match thread.handle.take().map(JoinHandle::join) {
                None | Some(Ok(Ok(()))) => {}
                Some(Ok(Err(error))) => tracing::error!("an event loop failed: {error}"),
                // Its message is on standard error; hiding a bug here would be worse.
                Some(Err(panic)) if !std::thread::panicking() => std::panic::resume_unwind(panic),
                Some(Err(_)) => {}
            }
        }
        self.admin.take().into_iter().for_each(Admin::stop);
        self.recorder.take().into_iter().for_each(|recorder| recorder.finish());
        self.socket_file = None;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

fn seed(config: &Config) -> Result<u64, StartError> {
    let text = config.text(config::SEED);
    if text.is_empty() {
        // The standard library seeds it from the operating system.
        return Ok(RandomState::new().hash_one(0u8));
    }
    text.parse().map_err(|_| StartError::Seed)
}

/// The recording of this run, if one is asked for.
fn recorder(config: &Config) -> Result<Option<Arc<Recorder>>, StartError> {
    let path = PathBuf::from(config.text(config::RECORD));
    if path.as_os_str().is_empty() {
        return Ok(None);
    }
    let files = config.int(config::RECORD_FILES) as usize;
    let len_max = config.int(config::RECORD_MAX_SIZE) as u64;
    let recorder = Recorder::create(&path, files, len_max);
    tracing::info!("recording all input to '{}'", path.display());
    recorder.map(Some).map_err(|source| StartError::Record { path, source })
}

/// What a recording begins with.
fn beginning(
    config: &Config,
    seed: u64,
    shards: usize,
    servers: usize,
    machine: &Machine,
    now: Now,
) -> Start {
    Start {
        version: env!("CARGO_PKG_VERSION").into(),
        seed,
        shards: shards as u64,
        servers: servers as u64,
        now,
        facts: machine.facts().clone(),
        settings: config::in_full(config),
    }
}

/// Makes the directory of data files an absolute path.
fn settle_directory(config: &Config) -> Result<(), StartError> {
    let path = PathBuf::from(config.text(config::DIR));
    let bad = |source| StartError::Directory { path: path.clone(), source };
    let absolute = path.canonicalize().map_err(bad)?;
    if !absolute.is_dir() {
        return Err(bad(ErrorKind::NotADirectory.into()));
    }
    let text = absolute.into_os_string().into_encoded_bytes();
    config.set(config::DIR, &text).map_err(|why| bad(io::Error::other(why)))
}

fn threads(config: &Config) -> usize {
    match config.int(config::THREADS) as usize {
        0 => std::thread::available_parallelism()
            .map_or(1, |cores| cores.get().min(DEFAULT_THREADS_MAX)),
        threads => threads,
    }
}

/// Lets the process open as many descriptors as its clients may need.
fn raise_descriptor_limit(wanted: u64) {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return };
    if soft >= wanted {
        return;
    }
    let reachable = wanted.min(hard);
    if setrlimit(Resource::RLIMIT_NOFILE, reachable, hard).is_err() || reachable < wanted {
        tracing::warn!(
            "the limit of open files allows fewer clients than 'maxclients'; raise it with `ulimit -n {wanted}`"
        );
    }
}
