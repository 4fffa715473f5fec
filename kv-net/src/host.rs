//! What only the machine knows and can do: for INFO and CONFIG REWRITE.

use crate::clock::Clock;
use crate::config_file::ConfigFile;
use kv_core::config::Config;
use kv_core::kernel::{Facts, Host, Usage};
use nix::errno::Errno;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use std::fs::read_to_string;
use std::io;
use std::time::Duration;

/// The process and the machine that it runs on.
#[derive(Debug)]
pub(crate) struct Machine {
    facts: Facts,
    config_file: Option<ConfigFile>,
    clock: Clock,
}

impl Machine {
    /// Asks the operating system for what does not change.
    pub(crate) fn new(tcp_port: u16, config_file: Option<ConfigFile>) -> Self {
        let proc =
            |file: &str| read_to_string(format!("/proc/sys/kernel/{file}")).unwrap_or_default();
        let (system, release) = (proc("ostype"), proc("osrelease"));
        let os = format!("{} {} {}", system.trim(), release.trim(), std::env::consts::ARCH);
        let executable = std::env::current_exe().map(|path| path.display().to_string());
        let config_path = config_file.as_ref().map(|file| file.path().display().to_string());
        Self {
            facts: Facts {
                os: os.trim().into(),
                process_id: std::process::id(),
                executable: executable.unwrap_or_default(),
                config_file: config_path.unwrap_or_default(),
                tcp_port,
                total_system_memory: total_memory().unwrap_or(0),
            },
            config_file,
            clock: Clock::start(),
        }
    }
}

impl Host for Machine {
    fn usage(&self) -> Usage {
        let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else { return Usage::default() };
        let peak = usage.max_rss() as u64 * 1024;
        Usage {
            cpu_user_us: microseconds(usage.user_time()),
            cpu_system_us: microseconds(usage.system_time()),
            resident_bytes: resident().unwrap_or(peak),
            resident_peak_bytes: peak,
        }
    }

    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn rewrite_config(&self, config: &Config) -> Result<(), String> {
        let file = self.config_file.as_ref().ok_or("there is none")?;
        file.rewrite(config).map_err(|error| reason(&error))
    }

    fn precise_ns(&self) -> u64 {
        self.clock.elapsed_ns()
    }

    fn sleep(&self, us: u64) {
        std::thread::sleep(Duration::from_micros(us));
    }
}

/// What the operating system says, without the number that Rust adds.
fn reason(error: &io::Error) -> String {
    error
        .raw_os_error()
        .map_or_else(|| error.to_string(), |code| Errno::from_raw(code).desc().to_owned())
}

fn microseconds(time: TimeVal) -> u64 {
    (time.tv_sec() * 1_000_000 + time.tv_usec()) as u64
}

/// Resident memory, where the operating system has `/proc`.
fn resident() -> Option<u64> {
    status_kib(&read_to_string("/proc/self/status").ok()?, "VmRSS:")
}

fn total_memory() -> Option<u64> {
    status_kib(&read_to_string("/proc/meminfo").ok()?, "MemTotal:")
}

/// The bytes that a line such as `VmRSS:  1234 kB` tells.
fn status_kib(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}
