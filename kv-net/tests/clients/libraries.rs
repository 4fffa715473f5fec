//! The libraries, each in both protocols.

use super::{beside, in_both_protocols, is_installed, packages, run_checks};

fn redis_py(topic: &str) {
    if is_installed(&packages().join("python/redis")) {
        let script = beside(&format!("redis_py_{topic}.py"));
        in_both_protocols(|port, protocol| run_checks("python3", &[&script, port, protocol]));
    }
}

/// Runs a topic of a script for node.
fn node(script: &str, topic: &str) {
    let node = packages().join("node/node");
    if is_installed(&node) {
        let node = node.to_str().expect("it is UTF-8");
        let script = beside(script);
        in_both_protocols(|port, protocol| run_checks(node, &[&script, port, protocol, topic]));
    }
}

fn node_redis(topic: &str) {
    node("node_redis.js", topic);
}

fn ioredis(topic: &str) {
    node("ioredis.js", topic);
}

fn redis_rs(topic: &str) {
    let program = packages().join("redis-rs/debug/redis-rs");
    if is_installed(&program) {
        let program = program.to_str().expect("it is UTF-8");
        in_both_protocols(|port, protocol| run_checks(program, &[port, protocol, topic]));
    }
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn redis_py_commands() {
    redis_py("commands");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn redis_py_transactions() {
    redis_py("transactions");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn redis_py_pools() {
    redis_py("pools");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn redis_py_pubsub() {
    redis_py("pubsub");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn redis_py_blocking() {
    redis_py("blocking");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn redis_py_scripts_and_locks() {
    redis_py("locks");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn redis_py_tracking() {
    redis_py("tracking");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn redis_py_client_kill() {
    redis_py("kill");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn redis_py_client_pause() {
    redis_py("pause");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn node_redis_commands() {
    node_redis("commands");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn node_redis_transactions() {
    node_redis("transactions");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn node_redis_pubsub() {
    node_redis("pubsub");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn node_redis_blocking() {
    node_redis("blocking");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn node_redis_scripts() {
    node_redis("scripts");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn node_redis_tracking() {
    node_redis("tracking");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn ioredis_commands() {
    ioredis("commands");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn ioredis_transactions() {
    ioredis("transactions");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn ioredis_pubsub() {
    ioredis("pubsub");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn ioredis_blocking() {
    ioredis("blocking");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn ioredis_scripts() {
    ioredis("scripts");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn ioredis_monitor() {
    ioredis("monitor");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn redis_rs_commands() {
    redis_rs("commands");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn redis_rs_transactions() {
    redis_rs("transactions");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn redis_rs_pubsub() {
    redis_rs("pubsub");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn redis_rs_blocking() {
    redis_rs("blocking");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn redis_rs_scripts() {
    redis_rs("scripts");
}
