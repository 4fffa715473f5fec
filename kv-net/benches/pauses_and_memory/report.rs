//! What a scenario found out, and the table that puts the servers side by side.

use crate::probe::Pings;
use std::fmt::Write;

/// What a scenario found out about one server. All servers have the same rows.
#[derive(Debug, Default)]
pub(crate) struct Report {
    figures: Vec<(String, f64)>,
    pings: Vec<(String, Pings)>,
}

impl Report {
    /// Adds a row. The label names the unit; infinity is what never happened.
    pub(crate) fn figure(&mut self, label: impl Into<String>, value: f64) {
        self.figures.push((label.into(), value));
    }

    /// Adds the rows of what the probe saw.
    pub(crate) fn pings(&mut self, when: impl Into<String>, pings: Pings) {
        self.pings.push((when.into(), pings));
    }
}

const QUANTILES: [f64; 5] = [0.5, 0.99, 0.999, 0.9999, 1.0];

pub(crate) fn table(title: &str, reports: &[(&str, Report)]) -> String {
    let mut table = format!("{title}\n");
    figures(&mut table, reports).expect("a string takes everything");
    pings(&mut table, reports).expect("a string takes everything");
    table
}

fn figures(table: &mut String, reports: &[(&str, Report)]) -> std::fmt::Result {
    write!(table, "  {:<44}", "")?;
    for (name, _) in reports {
        write!(table, " {name:>13}")?;
    }
    writeln!(table, " {:>9}", ratio_title(reports))?;
    let Some((_, first)) = reports.first() else { return Ok(()) };
    for (row, (label, _)) in first.figures.iter().enumerate() {
        let values: Vec<f64> = reports.iter().map(|(_, report)| report.figures[row].1).collect();
        write!(table, "  {label:<44}")?;
        for value in &values {
            write!(table, " {:>13}", number(*value))?;
        }
        writeln!(table, " {:>9}", ratio(&values))?;
    }
    Ok(())
}

fn pings(table: &mut String, reports: &[(&str, Report)]) -> std::fmt::Result {
    let Some((_, first)) = reports.first() else { return Ok(()) };
    writeln!(
        table,
        "  {:<26} {:<12} {:>6} {:>7} {:>8} {:>8} {:>8} {:>8} {:>9}",
        "PING, µs", "", "s", "pings", "p50", "p99", "p99.9", "p99.99", "max"
    )?;
    for (row, (when, _)) in first.pings.iter().enumerate() {
        for (index, (name, report)) in reports.iter().enumerate() {
            let pings = &report.pings[row].1;
            let when = if index == 0 { when } else { "" };
            let span = pings.span.as_secs_f64();
            write!(table, "  {when:<26} {name:<12} {span:>6.1} {:>7}", pings.sent)?;
            quantiles(table, |quantile| number(pings.quantile_us(quantile)))?;
        }
        if reports.len() > 1 {
            write!(table, "  {:<26} {:<12} {:>6} {:>7}", "", ratio_title(reports), "", "")?;
            let of =
                |quantile| reports.iter().map(move |(_, r)| r.pings[row].1.quantile_us(quantile));
            quantiles(table, |quantile| ratio(&of(quantile).collect::<Vec<_>>()))?;
        }
    }
    Ok(())
}

fn quantiles(table: &mut String, cell: impl Fn(f64) -> String) -> std::fmt::Result {
    for quantile in QUANTILES {
        let width = if quantile < 1.0 { 8 } else { 9 };
        write!(table, " {:>width$}", cell(quantile))?;
    }
    writeln!(table)
}

fn ratio_title(reports: &[(&str, Report)]) -> &'static str {
    if reports.len() > 1 { "ratio" } else { "" }
}

/// The first server's value over the second's.
fn ratio(values: &[f64]) -> String {
    match *values {
        [ours, theirs] if ours.is_finite() && theirs.is_finite() && theirs != 0.0 => {
            format!("{:.3}", ours / theirs)
        }
        [_] => String::new(),
        _ => "-".to_owned(),
    }
}

/// With as many decimals as are worth reading.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        size if size.is_infinite() => return "never".to_owned(),
        size if size >= 100.0 || size == 0.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.decimals$}")
}
