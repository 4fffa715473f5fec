//! Plans as text, made small, and kept: what becomes of a run that fails.

use kv_sim::failure::{Check, Class, Failure};
use kv_sim::model::Flaw;
use kv_sim::plan::{Plan, Request, Script, Step, Tier};
use kv_sim::shrink::{Limits, Shrunk, shrink};
use kv_sim::{Failed, Options, Outcome, Summary};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

/// How many actions a plan may have that was made small.
const ACTIONS_MAX: usize = 20;

fn run_with(plan: &Plan, flaw: Flaw) -> Outcome {
    kv_sim::run(plan, Options { flaw: Some(flaw), ..Options::default() })
}

/// The flaws, each with a seed from which the next that fails is not far.
const FLAWS: [(Flaw, u64); 9] = [
    (Flaw::ExpiresLate, 9),
    (Flaw::EmptyListStays, 9),
    (Flaw::AppendPersists, 34),
    (Flaw::ServesLastFirst, 121),
    (Flaw::DropsMessages, 68),
    (Flaw::WatchOutlivesKey, 9),
    (Flaw::ExpiredReturn, 65),
    (Flaw::ServesTwice, 9),
    (Flaw::HalfTransaction, 9),
];

/// The first plan from a seed on that fails because of a flaw, made small.
fn shrunk(tier: Tier, flaw: Flaw, first: u64) -> (Plan, Shrunk) {
    let plans = (first..first + 1000).map(|seed| Plan { tier, ..Plan::new(seed, Some(100)) });
    let mut failing = plans.filter_map(|plan| run_with(&plan, flaw).err().map(|it| (plan, it)));
    let (plan, failed) = failing.next().expect("a seed fails");
    let limits = Limits { time: Duration::MAX, ..Limits::default() };
    let shrunk = shrink(&plan, &failed.failure, limits, |plan| run_with(plan, flaw));
    assert_eq!(shrunk.failure.class(), failed.failure.class());
    (plan, shrunk)
}

#[test]
fn what_a_flaw_breaks_is_shown_by_few_actions() {
    assert_eq!(FLAWS.map(|(flaw, _)| flaw), Flaw::ALL);
    for (flaw, first) in FLAWS {
        let (plan, shrunk) = shrunk(Tier::Swarm, flaw, first);
        let (from, to) = (plan.actions(), shrunk.plan.actions());
        let text = shrunk.plan.to_text();
        assert!(to <= ACTIONS_MAX && to < from, "{flaw:?}, {from} actions:\n{text}");
        let read = Plan::from_text(&text).expect("it was shown");
        let again = run_with(&read, flaw).expect_err("it fails");
        assert_eq!(again.failure, shrunk.failure, "{flaw:?}");
        assert!(kv_sim::run(&read, Options::default()).is_ok(), "{flaw:?} is the reason:\n{text}");
    }
}

#[test]
fn what_a_flaw_breaks_on_a_network_is_shown_by_few_actions() {
    let (_, shrunk) = shrunk(Tier::Turmoil, Flaw::EmptyListStays, 1);
    assert!(shrunk.plan.actions() <= ACTIONS_MAX, "{}", shrunk.plan.to_text());
    assert_eq!(shrunk.plan.tier, Tier::Turmoil);
}

fn failed(check: Check) -> Box<Failed> {
    let text = "it is made up".to_string();
    let failure = Failure { time_us: 0, connection: 0, check, text };
    Box::new(Failed { failure, summary: Summary::default() })
}

/// A plan made small that fails as long as `fails` says so.
fn shrunk_while(plan: &Plan, limits: Limits, fails: impl Fn(&Plan) -> bool) -> Shrunk {
    let failed = failed(Check::Replies);
    shrink(plan, &failed.failure, limits, |plan| {
        if fails(plan) { Err(failed.clone()) } else { Ok(Summary::default()) }
    })
}

fn has(plan: &Plan, is_it: impl Fn(&[Vec<u8>]) -> bool) -> bool {
    let steps = plan.scripts.iter().flat_map(|script| &script.steps);
    let mut requests = steps.flat_map(|step| &step.requests).filter_map(Request::words);
    requests.any(|words| is_it(&words))
}

#[test]
fn what_does_not_matter_is_left_out_and_set_to_what_is_usual() {
    for seed in 1..20 {
        let mut plan = Plan { tier: Tier::Turmoil, ..Plan::new(seed, Some(60)) };
        let inline = Request::Bytes(b"GET 'needle'\r\n".into());
        plan.scripts[0].steps[0].requests.push(inline);
        plan.scripts[0].steps[0].wait_us = 5;
        let needle = [b"GET".to_vec(), b"needle".to_vec()];
        let shrunk = shrunk_while(&plan, Limits::default(), |plan| has(plan, |it| *it == needle));
        let step = Step { requests: vec![Request::Words(needle.into())], ..Step::default() };
        let scripts = vec![Script { steps: vec![step], ..Script::default() }];
        let least = Plan { seed, tier: Tier::Turmoil, scripts, ..Plan::default() };
        assert_eq!(shrunk.plan, least, "{}", shrunk.plan.to_text());
    }
}

