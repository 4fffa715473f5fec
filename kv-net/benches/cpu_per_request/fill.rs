//! The servers of one workload, filled with its keys.

use crate::options::Options;
use crate::support::Outcome;
use crate::support::resp::{bulk, request};
use crate::support::servers::{self, KV, REDIS, Server};
use crate::workload::{Operation, Workload, key};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Command;

pub(crate) const FLOOR: &str = "floor";

/// How many keys are sent before their replies are read.
const BATCH: u64 = 1000;

/// Starts the servers that the options ask for, and fills them with the workload's keys.
pub(crate) fn start(options: &Options, workload: &Workload) -> Outcome<Vec<Server>> {
    let commands = commands(options, workload)?;
    let mut servers = Vec::new();
    for (port, (name, command)) in (options.port..).zip(commands) {
        servers.push(Server::start(name, port, command)?);
    }
    for server in servers.iter().filter(|server| server.name != FLOOR) {
        fill(server, workload).map_err(|error| format!("filling {}: {error}", server.name))?;
    }
    Ok(servers)
}

/// What to run, but for the port.
fn commands(options: &Options, workload: &Workload) -> Outcome<Vec<(&'static str, Command)>> {
    let cores = options.server_cores.as_deref();
    let mut commands = Vec::new();
    if let Some(path) = &options.redis {
        commands.push((REDIS, servers::redis(path, cores)));
    }
    if let Some(path) = &options.kv {
        commands.push((KV, servers::kv(path, 1, cores)));
    }
    let mut floor = servers::command(std::env::current_exe()?, cores);
    floor.args(["--floor", workload.name]);
    commands.push((FLOOR, floor));
    Ok(commands)
}

fn fill(server: &Server, workload: &Workload) -> Outcome<()> {
    match workload.operation {
        Operation::Get | Operation::Set => fill_with_strings(server, workload),
        Operation::Line { fill, .. } => fill_with_lines(server, workload, fill),
    }
}

fn fill_with_lines(server: &Server, workload: &Workload, line: &str) -> Outcome<()> {
    let mut socket = server.connect()?;
    let mut replies = BufReader::new(socket.try_clone()?);
    for first in (0..workload.keys).step_by(BATCH as usize) {
        let numbers = first..workload.keys.min(first + BATCH);
        let nth = |number: u64| line.replace("__nth__", &format!("{number:012}"));
        let lines: Vec<String> = numbers.map(nth).collect();
        let words = |line: &String| -> Vec<u8> {
            request(&line.split(' ').map(str::as_bytes).collect::<Vec<_>>())
        };
        socket.write_all(&lines.iter().flat_map(words).collect::<Vec<u8>>())?;
        for _ in &lines {
            expect_success(&mut replies)?;
        }
    }
    Ok(())
}

/// Reads a reply of one or two lines.
fn expect_success(replies: &mut impl BufRead) -> Outcome<()> {
    let mut reply = String::new();
    replies.read_line(&mut reply)?;
    if reply.starts_with('$') {
        replies.read_line(&mut reply)?;
    }
    if reply.starts_with('-') { Err(format!("the server answers {reply}").into()) } else { Ok(()) }
}

fn fill_with_strings(server: &Server, workload: &Workload) -> Outcome<()> {
    let value = workload.value();
    let mut socket = server.connect()?;
    for first in (0..workload.keys).step_by(BATCH as usize) {
        let numbers = first..workload.keys.min(first + BATCH);
        let set = |number| request(&[b"SET", key(number).as_bytes(), &value]);
        let requests: Vec<u8> = numbers.clone().flat_map(set).collect();
        let replies = b"+OK\r\n".repeat(numbers.count());
        exchange(&mut socket, &requests, &replies)?;
    }
    let last = key(workload.keys - 1);
    exchange(&mut socket, &request(&[b"GET", last.as_bytes()]), &bulk(&value))
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
