//! Telling systemd that the server is ready, or stopping.

use std::ffi::OsStr;
use std::io;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The variable that names systemd's socket.
const VARIABLE: &str = "NOTIFY_SOCKET";

/// Whom to tell about the server's state.
#[derive(Debug)]
pub(crate) struct Supervisor(Option<SocketAddr>);

impl Supervisor {
    /// The one that the setting `supervised` and the environment name.
    pub(crate) fn new(supervised: &str) -> Self {
        let name = std::env::var_os(VARIABLE).filter(|name| !name.is_empty());
        if supervised == "systemd" && name.is_none() {
            tracing::warn!("'supervised' is systemd, but the environment has no {VARIABLE}");
        }
        let name = name.filter(|_| matches!(supervised, "systemd" | "auto"));
        Self(name.and_then(|name| {
            let unfit = |error| tracing::warn!("{VARIABLE} names no socket: {error}");
            address(&name).map_err(unfit).ok()
        }))
    }

    /// Clients can connect from now on.
    pub(crate) fn ready(&self) {
        self.tell("STATUS=ready to accept connections\nREADY=1\n");
    }

    /// The server ends soon.
    pub(crate) fn stopping(&self) {
        self.tell("STATUS=shutting down\nSTOPPING=1\n");
    }

    fn tell(&self, state: &str) {
        let Some(address) = &self.0 else { return };
        let send = |socket: UnixDatagram| socket.send_to_addr(state.as_bytes(), address);
        if let Err(error) = UnixDatagram::unbound().and_then(send) {
            tracing::warn!("cannot tell systemd: {error}");
        }
    }
}

/// A path, or after an `@` a name that is no file's.
fn address(name: &OsStr) -> io::Result<SocketAddr> {
    match name.as_encoded_bytes().strip_prefix(b"@") {
        Some(name) => abstract_address(name),
        None => SocketAddr::from_pathname(name),
    }
}

#[cfg(target_os = "linux")]
fn abstract_address(name: &[u8]) -> io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt;
    SocketAddr::from_abstract_name(name)
}

#[cfg(not(target_os = "linux"))]
fn abstract_address(_: &[u8]) -> io::Result<SocketAddr> {
    Err(io::ErrorKind::Unsupported.into())
}
