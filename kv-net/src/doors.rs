//! Where a server can be reached, as its settings say.

use crate::listener::{self, Listener, Opening};
use crate::server::StartError;
use crate::unix_socket::{self, SocketFile};
use kv_core::config::{self, Config, Id};
use kv_proto::dialect::{Dialect, Terms};
use mio::net::TcpListener;
use std::io;
use std::net::SocketAddr;

/// How many connections may at least wait at each socket of a thread: as the system does not ask
/// which thread is idle, they may wait longer than where one thread accepts all.
const SHARED_BACKLOG_MIN: i32 = 1024;

/// All that a server listens on.
pub(crate) struct Doors {
    /// At which one thread accepts for all.
    pub(crate) listeners: Vec<Listener>,
    /// At which each thread accepts for itself, by thread. None at all unless 'accept' says so.
    pub(crate) own: Vec<Vec<Listener>>,
    /// Those of TCP.
    pub(crate) addresses: Vec<SocketAddr>,
    /// That of the Unix socket.
    pub(crate) socket_file: Option<SocketFile>,
    /// For the admin port.
    pub(crate) admin: Vec<TcpListener>,
}

impl Doors {
    /// Opens all that the settings name, for so many threads.
    pub(crate) fn open(config: &Config, threads: usize) -> Result<Self, StartError> {
        let opening = opening(config);
        listener::warn_of_short_queue(opening.backlog);
        let binds = listener::parse(&config.text(config::BIND))?;
        let sockets = listener::listen(&binds, port(config, config::PORT), opening)?;
        let addresses = addresses(&sockets)?;
        let mut doors = Self {
            listeners: Vec::new(),
            own: Vec::new(),
            addresses,
            socket_file: None,
            admin: Vec::new(),
        };
        doors.add(sockets, config, Dialect::Resp);
        for (id, dialect) in [(config::TLV_PORT, tlv(config)), (config::FRAME_PORT, Dialect::Frame)]
        {
            let port = port(config, id);
            if port > 0 {
                doors.add(listener::listen(&binds, port, opening)?, config, dialect);
            }
        }
        doors.open_unix_socket(config, opening.backlog)?;
        let admin_port = port(config, config::ADMIN_PORT);
        if admin_port > 0 {
            let opening = Opening { is_shared: false, ..opening };
            doors.admin = listener::listen(&binds, admin_port, opening)?;
        }
        if opening.is_shared {
            doors.share(threads, opening)?;
        }
        doors.announce()?;
        Ok(doors)
    }

    /// Gives each thread a socket of its own where there can be several.
    fn share(&mut self, threads: usize, opening: Opening) -> io::Result<()> {
        for _ in 1..threads {
            let beside = self.listeners.iter().map(|listener| listener.open_beside(opening));
            let own = beside.filter_map(Result::transpose).collect::<io::Result<_>>()?;
            self.own.push(own);
        }
        let is_tcp = |listener: &mut Listener| matches!(listener, Listener::Tcp { .. });
        self.own.push(self.listeners.extract_if(.., is_tcp).collect());
        Ok(())
    }

    fn add(&mut self, sockets: Vec<TcpListener>, config: &Config, dialect: Dialect) {
        let is_proxied = config.text(config::PROXY_PROTOCOL) == "yes";
        let terms = Terms { dialect, is_proxied };
        self.listeners.extend(sockets.into_iter().map(|socket| Listener::Tcp { socket, terms }));
    }

    fn open_unix_socket(&mut self, config: &Config, backlog: i32) -> Result<(), StartError> {
        let mode = Some(config.int(config::UNIXSOCKETPERM) as u32).filter(|&mode| mode != 0);
        let path = config.text(config::UNIXSOCKET);
        if !path.is_empty() {
            let (socket, file) = unix_socket::listen(&path, mode, backlog)?;
            self.listeners.push(Listener::Unix(socket));
            self.socket_file = Some(file);
        }
        Ok(())
    }

    /// Logs all of them, once each can be connected to.
    fn announce(&self) -> io::Result<()> {
        for listener in self.own.first().into_iter().flatten().chain(&self.listeners) {
            let Listener::Tcp { socket, terms } = listener else { continue };
            let address = socket.local_addr()?;
            match terms.dialect {
                Dialect::Resp => tracing::info!("listening on {address}"),
                Dialect::Tlv => tracing::info!("listening for TLV on {address}"),
                Dialect::TlvStrict => tracing::info!("listening for strict TLV on {address}"),
                Dialect::Frame => tracing::info!("listening for frames on {address}"),
            }
        }
        if let Some(file) = &self.socket_file {
            tracing::info!("listening on the Unix socket {}", file.path().display());
        }
        for address in addresses(&self.admin)? {
            tracing::info!("metrics and health are at http://{address}/metrics and /health");
        }
        Ok(())
    }
}

fn opening(config: &Config) -> Opening {
    let backlog = i32::try_from(config.int(config::TCP_BACKLOG)).expect("the table limits it");
    let is_shared = config.text(config::ACCEPT) == "reuseport";
    let backlog = if is_shared { backlog.max(SHARED_BACKLOG_MIN) } else { backlog };
    Opening { backlog, is_shared }
}

/// The variant of TLV that is spoken.
fn tlv(config: &Config) -> Dialect {
    if config.text(config::TLV_STRICT) == "yes" { Dialect::TlvStrict } else { Dialect::Tlv }
}

fn port(config: &Config, id: Id) -> u16 {
    u16::try_from(config.int(id)).expect("the table limits it")
}

fn addresses(sockets: &[TcpListener]) -> io::Result<Vec<SocketAddr>> {
    sockets.iter().map(TcpListener::local_addr).collect()
}
