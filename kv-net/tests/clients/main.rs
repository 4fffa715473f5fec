//! The programs that people use with Redis work with our server.
//!
//! `install` gets what is not a package of the system. A test whose program is missing is skipped and says
//! so, unless `KV_SKIP_NOTHING` is set. The names of tests say the topic, so that
//! `-- --ignored pubsub` runs what has to do with it.

mod benchmark;
mod cli;
mod frameworks;
mod libraries;
mod printed;
mod protocols;
#[path = "../support/mod.rs"]
mod support;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use support::{Served, serve};

/// Within this, in seconds, a program comes to its end; only one that hangs gets to see it.
const PATIENCE_S: &str = "180";

/// Where `install` puts packages.
fn packages() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("clients")
}

/// A script beside this file.
fn beside(name: &str) -> String {
    format!("{}/tests/clients/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Whether to go on with a test that needs `path`.
#[expect(clippy::print_stderr, reason = "whoever runs the tests wants to know")]
fn is_installed(path: &Path) -> bool {
    let there = path.exists();
    let excused = std::env::var_os("KV_SKIP_NOTHING").is_none();
    let remedy = beside("install");
    assert!(there || excused, "{} is missing: run {remedy}", path.display());
    if !there {
        eprintln!("skipped: {} is missing, which {remedy} installs", path.display());
    }
    there
}

/// Runs a program to its successful end and gives what it printed.
fn run(program: &str, args: &[&str]) -> String {
    run_with_input(program, args, Vec::new())
}

fn run_with_input(program: &str, args: &[&str], input: Vec<u8>) -> String {
    let mut child = Command::new("timeout")
        .args([PATIENCE_S, program])
        .args(args)
        .env("PYTHONPATH", packages().join("python"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NODE_PATH", packages().join("node/node_modules"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("timeout is one of the core utilities");
    let mut stdin = child.stdin.take().expect("it is piped");
    thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("it was started");
    let text = [&output.stdout[..], &output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(output.status.success(), "{program} {args:?}: {}\n{text}", output.status);
    text
}

/// Runs what says nothing but that all is well.
fn run_checks(program: &str, args: &[&str]) {
    assert_eq!(run(program, args), "ok\n", "{program} {args:?}");
}

fn port(server: &Served) -> String {
    server.address().port().to_string()
}

/// Runs `check` with the port of a server and the number of a protocol, for both protocols.
fn in_both_protocols(check: impl Fn(&str, &str)) {
    for protocol in ["2", "3"] {
        check(&port(&serve(2, &[])), protocol);
    }
}
