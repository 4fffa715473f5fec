//! That nothing of the data commands is left out of the comparison.

use crate::grammar::{GENERAL, GRAMMAR_APART, GROUPS, sentence};
use crate::spoilt;
use kv_core::command::syntax::Argument;
use kv_core::command::{Command, Group, table};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use std::collections::{BTreeMap, BTreeSet};

/// Commands that are not sent, and why.
const EXEMPT: &[(&str, &str)] = &[
    ("BLMOVE", "waits"),
    ("BLMPOP", "waits"),
    ("BLPOP", "waits"),
    ("BRPOP", "waits"),
    ("BRPOPLPUSH", "waits"),
    ("BZMPOP", "waits"),
    ("BZPOPMAX", "waits"),
    ("BZPOPMIN", "waits"),
    ("CL.THROTTLE", "of a module"),
    ("WAIT", "waits"),
    ("ZQUERY", "ours alone"),
];

/// Options that are not sent, and why.
const LEFT_OUT: &[(&str, &[&str], &str)] = &[
    ("EXPIRE", &["GT"], "depends on the moment; EXPIREAT has it"),
    ("PEXPIRE", &["GT"], "depends on the moment; PEXPIREAT has it"),
    ("HSCAN", &["NOVALUES"], "of Redis 7.4"),
    ("SET", &["IFEQ", "IFNE", "IFDEQ", "IFDNE"], "of Redis 8.4"),
    ("XADD", &["*"], "depends on the clock"),
    ("XREAD", &["BLOCK"], "waits"),
    ("XREADGROUP", &["BLOCK"], "waits"),
    ("ZRANK", &["WITHSCORE"], "of Redis 7.2"),
    ("ZREVRANK", &["WITHSCORE"], "of Redis 7.2"),
];

/// Enough that each choice of a line is seen.
const SAMPLES: usize = 400;

/// By command: words that are sent with it, in upper case.
type Sent = BTreeMap<String, BTreeSet<String>>;

#[test]
fn every_data_command_and_option_is_in_the_grammar() {
    let lines = GROUPS.iter().chain([&GENERAL]).flat_map(|group| group.lines);
    let mut sent = Sent::new();
    for line in lines.chain(GRAMMAR_APART) {
        let line = line.trim_start_matches('!');
        sent.entry(command_of(line)).or_default().extend(samples(line));
    }
    assert_eq!(missing(&sent), [""; 0]);
}

#[test]
fn every_data_command_and_option_is_spoilt() {
    let mut sent = Sent::new();
    for line in spoilt::LINES {
        let words = line.split(' ').map(str::to_string);
        sent.entry(command_of(line)).or_default().extend(words);
    }
    assert_eq!(missing(&sent), [""; 0]);
}

/// The words of many requests that `line` makes.
fn samples(line: &'static str) -> BTreeSet<String> {
    let seed = RngSeed::Fixed(1);
    let mut runner = TestRunner::new(Config { rng_seed: seed, ..Config::default() });
    let sentence = sentence(line);
    let requests =
        (0..SAMPLES).map(|_| sentence.new_tree(&mut runner).expect("no filter").current());
    requests.flatten().map(|word| String::from_utf8_lossy(&word).to_ascii_uppercase()).collect()
}

/// The command that a line sends, with its subcommand if it has some.
fn command_of(line: &str) -> String {
    let mut words = line.split(' ');
    let name = words.next().unwrap_or_default();
    let is_container =
        table::find(name.as_bytes()).is_some_and(|command| !command.subcommands.is_empty());
    match words.next().filter(|_| is_container) {
        Some(subcommand) => format!("{name} {subcommand}"),
        None => name.to_string(),
    }
}

/// Commands, and options after their commands, that are not sent.
fn missing(sent: &Sent) -> Vec<String> {
    let mut missing = Vec::new();
    for command in data_commands() {
        let name = command.full_name().to_ascii_uppercase().replace('|', " ");
        if EXEMPT.iter().any(|(exempt, _)| *exempt == name) {
            continue;
        }
        let Some(words) = sent.get(&name) else {
            missing.push(name);
            continue;
        };
        let mut options = tokens(&command.arguments().expect("the table has no other"));
        options.retain(|option| {
            let is_left_out =
                LEFT_OUT.iter().any(|(of, options, _)| *of == name && options.contains(option));
            !words.contains(*option) && !is_left_out
        });
        missing.extend(options.into_iter().map(|option| format!("{name} {option}")));
    }
    missing
}

/// What Redis 7.0 has of the commands on values.
fn data_commands() -> impl Iterator<Item = &'static Command> {
    table::rows().filter(|command| {
        let is_container = !command.subcommands.is_empty();
        let version = command.since.split('.').map(|part| part.parse::<u32>().expect("a number"));
        !is_container && is_of_values(command.group) && version.le([7, 0, u32::MAX])
    })
}

fn is_of_values(group: Group) -> bool {
    !matches!(
        group,
        Group::Cluster | Group::Connection | Group::PubSub | Group::Server | Group::Transactions
    )
}

/// The literal words of arguments.
fn tokens(arguments: &[Argument]) -> Vec<&'static str> {
    let nested = |argument: &Argument| {
        let own = argument.token.into_iter();
        own.chain(tokens(&argument.arguments)).collect::<Vec<_>>()
    };
    arguments.iter().flat_map(nested).collect()
}
