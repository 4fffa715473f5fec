//! The Unix socket: its file, its permissions, and its end.

use crate::server::StartError;
use mio::net::UnixListener;
use socket2::{Domain, SockAddr, Socket, Type};
use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The file of a socket that is listened on, removed when this is dropped.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    /// Device and number of the file, so that another server's that has taken its place stays.
    identity: (u64, u64),
}

impl SocketFile {
    fn new(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.into(), identity: identity(path)? })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|identity| identity == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|file| (file.dev(), file.ino()))
}

/// Listens at `path`, where the socket of a server that is no more is replaced.
pub(crate) fn listen(
    path: &str,
    mode: Option<u32>,
    backlog: i32,
) -> Result<(UnixListener, SocketFile), StartError> {
    open(Path::new(path), mode, backlog)
        .map_err(|source| StartError::UnixSocket { path: path.into(), source })
}

fn open(path: &Path, mode: Option<u32>, backlog: i32) -> io::Result<(UnixListener, SocketFile)> {
    let address = SockAddr::unix(path)?;
    remove_stale(path, &address)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address)?;
    let file = SocketFile::new(path)?;
    // Before anyone can connect.
    if let Some(mode) = mode {
        fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    socket.listen(backlog)?;
    Ok((UnixListener::from_std(socket.into()), file))
}

/// Removes a socket that nobody listens on. Anything else that is there is an error.
fn remove_stale(path: &Path, address: &SockAddr) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(file) if !file.file_type().is_socket() => {
            Err(io::Error::new(ErrorKind::AlreadyExists, "there is a file that is no socket"))
        }
        Ok(_) if is_served(address)? => {
            Err(io::Error::new(ErrorKind::AddrInUse, "another server listens on it"))
        }
        Ok(_) => fs::remove_file(path),
    }
}

fn is_served(address: &SockAddr) -> io::Result<bool> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    match socket.connect(address) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(false),
        // It has more to accept than it can take.
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(true),
        result => result.map(|()| true),
    }
}
