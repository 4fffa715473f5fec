//! Where settings come from: the environment, files, standard input, flags.

use crate::config_file::{ConfigFile, read};
use crate::server::StartError;
use kv_core::config::{self, Config, Directive, Id, LoadError, Loader, Origin, Problem, Step};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// What the names of environment variables begin with that are settings.
const VARIABLE_PREFIX: &str = "KV_";

/// What follows a setting's name in the variable that names a file with the value.
const FILE_SUFFIX: &str = "-file";

/// How many files may be open at once, each included by the one before.
const INCLUDE_DEPTH_MAX: usize = 16;

/// How many files may be read in all.
const FILES_MAX: usize = 1024;

/// Settings that are coming together. What comes later replaces what came before.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    loader: Loader,
    file: Option<PathBuf>,
    /// Settings from the environment and from included files.
    elsewhere: BTreeSet<Id>,
    /// Environment variables that look like settings and are none.
    strange_variables: Vec<String>,
    files_read: usize,
}

impl Sources {
    /// Sets one setting.
    pub(crate) fn set(&mut self, name: &str, value: &[u8]) -> Result<(), Problem> {
        self.loader.set(name, value)
    }

    /// Takes the settings among environment variables.
    pub(crate) fn environment(
        &mut self,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<(), StartError> {
        let settings = variables.into_iter().filter_map(|(variable, value)| {
            let variable = variable.into_string().ok()?;
            let name = variable.strip_prefix(VARIABLE_PREFIX)?;
            Some((name.to_ascii_lowercase().replace('_', "-"), (variable, value)))
        });
        // In the order of their names, so that what happens does not depend on the order in which
        // they were set.
        let settings: BTreeMap<_, _> = settings.collect();
        for (name, (variable, value)) in &settings {
            match (name.strip_suffix(FILE_SUFFIX), Loader::knows(name)) {
                (Some(name), false) if Loader::knows(name) => {
                    if let Some((direct, _)) = settings.get(name) {
                        return Err(StartError::TwoVariables(direct.clone(), variable.clone()));
                    }
                    let secret = secret(variable, Path::new(value))?;
                    self.variable(name, variable, &secret)?;
                }
                (_, true) => self.variable(name, variable, value.as_bytes())?,
                (_, false) => self.strange_variables.push(variable.clone()),
            }
        }
        Ok(())
    }

    fn variable(&mut self, name: &str, variable: &str, value: &[u8]) -> Result<(), LoadError> {
        let fail = |problem| LoadError { origin: Origin::new(variable), problem };
        self.loader.set(name, value).map_err(fail)?;
        self.elsewhere.extend(config::find(name.as_bytes()));
        Ok(())
    }

    /// Takes the settings of a configuration file, which CONFIG REWRITE will bring up to date.
    pub(crate) fn file(&mut self, path: &Path) -> Result<(), StartError> {
        let bad = |reason| StartError::File { path: path.into(), reason };
        let absolute = std::path::absolute(path).map_err(|error| bad(error.to_string()))?;
        let mut open = Vec::new();
        self.load_file(path, &mut open).map_err(|error| match error {
            FileError::Unreadable(reason) => bad(reason),
            FileError::Inside(error) => error,
        })?;
        self.file = Some(absolute);
        Ok(())
    }

    /// Takes the settings of a text in the syntax of a configuration file.
    pub(crate) fn text(&mut self, source: &str, text: &[u8]) -> Result<(), StartError> {
        self.load(source, text, &mut Vec::new())
    }

    /// Takes what a flag says.
    pub(crate) fn flag(&mut self, name: &str, args: Vec<Vec<u8>>) -> Result<(), StartError> {
        let origin = Origin::new(&format!("--{name}"));
        let directive = Directive { origin, name: name.to_ascii_lowercase(), args };
        self.apply(&directive, &mut Vec::new())
    }

    /// Tells of what had no effect, once.
    pub(crate) fn warn(&self) {
        let foreign: Vec<&str> = self.loader.foreign().collect();
        if !foreign.is_empty() {
            let foreign = foreign.join(", ");
            tracing::warn!("settings of Redis that have no effect in this server: {foreign}");
        }
        if !self.strange_variables.is_empty() {
            let strange = self.strange_variables.join(", ");
            tracing::warn!("environment variables that name no setting: {strange}");
        }
    }

    /// The settings as they are so far.
    pub(crate) fn config(&self) -> &Config {
        self.loader.config()
    }

    /// The settings, and the file to bring up to date.
    pub(crate) fn finish(self) -> (Config, Option<ConfigFile>) {
        let elsewhere = self.elsewhere.into_iter().collect();
        (self.loader.finish(), self.file.map(|path| ConfigFile::new(path, elsewhere)))
    }

    /// `open` are the files that are being read, each included by the one before.
    fn load_file(&mut self, path: &Path, open: &mut Vec<PathBuf>) -> Result<(), FileError> {
        self.files_read += 1;
        if self.files_read > FILES_MAX {
            return Err(format!("there are more than {FILES_MAX} files").into());
        }
        let real = path.canonicalize().map_err(|error| error.to_string())?;
        if open.contains(&real) {
            return Err("the file includes itself".to_owned().into());
        }
        if open.len() == INCLUDE_DEPTH_MAX {
            return Err(format!("files are included more than {INCLUDE_DEPTH_MAX} deep").into());
        }
        let text = read(path).map_err(|error| error.to_string())?;
        open.push(real);
        let result = self.load(&path.to_string_lossy(), &text, open);
        open.pop();
        result.map_err(FileError::Inside)
    }

    fn load(
        &mut self,
        source: &str,
        text: &[u8],
        open: &mut Vec<PathBuf>,
    ) -> Result<(), StartError> {
        for directive in config::parse(source, text)? {
            self.apply(&directive, open)?;
            if open.len() > 1 {
                self.elsewhere.extend(config::find(directive.name.as_bytes()));
            }
        }
        Ok(())
    }

    fn apply(&mut self, directive: &Directive, open: &mut Vec<PathBuf>) -> Result<(), StartError> {
        let Step::Include(pattern) = self.loader.apply(directive)? else { return Ok(()) };
        let bad = |path: &Path, reason| StartError::Include {
            origin: directive.origin.clone(),
            path: path.into(),
            reason,
        };
        let pattern = Path::new(OsStr::from_bytes(&pattern));
        for path in matching(pattern).map_err(|reason| bad(pattern, reason))? {
            self.load_file(&path, open).map_err(|error| match error {
                FileError::Unreadable(reason) => bad(&path, reason),
                FileError::Inside(error) => error,
            })?;
        }
        Ok(())
    }
}

/// Why a file gives no settings.
enum FileError {
    /// Whoever asked for it knows where it was named.
    Unreadable(String),
    /// The error says where in the file.
    Inside(StartError),
}

impl From<String> for FileError {
    fn from(reason: String) -> Self {
        Self::Unreadable(reason)
    }
}

/// The value in a file: without the line end behind it, which editors add.
fn secret(variable: &str, path: &Path) -> Result<Vec<u8>, StartError> {
    let bad = |reason: std::io::Error| StartError::VariableFile {
        variable: variable.into(),
        path: path.into(),
        reason: reason.to_string(),
    };
    let text = read(path).map_err(bad)?;
    let line = text.strip_suffix(b"\n").unwrap_or(&text);
    Ok(line.strip_suffix(b"\r").unwrap_or(line).to_vec())
}

/// The files that a pattern names, sorted. One that is no pattern names itself, and must exist.
fn matching(pattern: &Path) -> Result<Vec<PathBuf>, String> {
    if !pattern.as_os_str().as_bytes().iter().any(|byte| b"*?[".contains(byte)) {
        return Ok(vec![pattern.into()]);
    }
    let pattern = pattern.to_str().ok_or("a pattern must be UTF-8 text")?;
    let paths = glob::glob(pattern).map_err(|error| error.to_string())?;
    paths.collect::<Result<_, _>>().map_err(|error| error.to_string())
}
