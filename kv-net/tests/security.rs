//! Passwords, with the real program and the clients that people use.

mod support;

use std::process::Command;
use support::{Client, Program};

/// What redis-cli prints, without its warning about passwords on command lines.
fn redis_cli(server: &Program, variables: &[(&str, &str)], args: &[&str]) -> String {
    let port = server.address.port().to_string();
    let output = Command::new("redis-cli")
        .envs(variables.iter().copied())
        .args(["--no-auth-warning", "-p", &port])
        .args(args)
        .output()
        .expect("redis-cli is needed: install the package redis-tools");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).trim_end().into()
}

#[test]
fn a_program_with_a_password_serves_whoever_knows_it() {
    let server = Program::kv(&["--requirepass", "secret"]);
    let mut client = Client::connect(server.address);
    assert_eq!(client.call("GET k"), r"-NOAUTH Authentication required.\r\n");
    assert_eq!(client.call("AUTH secret"), r"+OK\r\n");
    assert_eq!(client.call("GET k"), r"$-1\r\n");
    assert!(!server.log.contains("secret"), "{}", server.log);
}

#[test]
fn renamed_commands_have_their_new_names_in_a_program() {
    let server = Program::kv(&["--rename-command", "GET", "fetch", "--rename-command", "KEYS", ""]);
    let mut client = Client::connect(server.address);
    let unknown = |name: &str| {
        format!(r"-ERR unknown command \'{name}\', with args beginning with: \'k\' \r\n")
    };
    assert_eq!(client.call("GET k"), unknown("GET"));
    assert_eq!(client.call("KEYS k"), unknown("KEYS"));
    assert_eq!(client.call("fetch k"), r"$-1\r\n");
}

#[test]
#[ignore = "needs the package redis-tools"]
fn redis_cli_gives_a_password_in_each_of_its_ways() {
    let server = Program::kv(&["--requirepass", "secret"]);
    let variable = |value| [("REDISCLI_AUTH", value)];
    assert_eq!(redis_cli(&server, &[], &["PING"]), "NOAUTH Authentication required.");
    assert_eq!(redis_cli(&server, &[], &["-a", "secret", "PING"]), "PONG");
    assert_eq!(redis_cli(&server, &[], &["-3", "-a", "secret", "PING"]), "PONG");
    let user = ["--user", "default", "--pass", "secret", "ACL", "WHOAMI"];
    assert_eq!(redis_cli(&server, &[], &user), "default");
    assert_eq!(redis_cli(&server, &variable("secret"), &["PING"]), "PONG");
    let refused = "AUTH failed: WRONGPASS invalid username-password pair or user is disabled.\n\
                   NOAUTH Authentication required.";
    for args in [&["-a", "no", "PING"][..], &["--user", "nobody", "-a", "secret", "PING"]] {
        let printed = redis_cli(&server, &[], args);
        let mut lines: Vec<&str> = printed.lines().filter(|line| !line.is_empty()).collect();
        lines.sort_unstable();
        assert_eq!(lines.join("\n"), refused, "{args:?}");
    }
}
