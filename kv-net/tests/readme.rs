//! The README's list of commands is the command table's.

use kv_core::command::table;
use std::path::Path;

const START: &str = "<!-- commands: made from the command table -->\n";
const END: &str = "<!-- /commands -->\n";

#[test]
fn the_readme_lists_the_commands_of_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(START).expect("the list's beginning is marked");
    let (_, after) = rest.split_once(END).expect("the list's end is marked");
    let made = format!("{before}{START}{}{END}{after}", table::markdown());
    if std::env::var_os("KV_UPDATE_README").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    assert!(made == readme, "README.md is out of date: run again with KV_UPDATE_README=1");
}
