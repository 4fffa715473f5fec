//! The rows of the list commands.

use crate::command::Command;

pub(super) const ROWS: &[&Command] = &[];
