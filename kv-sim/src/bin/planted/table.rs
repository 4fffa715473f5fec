//! What came of the hunts, as a table.

use crate::hunt::Trail;
use std::fmt::Write as _;

/// The hunts of one bug.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) harm: &'static str,
    pub(crate) trails: Vec<Trail>,
}

impl Row {
    /// Whether no hunt missed it.
    pub(crate) fn is_found(&self) -> bool {
        self.trails.iter().all(|trail| trail.find.is_some())
    }

    fn verdict(&self) -> &'static str {
        if self.is_found() { "found" } else { "**missed**" }
    }

    /// The number of seeds that so many hundredths of the hunts did not exceed.
    fn seeds(&self, percent: usize) -> u64 {
        let mut seeds: Vec<u64> = self.trails.iter().map(|trail| trail.seeds).collect();
        seeds.sort_unstable();
        seeds[(seeds.len() * percent).div_ceil(100).max(1) - 1]
    }

    fn cpu_s(&self) -> f64 {
        self.trails.iter().map(|trail| trail.cpu_s).sum::<f64>() / self.trails.len() as f64
    }

    /// The checks that caught it, each once.
    fn checks(&self) -> String {
        let finds = self.trails.iter().filter_map(|trail| trail.find.as_ref());
        let mut checks: Vec<String> =
            finds.map(|find| format!("{}: {}", find.tier, check_of(&find.text))).collect();
        checks.sort_unstable();
        checks.dedup();
        checks.join("; ")
    }

    /// One line for who waits for the table.
    pub(crate) fn summary(&self) -> String {
        let (name, verdict, seeds, cpu_s) =
            (self.name, self.verdict(), self.seeds(50), self.cpu_s());
        format!("{name:<32} {verdict:<10} {seeds:>7} seeds {cpu_s:>8.1} s  {}", self.checks())
    }
}

/// The table with what it means above it.
pub(crate) fn render(rows: &[Row], control: &[Trail], command: &str) -> String {
    let (bugs, found) = (rows.len(), rows.iter().filter(|row| row.is_found()).count());
    let control_seeds: u64 = control.iter().map(|trail| trail.seeds).sum();
    let failed = control.iter().filter(|trail| trail.find.is_some()).count();
    let mut text = format!(
        "# Planted bugs\n\n\
         How soon the simulator finds bugs that were put in on purpose, one at a time. A hunt runs \
         fresh seeds, of the swarm and\n\
         a twentieth as many of the turmoil tier, until one fails; each bug is hunted several times, \
         from other seeds on. Seeds and\n\
         CPU time are those of one hunt: median, 95th percentile, mean. The canary is a bug that any \
         few requests show: were it\n\
         missed, the others' results would mean nothing.\n\n\
         {found} of {bugs} were found. Without a bug, {control_seeds} seeds were run, and {failed} \
         failed.\n\n\
         Made with `{command}`. A bug's name in `KV_PLANTED` switches it on in\n\
         `target/planted/build/release/kv-sim`; where it is and what it does is in \
         `kv-sim/src/bin/planted/bugs`.\n\n\
         | name | what goes wrong | found or missed | median seeds | p95 seeds | CPU seconds | the check that caught it |\n\
         |---|---|---|---:|---:|---:|---|\n"
    );
    for row in rows {
        let (median, p95, cpu_s) = (row.seeds(50), row.seeds(95), row.cpu_s());
        let (name, harm, verdict, checks) = (row.name, row.harm, row.verdict(), row.checks());
        let _ = writeln!(
            text,
            "| {name} | {harm} | {verdict} | {median} | {p95} | {cpu_s:.1} | {checks} |"
        );
    }
    text
}

/// What kind of check said this.
fn check_of(text: &str) -> String {
    if let Some(rest) = text.strip_prefix("the reply to ") {
        let name = rest.split([' ', '\\', ',']).next().unwrap_or_default();
        return format!("the reply to {}", name.to_ascii_uppercase());
    }
    // Numbers and what is quoted differ from seed to seed.
    let words = text.split([' ', '\n']).filter(|word| !word.contains(|c: char| c.is_ascii_digit()));
    let words: Vec<&str> = words.filter(|word| !word.contains(['\\', '"', '|'])).take(12).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hunt::Find;

    fn trail(seeds: u64, text: &str) -> Trail {
        let find = Find { tier: "swarm".into(), seed: 1, text: text.into() };
        Trail { find: Some(find), seeds, cpu_s: 1.0 }
    }

    #[test]
    fn a_row_tells_of_several_hunts() {
        let trails = vec![
            trail(30, "the reply to get k1 is $1, expected $2"),
            trail(10, "the reply to GET k2 is $1, expected $2"),
            trail(20, "7 keys are left"),
        ];
        let row = Row { name: "a", harm: "b", trails };
        assert_eq!((row.seeds(50), row.seeds(95)), (20, 30));
        assert_eq!(row.checks(), "swarm: keys are left; swarm: the reply to GET");
    }

    #[test]
    fn a_bug_that_one_hunt_missed_is_missed() {
        let mut row = Row { name: "a", harm: "b", trails: vec![trail(30, "x")] };
        assert!(row.is_found());
        row.trails.push(Trail { find: None, seeds: 9, cpu_s: 1.0 });
        assert!(!row.is_found());
        assert!(render(&[row], &[], "c").contains("0 of 1"));
    }
}