#[test]
fn long_requests_lose_pairs_of_words_and_long_words_become_short() {
    let pairs = (0..300).flat_map(|number| [format!("k{number}").into(), vec![b'v'; 50]]);
    let words: Vec<Vec<u8>> = [b"MSET".to_vec()].into_iter().chain(pairs).collect();
    let step = Step { requests: vec![Request::Words(words)], ..Step::default() };
    let scripts = vec![Script { steps: vec![step], ..Script::default() }];
    let plan = Plan { scripts, ..Plan::default() };
    let is_whole = |words: &[Vec<u8>]| words.len() % 2 == 1 && words.contains(&b"k77".to_vec());
    let shrunk = shrunk_while(&plan, Limits::default(), |plan| has(plan, is_whole));
    let text = shrunk.plan.to_text();
    assert!(
        has(&shrunk.plan, |words| words.len() <= 9 && words.iter().all(|it| it.len() <= 8)),
        "{text}"
    );
}

#[test]
fn a_plan_is_made_small_within_so_many_runs() {
    let plan = Plan::new(1, Some(400));
    let least = plan.actions() - 5;
    let limits = Limits { runs: 50, time: Duration::MAX };
    let shrunk = shrunk_while(&plan, limits, |plan| plan.actions() >= least);
    assert_eq!(shrunk.runs, 50);
    assert!(shrunk.plan.actions() >= least);
}

#[test]
fn a_plan_that_fails_in_another_class_is_no_smaller_version_of_it() {
    let plan = Plan::new(1, Some(60));
    let (crash, leak) = (failed(Check::Panics), failed(Check::Memory));
    let shrunk = shrink(&plan, &crash.failure, Limits::default(), |_| Err(leak.clone()));
    assert_eq!((shrunk.plan, shrunk.failure.class()), (plan, Class::Crash));
}

#[test]
fn a_plan_does_from_its_text_what_it_does_from_its_seed() {
    for seed in 1..30 {
        for tier in [Tier::Swarm, Tier::Turmoil] {
            let plan = Plan { tier, ..Plan::new(seed, Some(60)) };
            let read = Plan::from_text(&plan.to_text()).expect("it was shown");
            let trace = |plan| kv_sim::run(plan, Options::default()).expect("it passes").trace;
            assert_eq!(trace(&plan), trace(&read), "seed {seed}");
        }
    }
}

#[test]
fn time_passes_before_a_first_step_and_while_nobody_but_the_server_has_something_to_do() {
    let text = "[[clients]]\nsteps = [{ wait_us = 1000, requests = ['BLPOP l 0.05'] }]";
    let plan = Plan::from_text(text).expect("it is a plan");
    let summary = kv_sim::run(&plan, Options::default()).expect("it passes");
    assert_eq!((summary.elapsed_us, summary.replies), (51_000, 1));
}

#[test]
fn a_client_that_waits_for_ever_is_stuck() {
    let text = "[[clients]]\nsteps = [{ requests = ['BLPOP l 0'] }]";
    let plan = Plan::from_text(text).expect("it is a plan");
    let failed = kv_sim::run(&plan, Options::default()).expect_err("nothing comes");
    let failure = failed.failure;
    assert_eq!((failure.class(), failure.check), (Class::Stuck, Check::Clients));
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

#[test]
fn the_plans_that_once_failed_pass() {
    let files = fs::read_dir(corpus()).expect("there is a corpus");
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("it can be read").path()).collect();
    paths.sort();
    assert!(paths.len() > 5);
    for path in paths {
        let text = fs::read_to_string(&path).expect("it can be read");
        let plan = Plan::from_text(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        assert!(plan.actions() > 0, "{path:?} does nothing");
        if let Err(failed) = kv_sim::run(&plan, Options::default()) {
            panic!("{path:?}: {}", failed.failure);
        }
    }
}

fn kv_sim(args: &[&str]) -> (bool, String) {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_kv-sim"))
        .args(args)
        .output()
        .expect("the program was built with this test");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).expect("it prints text"))
}

/// A folder of this test run's own, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    folder
}

