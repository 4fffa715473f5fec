//! A few seeds of both tiers, and proof that the checks can fail.

use kv_core::keyspace::{PageSize, SegmentSize, Sizes};
use kv_proto::server::Pace;
use kv_sim::history::Report;
use kv_sim::model::Flaw;
use kv_sim::plan::{ClockFaultKind, Ending, FaultKind, Plan};
use kv_sim::{Options, Outcome, net, swarm};
use std::collections::BTreeSet;
use std::process::Command;

fn short() -> Options {
    Options { commands: Some(120), ..Options::default() }
}

fn pass(seeds: std::ops::Range<u64>, run: fn(u64, Options) -> Outcome) {
    for seed in seeds {
        if let Err(failed) = run(seed, short()) {
            panic!("seed {seed} {}", failed.failure);
        }
    }
}

#[test]
fn seeds_pass_in_the_swarm() {
    pass(1..80, swarm::run);
}

#[test]
fn seeds_pass_on_a_network_with_faults() {
    pass(1..20, net::run);
}

#[test]
fn what_clients_see_on_a_network_is_mostly_explained() {
    let histories = (1..30).map(|seed| net::run(seed, short()).expect("it passes").history);
    let sum = |sum: [usize; 2], it: Report| [sum[0] + it.explained, sum[1] + it.undecided];
    let [explained, undecided] = histories.fold([0; 2], sum);
    assert!(explained > 50, "{explained} operations have an order");
    assert_eq!(undecided, 0, "groups of keys are undecided");
}

#[test]
fn the_plans_of_a_few_seeds_hold_every_fault_and_setting() {
    let plans: Vec<Plan> = (1..120).map(|seed| Plan::new(seed, Some(120))).collect();
    let has = |kind| {
        let mut faults = plans.iter().flat_map(|plan| &plan.network.faults);
        faults.any(|fault| fault.kind == kind)
    };
    for kind in FaultKind::ALL {
        assert!(has(kind), "{kind:?}");
    }
    let clock_faults = || plans.iter().flat_map(|plan| &plan.clock_faults).map(|it| it.kind);
    let steps_ms = |kind| if let ClockFaultKind::Set { by_ms } = kind { by_ms } else { 0 };
    assert!(clock_faults().any(|kind| steps_ms(kind) > 1000));
    assert!(clock_faults().any(|kind| steps_ms(kind) < -1000));
    assert!(clock_faults().any(|kind| matches!(kind, ClockFaultKind::Stall { .. })));
    assert!(plans.iter().any(|plan| !plan.deafness.is_empty() && plan.audience.is_some()));
    assert!(plans.iter().any(|plan| plan.output_soft_max.is_some()));
    assert!([1, 2, 3].iter().all(|&servers| plans.iter().any(|plan| plan.servers == servers)));
    assert!([1, 4, 16].iter().all(|&shards| plans.iter().any(|plan| plan.shards == shards)));
    let tiny = Sizes {
        segment: SegmentSize::TINY,
        page: PageSize::TINY,
        value: kv_core::value::Sizes::TINY,
    };
    for sizes in [tiny, Sizes::default()] {
        assert!(plans.iter().any(|plan| plan.sizes == sizes), "{sizes:?}");
    }
    assert!(plans.iter().any(|plan| plan.busy_us > 0));
    assert!(plans.iter().any(|plan| plan.pace == Pace::default()));
    assert!(plans.iter().any(|plan| plan.pace.interval_us == 0));
    for ending in [Ending::Flush, Ending::Delete, Ending::Expire] {
        assert!(plans.iter().any(|plan| plan.ending == ending), "{ending:?}");
    }
}

#[test]
fn the_plans_of_some_seeds_hold_every_eviction_policy() {
    let policies = kv_core::config::Policy::ALL.map(|policy| policy.name());
    let plans = (1..300).filter_map(|seed| Plan::new(seed, Some(60)).memory);
    let planned: BTreeSet<&str> = plans.map(|limit| limit.policy).collect();
    assert_eq!(planned, policies.into_iter().collect());
}

#[test]
fn a_seed_gives_the_same_trace_every_time_and_another_seed_another() {
    for run in [swarm::run, net::run] {
        let trace = |seed| run(seed, short()).expect("it passes").trace;
        assert_eq!(trace(3), trace(3));
        assert_ne!(trace(3), trace(4));
    }
}

#[test]
fn two_processes_give_the_same_figures_and_traces() {
    let run = || {
        let mut program = Command::new(env!("CARGO_BIN_EXE_kv-sim"));
        let output = program.args(["--seed", "10", "--commands", "100"]).output();
        let output = output.expect("the program was built with this test");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("it prints text")
    };
    let first = run();
    assert_eq!(first.lines().filter(|line| line.starts_with("trace ")).count(), 1, "{first}");
    assert_eq!(first, run());
}

#[test]
fn a_crash_is_noted_by_the_time_of_the_simulation() {
    let text = "tier = 'turmoil'
        network.faults = [{ at_ms = 15, lasts_ms = 5, client = 0, kind = 'crash' }]
        clients = [{ steps = [{ requests = ['BLPOP l 0.1'] }] }]";
    let plan = Plan::from_text(text).expect("it is a plan");
    let options = Options { verbose: true, ..short() };
    let log = kv_sim::run(&plan, options).expect("it passes").log;
    let lines = log.iter().map(ToString::to_string);
    let cuts: Vec<String> = lines.filter(|line| line.contains("Cut")).collect();
    assert!(cuts[0].contains(" 15000 us "), "{cuts:?}");
}

#[test]
fn what_comes_while_a_server_is_busy_waits_until_it_is_done() {
    let elapsed_ms = |busy_us: u64| {
        let steps = "{ wait_us = 500, requests = ['PING'] }, ".repeat(50);
        let text = format!("busy_us = {busy_us}\nclients = [{{ steps = [{steps}] }}]");
        let plan = Plan::from_text(&text).expect("it is a plan");
        kv_sim::run(&plan, short()).expect("it passes").elapsed_us / 1000
    };
    assert!(elapsed_ms(0) < 500, "{} ms", elapsed_ms(0));
    assert!(elapsed_ms(100_000) > 1000, "{} ms", elapsed_ms(100_000));
}

/// A model that is wrong in one small thing stands for a server that is.
#[test]
fn a_flaw_in_the_model_is_caught_within_a_few_seeds() {
    for flaw in Flaw::ALL {
        let options = Options { flaw: Some(flaw), ..Options::default() };
        let caught = (1..300).any(|seed| swarm::run(seed, options).is_err());
        assert!(caught, "{flaw:?} went unnoticed");
    }
    let sessions = [Flaw::DropsMessages, Flaw::ServesTwice, Flaw::HalfTransaction];
    for flaw in [Flaw::EmptyListStays].into_iter().chain(sessions) {
        let options = Options { flaw: Some(flaw), ..Options::default() };
        assert!((1..60).any(|seed| net::run(seed, options).is_err()), "{flaw:?} is hidden");
    }
}
