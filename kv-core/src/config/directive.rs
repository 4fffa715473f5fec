//! Configuration files: lines of a setting's name and its values, in the syntax of Redis.
//!
//! A line is blank, a comment behind `#`, or a directive: words separated by blanks, quoted as in
//! [`words`], the name first and in any case.

use super::loader::{LoadError, Problem};
use crate::args::Args;
use crate::words;
use std::fmt;
use std::sync::Arc;

/// Where a directive comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// A file's name, a flag, or whatever else tells a person where to look.
    pub source: Arc<str>,
    /// The line in it, from 1, if it has lines.
    pub line: Option<usize>,
}

impl Origin {
    /// Something without lines.
    pub fn new(source: &str) -> Self {
        Self { source: source.into(), line: None }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))
    }
}

/// What one line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// Where it comes from.
    pub origin: Origin,
    /// Its name, in lower case.
    pub name: String,
    /// What follows the name, unquoted.
    pub args: Vec<Vec<u8>>,
}

impl Directive {
    /// What a line says, if it says something.
    pub(super) fn read(origin: Origin, line: &[u8]) -> Result<Option<Self>, LoadError> {
        let line = line.trim_ascii();
        if line.first().is_none_or(|&byte| byte == b'#') {
            return Ok(None);
        }
        let (mut bytes, mut spans) = (Vec::new(), Vec::new());
        if words::split(line, &mut bytes, &mut spans).is_err() {
            return Err(LoadError { origin, problem: Problem::UnbalancedQuotes });
        }
        let mut words = Args::new(&bytes, &spans).from(0);
        let directive = words.next().map(|name| {
            let name = String::from_utf8_lossy(name).to_ascii_lowercase();
            Self { origin, name, args: words.map(<[u8]>::to_vec).collect() }
        });
        Ok(directive)
    }

    /// Whether it gives a command another name.
    pub(super) fn is_rename(&self) -> bool {
        self.name == "rename-command"
    }

    /// Whether it names further files.
    pub(super) fn is_include(&self) -> bool {
        self.name == "include"
    }
}

/// The directives of a configuration file, in their order. `source` is how errors name the file.
pub fn parse(source: &str, text: &[u8]) -> Result<Vec<Directive>, LoadError> {
    let source: Arc<str> = source.into();
    let mut directives = Vec::new();
    for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
        let origin = Origin { source: Arc::clone(&source), line: Some(index + 1) };
        directives.extend(Directive::read(origin, line)?);
    }
    Ok(directives)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<(usize, String, Vec<String>)> {
        let directives = parse("x.conf", text.as_bytes()).unwrap().into_iter();
        let text = |arg: Vec<u8>| String::from_utf8(arg).unwrap();
        directives
            .map(|d| (d.origin.line.unwrap(), d.name, d.args.into_iter().map(text).collect()))
            .collect()
    }

    #[test]
    fn a_file_is_read_as_redis_reads_it() {
        let text = "# comment\n\n  PORT 7000\r\n\t#save 1 1\nsave 900 1\nrequirepass \"a b\\x41\\n\"\nlogfile ''\nbind # x";
        let args = |args: &[&str]| args.iter().map(|&arg| arg.into()).collect::<Vec<String>>();
        let expected = [
            (3, "port".into(), args(&["7000"])),
            (5, "save".into(), args(&["900", "1"])),
            (6, "requirepass".into(), args(&["a bA\n"])),
            (7, "logfile".into(), args(&[""])),
            (8, "bind".into(), args(&["#", "x"])),
        ];
        assert_eq!(parsed(text), expected);
        assert_eq!(parsed(""), []);
    }

    #[test]
    fn unbalanced_quotes_are_an_error_that_names_the_line() {
        let error = parse("x.conf", b"port 1\nrequirepass \"a\nport 2").unwrap_err();
        assert_eq!(error.to_string(), "x.conf:2: unbalanced quotes");
    }
}
