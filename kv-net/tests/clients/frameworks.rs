//! Frameworks that keep their queues in the server.

use super::{beside, is_installed, packages, port, run_checks, serve};

fn huey(topic: &str) {
    python("huey", "huey_tasks.py", topic);
}

fn rq(topic: &str) {
    python("rq", "rq_jobs.py", topic);
}

fn python(package: &str, script: &str, topic: &str) {
    if is_installed(&packages().join("python").join(package)) {
        run_checks("python3", &[&beside(script), &port(&serve(2, &[])), topic]);
    }
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn huey_commands() {
    huey("queue");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn huey_blocking_consumer() {
    huey("consumer");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn huey_scripts() {
    huey("schedule");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn rq_commands() {
    rq("queue");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn rq_pubsub_and_blocking_worker() {
    rq("worker");
}

#[test]
#[ignore = "needs what `install` installs; run with --ignored"]
fn rq_scripts() {
    rq("scripts");
}
