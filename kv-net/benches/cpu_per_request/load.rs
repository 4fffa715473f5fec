//! The load: redis-benchmark.

use crate::options::Options;
use crate::support::Outcome;
use crate::support::interrupt::Interrupt;
use crate::support::servers;
use crate::workload::{Operation, Workload};
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a run may take. A server that stops answering would make redis-benchmark wait forever.
const RUN_MAX: Duration = Duration::from_secs(300);

pub(crate) struct Load {
    threads: u32,
    cores: Option<String>,
    interrupt: Interrupt,
}

impl Load {
    pub(crate) fn new(options: &Options) -> Outcome<Self> {
        let (threads, cores) = (options.load_threads, options.load_cores.clone());
        Ok(Self { threads, cores, interrupt: Interrupt::on_signals()? })
    }

    /// Sends so many requests and waits for all replies. The throughput, in requests per second.
    pub(crate) fn run(&self, workload: &Workload, port: u16, requests: u64) -> Outcome<f64> {
        let mut process = self.command(workload, port, requests).spawn()?;
        let status = self.wait(&mut process);
        let said = said(&mut process)?;
        let status = status?;
        match throughput(&said) {
            Some(throughput) if status.success() => Ok(throughput),
            _ => Err(format!("redis-benchmark failed, {status}: {said}").into()),
        }
    }

    fn command(&self, workload: &Workload, port: u16, requests: u64) -> Command {
        let mut command = servers::command("redis-benchmark", self.cores.as_deref());
        let mut option = |name: &str, value: &str| {
            command.args([name, value]);
        };
        option("-p", &port.to_string());
        option("-n", &requests.to_string());
        option("-c", &workload.clients.to_string());
        option("-P", &workload.pipeline.to_string());
        option("-r", &workload.keys.to_string());
        option("-d", &workload.value_len.to_string());
        if self.threads > 0 {
            option("--threads", &self.threads.to_string());
        }
        command.arg("--csv");
        match workload.operation {
            Operation::Get => command.args(["-t", "get"]),
            Operation::Set => command.args(["-t", "set"]),
            Operation::Line { request, .. } => command.args(request.split_whitespace()),
        };
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Waits for the end, and makes it come if need be.
    fn wait(&self, process: &mut Child) -> Outcome<ExitStatus> {
        let deadline = Instant::now() + RUN_MAX;
        loop {
            if let Some(status) = process.try_wait()? {
                return Ok(status);
            }
            if let Err(cause) = self.may_go_on(deadline) {
                process.kill()?;
                process.wait()?;
                return Err(cause);
            }
            sleep(Duration::from_millis(10));
        }
    }

    fn may_go_on(&self, deadline: Instant) -> Outcome<()> {
        self.interrupt.check()?;
        if Instant::now() > deadline { Err("a run took too long".into()) } else { Ok(()) }
    }
}

/// What a process that has ended wrote: little enough to have waited in the pipes.
fn said(process: &mut Child) -> Outcome<String> {
    let mut said = String::new();
    if let Some(mut output) = process.stdout.take() {
        output.read_to_string(&mut said)?;
    }
    if let Some(mut output) = process.stderr.take() {
        output.read_to_string(&mut said)?;
    }
    Ok(said)
}

/// The second column of the row of results, the first that has a number there.
fn throughput(csv: &str) -> Option<f64> {
    csv.lines().find_map(|line| line.split(',').nth(1)?.trim_matches('"').parse().ok())
}
