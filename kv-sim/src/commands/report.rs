//! What is told of a plan that fails.

use super::Result;
use kv_sim::failure::Failure;
use kv_sim::plan::Plan;
use kv_sim::report;
use kv_sim::shrink::{self, Limits, Shrunk};
use kv_sim::{Failed, Options};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Where plans go that fail, unless another folder is named.
pub(super) const SAVE_DIR: &str = "target/kv-sim";

/// Says that a plan fails. If there is a place for it, makes it small, saves it there, and says all
/// that helps to see what is wrong.
/// `repeat` is what this program has to be told for the failure to come again.
pub(super) fn tell_failure(
    plan: &Plan,
    failed: &Failed,
    options: Options,
    repeat: &str,
    place: Option<(&Path, &str)>,
) -> Result<()> {
    let what = format!("{} seed {}", plan.tier.name(), plan.seed);
    writeln!(io::stdout(), "{what} FAILED: {}", failed.failure)?;
    writeln!(io::stdout(), "reproduce with: cargo run -p kv-sim --release -- {repeat}")?;
    place.map_or(Ok(()), |place| tell_small(plan, &failed.failure, options, place))
}

fn tell_small(
    plan: &Plan,
    failure: &Failure,
    options: Options,
    place: (&Path, &str),
) -> Result<()> {
    writeln!(io::stdout(), "making it small ...")?;
    let shrunk = shrink(plan, failure, options);
    let path = store(plan, &shrunk, place)?;
    let page = show(&shrunk, options, &path)?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}, saved as {}", describe(plan, &shrunk), path.display())?;
    writeln!(out, "to look at in a browser: {}\n", page.display())?;
    writeln!(out, "# {}", shrunk.failure.to_string().replace('\n', "\n# "))?;
    writeln!(out, "{}", shrunk.plan.to_text())?;
    Ok(())
}

/// Writes what happens in a saved plan as a page beside it.
fn show(shrunk: &Shrunk, options: Options, plan: &Path) -> Result<PathBuf> {
    let outcome = kv_sim::run(&shrunk.plan, Options { verbose: true, ..options });
    let failed = outcome.err().ok_or("the small plan does not fail when it runs again")?;
    let repeat = format!("cargo run -p kv-sim --release -- run --plan {}", plan.display());
    let path = plan.with_extension("html");
    fs::write(&path, report::page(&shrunk.plan, &failed, &repeat))?;
    Ok(path)
}

/// Makes a failing plan small.
pub(super) fn shrink(plan: &Plan, failure: &Failure, options: Options) -> Shrunk {
    let options = Options { verbose: false, ..options };
    shrink::shrink(plan, failure, Limits::default(), |plan| kv_sim::run(plan, options))
}

fn describe(plan: &Plan, shrunk: &Shrunk) -> String {
    let (from, to, runs) = (plan.actions(), shrunk.plan.actions(), shrunk.runs);
    format!("shrunk from {from} to {to} actions in {runs} runs")
}

/// Saves what was made of a plan in a folder, under a name.
pub(super) fn store(plan: &Plan, shrunk: &Shrunk, save: (&Path, &str)) -> io::Result<PathBuf> {
    let (folder, name) = save;
    fs::create_dir_all(folder)?;
    let path = folder.join(name).with_extension("toml");
    let failure = shrunk.failure.to_string().replace('\n', "\n# ");
    let text = shrunk.plan.to_text();
    let (seed, tier) = (plan.seed, plan.tier.name());
    let origin = format!("From {tier} seed {seed}, {}.", describe(plan, shrunk));
    fs::write(&path, format!("# {failure}\n# {origin}\n\n{text}"))?;
    Ok(path)
}
