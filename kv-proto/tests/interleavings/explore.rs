//! Runs a scene again and again, each time in another order.

use shuttle::Runner;
use shuttle::scheduler::{PctScheduler, RandomScheduler, ReplayScheduler, Scheduler};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// How often each scene runs under each scheduler, unless `KV_SHUTTLE_RUNS` says otherwise: a minute of
/// one processor for all of them, built for release.
const RUNS: u64 = 5000;

/// How often threads change places at most in an order of the second kind, which few changes make.
const CHANGES_MAX: usize = 4;

/// The stack of each thread, in bytes.
const STACK: usize = 512 * 1024;

/// The most steps that a run can take before it counts as one without an end.
const STEPS_MAX: usize = 200_000;

/// Runs a scene in many orders: of one half any thread goes on at each step, of the other half the
/// most urgent one does, and which one that is changes a few times. What a panic shows as the schedule
/// repeats the order that led to it, as `KV_SHUTTLE_SCHEDULE`.
pub(crate) fn explore(scene: impl Fn() + Send + Sync + 'static) {
    let scene = Arc::new(scene);
    if let Some(schedule) = setting("KV_SHUTTLE_SCHEDULE") {
        return run(ReplayScheduler::new_from_encoded(&schedule), 0, scene);
    }
    let number = |name, default| {
        setting(name).map_or(default, |text| text.parse().expect("KV_SHUTTLE_*: a number"))
    };
    let (runs, seed) = (number("KV_SHUTTLE_RUNS", RUNS) as usize, number("KV_SHUTTLE_SEED", 1));
    run(RandomScheduler::new_from_seed(seed, runs), seed, Arc::clone(&scene));
    run(PctScheduler::new_from_seed(seed, CHANGES_MAX, runs), seed, scene);
}

fn run(
    scheduler: impl Scheduler + 'static,
    seed: u64,
    scene: Arc<impl Fn() + Send + Sync + 'static>,
) {
    let mut config = shuttle::Config::new();
    config.stack_size = STACK;
    config.max_steps = shuttle::MaxSteps::FailAfter(STEPS_MAX);
    config.silence_warnings = true;
    config.ungraceful_shutdown_config.immediately_return_on_panic = true;
    let scheduler_name = std::any::type_name_of_val(&scheduler);
    let log = Log { scheduler_name, seed, runs: Arc::default() };
    let runs = Arc::clone(&log.runs);
    Runner::new(scheduler, config).run(move || {
        runs.fetch_add(1, Relaxed);
        scene();
    });
}

/// Tells how many runs it took to come to a panic.
struct Log {
    scheduler_name: &'static str,
    seed: u64,
    runs: Arc<AtomicUsize>,
}

impl Drop for Log {
    #[expect(clippy::print_stderr, reason = "the test fails, and its output is shown")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self { scheduler_name, seed, runs } = self;
            eprintln!("in run {} under {scheduler_name}, seed {seed}", runs.load(Relaxed));
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "tests are told by the environment how long to run")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
