//! A copy of the workspace with the bugs in it.

use crate::bugs::Bug;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the copy does without.
const LEFT_OUT: &[&str] = &["target", ".git", "fuzz"];

/// The crates that bugs are in.
const CRATES: &[&str] = &["kv-core", "kv-proto"];

/// What stands for the question whether a bug is on.
const QUESTION: &str = "PLANTED";

/// The workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in a workspace")
}

/// Where the copy is made and built.
fn workshop() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target.unwrap_or_else(|| root().join("target")).join("planted")
}

/// Builds the simulator with all bugs in it, and says where it is.
pub(crate) fn build(bugs: &[Bug]) -> io::Result<PathBuf> {
    let (tree, target) = (workshop().join("tree"), workshop().join("build"));
    let planted = plant(bugs).map_err(io::Error::other)?;
    copy(root(), &tree, &planted)?;
    for name in CRATES {
        write(&tree.join(name).join("src/planted.rs"), switch(bugs).as_bytes())?;
    }
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--quiet", "-p", "kv-sim", "--bin", "kv-sim"]);
    let output = cargo.current_dir(&tree).env("CARGO_TARGET_DIR", &target).output()?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(io::Error::other(format!("the bugs do not compile:\n{text}")));
    }
    Ok(target.join("release/kv-sim"))
}

/// The texts of the files that have bugs, by their paths, with the bugs. The error says what is
/// wrong with a bug.
pub(crate) fn plant(bugs: &[Bug]) -> Result<BTreeMap<PathBuf, String>, String> {
    let mut files: BTreeMap<PathBuf, Vec<&Bug>> = BTreeMap::new();
    for bug in bugs {
        files.entry(root().join(bug.file)).or_default().push(bug);
    }
    let mut texts = BTreeMap::new();
    for (path, bugs) in files {
        let text = fs::read_to_string(&path).map_err(|error| format!("{path:?}: {error}"))?;
        texts.insert(path, plant_in(&text, &bugs)?);
    }
    for name in CRATES {
        let path = root().join(name).join("src/lib.rs");
        let text = fs::read_to_string(&path).map_err(|error| format!("{path:?}: {error}"))?;
        texts.insert(path, format!("#![allow(warnings)]\n{text}\nmod planted;\n"));
    }
    Ok(texts)
}

fn plant_in(text: &str, bugs: &[&Bug]) -> Result<String, String> {
    let mut places = Vec::new();
    for bug in bugs {
        let found: Vec<usize> = text.match_indices(bug.find).map(|(at, _)| at).collect();
        let [at] = found[..] else {
            let (name, file, count) = (bug.name, bug.file, found.len());
            return Err(format!("what {name} is to take the place of is {count} times in {file}"));
        };
        places.push((at, at + bug.find.len(), bug));
    }
    places.sort_by_key(|&(start, ..)| start);
    let (mut planted, mut at) = (String::new(), 0);
    for (start, end, bug) in places {
        if start < at {
            return Err(format!("{} overlaps with another bug", bug.name));
        }
        planted += &text[at..start];
        planted += &choice(bug);
        at = end;
    }
    Ok(planted + &text[at..])
}

/// Either a bug or what it takes the place of, as the switch says.
fn choice(bug: &Bug) -> String {
    let Bug { name, find, replace, .. } = bug;
    let is_on = format!("crate::planted::is(crate::planted::{})", constant(name));
    if replace.contains(QUESTION) {
        return replace.replace(QUESTION, &is_on);
    }
    let choice = format!("if {is_on} {{ {replace} }} else {{ {find} }}");
    let is_statement = find.trim_end().ends_with([';', '}']);
    if is_statement { choice } else { format!("({choice})") }
}

fn constant(name: &str) -> String {
    name.replace('-', "_").to_ascii_uppercase()
}

/// The module that says which bug is on.
fn switch(bugs: &[Bug]) -> String {
    let mut text = String::from(
        "//! Which bug is on.\n\
         use std::sync::LazyLock;\n\
         pub(crate) fn is(bug: u16) -> bool { *CHOSEN == bug }\n\
         static CHOSEN: LazyLock<u16> = LazyLock::new(|| {\n\
         let Ok(name) = std::env::var(\"KV_PLANTED\") else { return u16::MAX };\n\
         NAMES.iter().position(|known| *known == name).expect(\"KV_PLANTED names a bug\") as u16\n\
         });\n",
    );
    let names: Vec<&str> = bugs.iter().map(|bug| bug.name).collect();
    let _ = writeln!(text, "const NAMES: &[&str] = &{names:?};");
    for (number, name) in names.iter().enumerate() {
        let _ = writeln!(text, "pub(crate) const {}: u16 = {number};", constant(name));
    }
    text
}

/// Copies a directory, with other texts for some files. What is as it should be is not written, so
/// that cargo does not build it again.
fn copy(from: &Path, to: &Path, planted: &BTreeMap<PathBuf, String>) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        let kind = entry.file_type()?;
        if LEFT_OUT.iter().any(|left_out| name == **left_out) {
            continue;
        }
        match planted.get(&path) {
            Some(text) => write(&to.join(name), text.as_bytes())?,
            None if kind.is_dir() => copy(&path, &to.join(name), planted)?,
            None if kind.is_file() => write(&to.join(name), &fs::read(&path)?)?,
            None => {}
        }
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    fs::write(path, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bug(name: &'static str, find: &'static str) -> Bug {
        Bug { name, harm: "", file: "a", find, replace: "x" }
    }

    #[test]
    fn a_bug_and_what_it_takes_the_place_of_are_both_there() {
        let planted = plant_in("a + b; c();", &[&bug("two-b", "b"), &bug("c", "c();")]);
        let is = |name: &str| format!("if crate::planted::is(crate::planted::{name})");
        let text = format!(
            "a + ({} {{ x }} else {{ b }}); {} {{ x }} else {{ c(); }}",
            is("TWO_B"),
            is("C")
        );
        assert_eq!(planted, Ok(text));
    }

    #[test]
    fn what_is_not_there_once_or_overlaps_is_refused() {
        assert!(plant_in("a a", &[&bug("a", "a")]).is_err());
        assert!(plant_in("a", &[&bug("b", "b")]).is_err());
        assert!(plant_in("abc", &[&bug("one", "ab"), &bug("two", "bc")]).is_err());
    }
}
