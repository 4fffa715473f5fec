//! Bytes for each key, beyond the key and the value themselves.
//!
//! Each row is measured in a process of its own, so that nothing of what others have freed is used
//! again. The map keeps a deadline beside the value, and has nothing to find expired keys by.

use crate::data::{RAW, filled_keyspace, filled_map};
use crate::table::Table;
use crate::target::Target;
use crate::{Outcome, allocator};
use kv_core::keyspace::Memory;
use std::env;
use std::fs;
use std::process::{Command, Stdio};

/// Who holds keys, and how many bytes a key may take there.
struct Holder {
    name: &'static str,
    goal: Option<f64>,
    fill: fn(usize) -> Outcome<Bytes>,
}

const HOLDERS: [Holder; 4] = [
    Holder { name: "keyspace", goal: Some(18.0), fill: |keys| keyspace(keys, |_| None) },
    Holder {
        name: "keyspace, TTL",
        goal: Some(34.0),
        fill: |keys| keyspace(keys, |number| Some(deadline(number))),
    },
    Holder {
        name: "hashbrown",
        goal: None,
        fill: |keys| measure(|| filled_map(keys, |_| ()), |_| [0; 2]),
    },
    Holder {
        name: "hashbrown, TTL",
        goal: None,
        fill: |keys| measure(|| filled_map(keys, deadline), |_| [0; 2]),
    },
];

/// In the order of [`COLUMNS`]; 0 for what is not known.
type Bytes = [usize; 4];

const COLUMNS: [&str; 4] = ["its own count", "with free cells", "allocated", "resident"];
const ALLOCATED: usize = 2;
const RESIDENT: usize = 3;

/// A deadline within a day, in milliseconds since the Unix epoch.
fn deadline(number: usize) -> i64 {
    1_700_000_000_000 + (number as u64 * 0x9e37_79b9 % 86_400_000) as i64
}

pub(crate) fn run(keys: usize) -> Outcome<Vec<Target>> {
    let mut table = Table::new(format!("Bytes beyond {RAW} for each of {keys} keys"), &COLUMNS);
    let mut targets = Vec::new();
    for Holder { name, goal, .. } in HOLDERS {
        let bytes = of_process(name, keys)?;
        let beyond = |bytes: usize| bytes as f64 / keys as f64 - RAW as f64;
        let cell = |bytes| if bytes == 0 { "-".into() } else { format!("{:.1}", beyond(bytes)) };
        table.row(name, bytes.map(cell).to_vec());
        let Some(goal) = goal else { continue };
        let [allocated, resident] = [ALLOCATED, RESIDENT].map(|column| beyond(bytes[column]));
        targets.push(Target {
            what: format!("bytes beyond raw for each of {keys} keys, {name}"),
            goal: format!("<= {goal}"),
            measured: format!("{allocated:.1} (resident: {resident:.1})"),
            verdict: (allocated <= goal).into(),
        });
    }
    println!("{table}");
    Ok(targets)
}

/// Asks a new process of this program.
fn of_process(name: &str, keys: usize) -> Outcome<Bytes> {
    let mut command = Command::new(env::current_exe()?);
    command.args(["--fill", name, "--keys", &keys.to_string()]).stderr(Stdio::inherit());
    let output = String::from_utf8(command.output()?.stdout)?;
    let bytes: Result<Vec<usize>, _> = output.split_whitespace().map(str::parse).collect();
    Ok(bytes?.try_into().map_err(|_| format!("{name} gave no figures"))?)
}

/// What that process prints.
pub(crate) fn fill(name: &str, keys: usize) -> Outcome<String> {
    let holder = HOLDERS.iter().find(|holder| holder.name == name).ok_or("no such holder")?;
    Ok((holder.fill)(keys)?.map(|bytes| bytes.to_string()).join(" "))
}

fn keyspace(keys: usize, deadline: impl Fn(usize) -> Option<i64>) -> Outcome<Bytes> {
    measure(
        || filled_keyspace(keys, deadline),
        |keyspace| {
            let memory @ Memory { cells, pages, .. } = keyspace.memory();
            [memory.used(), memory.used() - cells + pages]
        },
    )
}

fn measure<T>(fill: impl FnOnce() -> T, count: impl FnOnce(&T) -> [usize; 2]) -> Outcome<Bytes> {
    let before = resident_bytes()?;
    allocator::start_counting();
    let filled = fill();
    let (allocated, resident) = (allocator::bytes(), resident_bytes()? - before);
    let [used, with_free] = count(&filled);
    Ok([used, with_free, allocated, resident])
}

fn resident_bytes() -> Outcome<usize> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kib.ok_or("there is no VmRSS")?.parse::<usize>()? * 1024)
}
