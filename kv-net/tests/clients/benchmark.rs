//! redis-benchmark.

use super::support::{raise_file_limit, serve};
use super::{port, run};

/// Runs benchmarks, each of which must come to its end.
fn benchmark(tests: &str, args: &[&str]) {
    raise_file_limit();
    let server = serve(2, &[]);
    let port = port(&server);
    let printed = run("redis-benchmark", &[&["-p", &port, "--csv", "-t", tests], args].concat());
    for test in tests.split(',') {
        let title = format!("\"{}", test.to_uppercase());
        assert!(printed.contains(&title), "no {title} in {printed}");
    }
    assert!(!printed.contains("Error"), "{printed}");
    assert_eq!(server.client().call("PING"), r"+PONG\r\n");
}

const EVERYTHING: &str = "ping,set,get,incr,lpush,rpush,lpop,rpop,lrange,mset";

#[test]
#[ignore = "needs redis-benchmark; run with --ignored"]
fn redis_benchmark_runs_with_50_clients() {
    benchmark(EVERYTHING, &["-c", "50", "-n", "5000"]);
}

#[test]
#[ignore = "needs redis-benchmark; run with --ignored"]
fn redis_benchmark_runs_with_2000_clients_and_pipelines() {
    let short = EVERYTHING.replace("lrange,", "");
    benchmark(&short, &["-c", "2000", "-P", "32", "-n", "64000"]);
    benchmark("lrange", &["-c", "2000", "-P", "32", "-n", "4000"]);
}

#[test]
#[ignore = "needs redis-benchmark; run with --ignored"]
fn redis_benchmark_runs_with_values_of_4_kb() {
    benchmark(EVERYTHING, &["-c", "50", "-d", "4096", "-n", "2000"]);
}
