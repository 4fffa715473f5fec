//! LATENCY GRAPH: the samples of an event as columns of text, with how long ago each was below.

use crate::stats::{Sample, Series};

/// How many samples stand side by side.
const COLUMNS: usize = 80;

const ROWS: u64 = 4;

/// The top of a column, by how far it reaches into its row.
const TOPS: [char; 3] = ['_', 'o', '#'];

/// Draws the samples of an event, which has some, as seen at this second since the Unix epoch.
pub(super) fn draw(name: &str, series: &Series, now_s: u64) -> String {
    let samples: Vec<Sample> = series.samples.iter().copied().collect();
    let times = || samples.iter().map(|sample| sample.time_ms);
    let (high, low) = (times().max().unwrap_or(0), times().min().unwrap_or(0));
    let longest = series.longest_ms;
    let mut text = format!("{name} - high {high} ms, low {low} ms (all time high {longest} ms)\n");
    text.push_str(&"-".repeat(COLUMNS));
    text.push('\n');
    let panels: Vec<_> =
        samples.chunks(COLUMNS).map(|panel| draw_panel(panel, low, high, now_s)).collect();
    text + &panels.join("\n")
}

fn draw_panel(samples: &[Sample], low: u64, high: u64, now_s: u64) -> String {
    let mut text = String::new();
    let heights: Vec<u64> =
        samples.iter().map(|sample| height(sample.time_ms, low, high)).collect();
    for row in (0..ROWS).rev() {
        text.extend(heights.iter().map(|&height| cell(height, row)));
        text.push('\n');
    }
    text.push_str(&" ".repeat(samples.len()));
    text.push('\n');
    let ages: Vec<String> =
        samples.iter().map(|sample| age(now_s.saturating_sub(sample.unix_s))).collect();
    for row in 0..ages.iter().map(String::len).max().unwrap_or(0) {
        text.extend(ages.iter().map(|age| age.as_bytes().get(row).map_or(' ', |&c| c.into())));
        text.push('\n');
    }
    text
}

/// How high a column is, in steps of a top.
fn height(time_ms: u64, low: u64, high: u64) -> u64 {
    let steps = ROWS * TOPS.len() as u64;
    ((time_ms - low) * steps / (high - low).max(1)).min(steps - 1)
}

/// What a column of this height looks like in a row, counted from the bottom.
fn cell(height: u64, row: u64) -> char {
    match height.checked_sub(row * TOPS.len() as u64) {
        Some(top) => TOPS.get(top as usize).copied().unwrap_or('|'),
        None => ' ',
    }
}

/// A time in seconds, in the largest unit that it fills.
fn age(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_drawn_as_redis_draws_them() {
        let times_ms = [5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
        let seconds = [21, 22, 23, 24, 25, 26, 27, 28, 30, 31, 32];
        let samples = seconds.into_iter().zip(times_ms);
        let samples = samples.map(|(unix_s, time_ms)| Sample { unix_s, time_ms }).collect();
        let text = draw("command", &Series { samples, longest_ms: 12 }, 33);
        let expected = [
            "command - high 10 ms, low 1 ms (all time high 12 ms)",
            &"-".repeat(80),
            "        _o#",
            "      _#|||",
            "#   o#|||||",
            "|_o#|||||||",
            "           ",
            "11198765321",
            "210ssssssss",
            "sss        ",
            "",
        ];
        assert_eq!(text, expected.join("\n"));
    }

    #[test]
    fn equal_samples_are_low_columns_and_many_go_on_below() {
        let sample = |unix_s| Sample { unix_s, time_ms: 7 };
        let text =
            draw("x", &Series { samples: (0..81).map(sample).collect(), longest_ms: 7 }, 90_000);
        assert_eq!(text.lines().filter(|line| line.ends_with('_')).count(), 2);
        assert_eq!(text.lines().filter(|line| line.ends_with('d')).count(), 2);
    }
}
