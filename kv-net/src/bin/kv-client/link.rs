//! A connection to a server.

use crate::codec::{self, Replies};
use kv_proto::dialect::Dialect;
use kv_proto::resp::value::Value;
use socket2::{Domain, SockAddr, Socket, Type};
use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::net::ToSocketAddrs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a server may take to accept.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How often a wait for a reply looks whether somebody has interrupted it.
const INTERRUPT_LOOK: Duration = Duration::from_millis(100);

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Tcp { host: String, port: u16 },
    Unix(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    #[error(
        "cannot connect to {place}: {source}; is a server there? -h, -p and -s say where to look"
    )]
    Connect { place: Place, source: io::Error },
    #[error("{0}")]
    Unspeakable(String),
    #[error("the server has closed the connection")]
    Closed,
    #[error(
        "the server has closed the connection, as it does in TLV instead of telling an error; --protocol tlv-strict tells errors, where the server has 'tlv-strict yes'"
    )]
    ClosedUntold,
    #[error("the connection is lost: {0}")]
    Lost(io::Error),
    #[error(
        "this is no reply: {0}; does the server speak another protocol at this port? See --protocol"
    )]
    NoReply(String),
    #[error("interrupted")]
    Interrupted,
}

/// Connects, to the first address that accepts.
fn connect(place: &Place) -> Result<Socket, LinkError> {
    let connected = match place {
        Place::Tcp { host, port } => connect_tcp(host, *port),
        Place::Unix(path) => SockAddr::unix(path).and_then(|address| connect_to(&address)),
    };
    connected.map_err(|source| LinkError::Connect { place: place.clone(), source })
}

fn connect_tcp(host: &str, port: u16) -> io::Result<Socket> {
    let mut last = io::Error::new(ErrorKind::NotFound, "the name has no address");
    for address in (host, port).to_socket_addrs()? {
        match connect_to(&address.into()) {
            Ok(socket) => {
                socket.set_tcp_nodelay(true)?;
                return Ok(socket);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn connect_to(address: &SockAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::from(i32::from(address.family())), Type::STREAM, None)?;
    socket.connect_timeout(address, CONNECT_TIMEOUT)?;
    Ok(socket)
}

/// A connection that sends one request at a time.
#[derive(Debug)]
pub(crate) struct Link {
    socket: Socket,
    dialect: Dialect,
    replies: Replies,
}

impl Link {
    pub(crate) fn open(place: &Place, dialect: Dialect) -> Result<Self, LinkError> {
        let socket = connect(place)?;
        Ok(Self { socket, dialect, replies: Replies::new(dialect) })
    }

    pub(crate) fn send<T: AsRef<[u8]>>(&mut self, words: &[T]) -> Result<(), LinkError> {
        let mut request = Vec::new();
        codec::encode(self.dialect, words, &mut request).map_err(LinkError::Unspeakable)?;
        self.socket.write_all(&request).map_err(lost)
    }

    /// Waits for the next reply, or for `interrupt`.
    pub(crate) fn receive(&mut self, interrupt: Option<&AtomicBool>) -> Result<Value, LinkError> {
        self.socket.set_read_timeout(interrupt.map(|_| INTERRUPT_LOOK)).map_err(lost)?;
        loop {
            if let Some(value) = self.replies.next().map_err(LinkError::NoReply)? {
                return Ok(value);
            }
            if interrupt.is_some_and(|interrupt| interrupt.swap(false, Ordering::Relaxed)) {
                return Err(LinkError::Interrupted);
            }
            match self.replies.read_from(&mut self.socket) {
                Ok(0) if self.dialect == Dialect::Tlv => return Err(LinkError::ClosedUntold),
                Ok(0) => return Err(LinkError::Closed),
                Err(error) if !is_temporary(&error) => return Err(lost(error)),
                _ => {}
            }
        }
    }

    /// What it consists of, for who waits for many at once.
    pub(crate) fn into_parts(self) -> (Socket, Replies) {
        (self.socket, self.replies)
    }

    /// Whether the server has closed it since the last reply, as far as that is known here.
    pub(crate) fn is_closed(&mut self) -> bool {
        let look = |link: &mut Self| {
            link.socket.set_nonblocking(true)?;
            let read = link.replies.read_from(&mut link.socket);
            link.socket.set_nonblocking(false)?;
            read
        };
        match look(self) {
            Ok(len) => len == 0,
            Err(error) => !is_temporary(&error),
        }
    }
}

fn lost(error: io::Error) -> LinkError {
    match error.kind() {
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => LinkError::Closed,
        _ => LinkError::Lost(error),
    }
}

fn is_temporary(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