#[test]
fn a_seed_that_fails_is_told_with_a_command_a_check_and_a_small_plan() {
    let folder = folder("failing");
    let save = folder.to_str().expect("it has a name");
    let run = ["run", "--seeds", "200", "--commands", "100", "--flaw", "EmptyListStays"];
    let (passed, text) = kv_sim(&[&run[..], &["--save", save]].concat());
    assert!(!passed && text.contains("FAILED: wrong answer ("), "{text}");

    let mut commands = text
        .lines()
        .filter_map(|line| line.strip_prefix("reproduce with: cargo run -p kv-sim --release -- "));
    let command: Vec<&str> = commands.next().expect("there is one").split(' ').collect();
    assert_eq!(commands.next(), None, "{text}");
    let (passed, repeated) = kv_sim(&[&command[..], &["--save", save]].concat());
    let failure = text.lines().find(|line| line.contains("FAILED")).expect("it failed");
    assert!(!passed && repeated.contains(failure), "{repeated}");

    let saved = fs::read_dir(&folder).expect("it was made");
    let mut saved: Vec<PathBuf> = saved.map(|it| it.expect("it can be read").path()).collect();
    saved.sort();
    let [_page, path] = &saved[..] else { panic!("{saved:?}") };
    let plan = fs::read_to_string(path).expect("it can be read");
    let name = path.to_str().expect("it has a name");
    let shown = Plan::from_text(&plan).expect("it was saved").to_text();
    assert!(text.contains(name) && text.contains(&shown), "{text}");
    assert!(!kv_sim(&["run", "--plan", name, "--flaw", "EmptyListStays", "--save", save]).0);
    let (passed, text) = kv_sim(&["run", "--plan", name]);
    assert!(passed && text.contains("trace "), "{text}");
}

#[test]
fn seeds_are_checked_twice_and_once_at_least() {
    for (seeds, twice) in [("1", "1 seeds checked twice"), ("41", "3 seeds checked twice")] {
        let (passed, text) = kv_sim(&["--seeds", seeds, "--commands", "20", "--first", "5"]);
        assert!(passed && text.contains(twice), "{text}");
    }
}

#[test]
fn a_plan_in_a_file_runs_like_its_seed() {
    let folder = folder("from-file");
    fs::create_dir_all(&folder).expect("there is room");
    let path = folder.join("plan.toml");
    for tier in ["swarm", "turmoil"] {
        let seed = ["--seed", "7", "--commands", "60", "--tier", tier];
        let (passed, plan) = kv_sim(&[&["plan"], &seed[..]].concat());
        assert!(passed, "{plan}");
        fs::write(&path, plan).expect("there is room");
        let from_seed = kv_sim(&[&["run"], &seed[..]].concat());
        let from_file = kv_sim(&["run", "--plan", path.to_str().expect("it has a name")]);
        assert_eq!(from_seed, from_file);
    }
}

#[test]
fn a_plan_that_cannot_be_read_is_an_error_that_names_the_file_and_the_field() {
    let folder = folder("unreadable");
    fs::create_dir_all(&folder).expect("there is room");
    let path = folder.join("plan.toml");
    fs::write(&path, "shards = 4\nsherds = 2\n").expect("there is room");
    let (passed, text) = kv_sim(&["run", "--plan", path.to_str().expect("it has a name")]);
    assert!(!passed && text.contains("plan.toml") && text.contains("sherds"), "{text}");
}

#[test]
fn trace_prints_a_line_for_each_seed() {
    let (passed, text) = kv_sim(&["trace", "--seeds", "3..6", "--commands", "30"]);
    let hash = |seed| {
        let plan = Plan::new(seed, Some(30));
        kv_sim::run(&plan, Options::default()).expect("it passes").trace
    };
    let lines: Vec<String> = (3..6).map(|seed| format!("{seed} {:016x}\n", hash(seed))).collect();
    assert_eq!((passed, text), (true, lines.concat()));
}

#[test]
fn a_soak_goes_on_after_a_failure_and_keeps_the_plan() {
    let folder = folder("soak");
    let save = folder.to_str().expect("it has a name");
    let failing =
        (1..200).find(|&seed| run_with(&Plan::new(seed, Some(60)), Flaw::EmptyListStays).is_err());
    let first = failing.expect("a seed fails").to_string();
    let soak = ["soak", "--minutes", "0.05", "--jobs", "2", "--commands", "60", "--first", &first];
    let (passed, text) =
        kv_sim(&[&soak[..], &["--flaw", "EmptyListStays", "--save", save]].concat());
    assert!(!passed && text.contains(&format!("swarm seed {first} FAILED")), "{text}");
    assert!(text.contains("virtual h/CPU h") && text.contains("checked twice"), "{text}");
    let plan = fs::read_to_string(folder.join(format!("swarm-{first}.toml")));
    let plan = Plan::from_text(&plan.expect("it was saved")).expect("it was shown");
    assert!(run_with(&plan, Flaw::EmptyListStays).is_err() && plan.actions() <= ACTIONS_MAX);
}

#[test]
fn there_is_help_for_each_command_and_a_wrong_one_is_told_of() {
    let (passed, text) = kv_sim(&["help"]);
    assert!(passed);
    for name in ["run", "plan", "trace", "soak", "oracle"] {
        assert!(text.contains(&format!("kv-sim {name} ")), "{text}");
        let (passed, help) = kv_sim(&[name, "--help"]);
        assert!(passed && text.contains(&help), "{help}");
    }
    let (passed, text) = kv_sim(&["runn"]);
    assert!(!passed && text.contains("runn") && text.contains("soak"), "{text}");
}
