//! Tables of figures.

use std::fmt::{self, Display, Formatter};

/// Rows under a title.
#[derive(Debug)]
pub(crate) struct Table {
    title: String,
    columns: Vec<&'static str>,
    rows: Vec<(String, Vec<String>)>,
}

impl Table {
    pub(crate) fn new(title: impl Into<String>, columns: &[&'static str]) -> Self {
        Self { title: title.into(), columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, label: impl Into<String>, cells: Vec<String>) {
        assert_eq!(cells.len(), self.columns.len(), "a cell for each column");
        self.rows.push((label.into(), cells));
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().map(|(_, cells)| cells[column].chars().count());
        cells.max().unwrap_or(0).max(self.columns[column].chars().count()).max(9)
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let labels = self.rows.iter().map(|(label, _)| label.chars().count());
        let left = labels.max().unwrap_or(0).max(self.title.chars().count()) + 1;
        let mut line = |label: &str, cells: &mut dyn Iterator<Item = &str>| {
            write!(f, "{label:<left$}")?;
            for (column, cell) in cells.enumerate() {
                write!(f, " {cell:>width$}", width = self.width(column))?;
            }
            writeln!(f)
        };
        line(&self.title, &mut self.columns.iter().copied())?;
        for (label, cells) in &self.rows {
            line(&format!("  {label}"), &mut cells.iter().map(String::as_str))?;
        }
        Ok(())
    }
}

/// With as many decimals as are worth reading.
pub(crate) fn number(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 || size == 0.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.decimals$}")
}

/// The middle one, or between the two in the middle.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let (low, high) = ((values.len() - 1) / 2, values.len() / 2);
    (values[low] + values[high]) / 2.0
}
