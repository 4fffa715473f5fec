//! The rows of the generic commands.

use crate::command::Command;

pub(super) const ROWS: &[&Command] = &[];
