//! The configuration file on disk.

use kv_core::config::{self, Config, Id};
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The longest file that is read, in bytes.
const FILE_LEN_MAX: u64 = 1 << 20;

/// The permissions of a file that did not exist: it may hold a password.
const NEW_FILE_MODE: u32 = 0o600;

/// A file that is not too long.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    read_limited(File::open(path)?)
}

/// All that comes from `source`, if it is not too long for a configuration.
pub(crate) fn read_limited(source: impl io::Read) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    source.take(FILE_LEN_MAX + 1).read_to_end(&mut text)?;
    if text.len() as u64 > FILE_LEN_MAX {
        let reason = format!("it is longer than {FILE_LEN_MAX} bytes");
        return Err(io::Error::new(ErrorKind::FileTooLarge, reason));
    }
    Ok(text)
}

/// The file that the server was started with.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    /// Absolute.
    path: PathBuf,
    /// Settings that something else gives a value, too, and that the file is to decide.
    overridden: Vec<Id>,
    /// Held while the file is written.
    writing: Mutex<()>,
}

impl ConfigFile {
    pub(crate) fn new(path: PathBuf, overridden: Vec<Id>) -> Self {
        Self { path, overridden, writing: Mutex::default() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Brings the file up to date. After a crash there is the old one or the new one.
    pub(crate) fn rewrite(&self, config: &Config) -> io::Result<()> {
        let _writing = self.writing.lock().expect("nothing panics while it writes the file");
        // What a symbolic link names is replaced, and not the link.
        let path = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
        let (old, metadata) = match read(&path) {
            Ok(old) => (old, Some(fs::metadata(&path)?)),
            Err(error) if error.kind() == ErrorKind::NotFound => (Vec::new(), None),
            Err(error) => return Err(error),
        };
        replace(&path, &config::rewrite(&old, config, &self.overridden), metadata)
    }
}

fn replace(path: &Path, text: &[u8], metadata: Option<Metadata>) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let result = write(&temporary, text, metadata).and_then(|()| fs::rename(&temporary, path));
    if result.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    result?;
    // Only then is the new name on disk.
    File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()
}

fn write(path: &Path, text: &[u8], metadata: Option<Metadata>) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file =
        options.write(true).create(true).truncate(true).mode(NEW_FILE_MODE).open(path)?;
    if let Some(metadata) = metadata {
        // Only root may give files away. Whoever else has replaced it owns it.
        let _ = fchown(&file, Some(metadata.uid()), Some(metadata.gid()));
        file.set_permissions(metadata.permissions())?;
    }
    file.write_all(text)?;
    file.sync_all()
}
