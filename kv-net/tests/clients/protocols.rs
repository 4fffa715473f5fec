//! Clients of the binary protocols, which were written from their description alone.

use crate::support::{Program, free_address};
use crate::{beside, run_checks};

/// A server program with a port for the protocol, and that port.
fn serve(flag: &str, others: &[&str]) -> (Program, String) {
    let port = free_address().port().to_string();
    (Program::kv(&[&[flag, &port][..], others].concat()), port)
}

#[test]
fn a_client_takes_no_more_than_40_lines() {
    for name in ["tlv_client.py", "frame_client.py"] {
        let lines = std::fs::read_to_string(beside(name)).expect("it is there").lines().count();
        assert!(lines <= 40, "{name} has {lines} lines");
    }
}

#[test]
#[ignore = "needs python3"]
fn a_python_client_speaks_tlv() {
    let (_program, port) = serve("--tlv-port", &[]);
    run_checks("python3", &[&beside("protocols.py"), "tlv", &port]);
}

#[test]
#[ignore = "needs python3"]
fn a_python_client_speaks_strict_tlv() {
    let (_program, port) = serve("--tlv-port", &["--tlv-strict", "yes"]);
    run_checks("python3", &[&beside("protocols.py"), "strict", &port]);
}

#[test]
#[ignore = "needs python3"]
fn a_python_client_speaks_in_frames() {
    let (_program, port) = serve("--frame-port", &[]);
    run_checks("python3", &[&beside("protocols.py"), "frame", &port]);
}
