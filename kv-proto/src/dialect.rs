//! What clients speak. A listener's clients all speak the same.

/// A protocol that clients may speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// Redis's, with inline commands.
    #[default]
    Resp,
    /// TLV, in its plain variant.
    Tlv,
    /// TLV, in its strict variant.
    TlvStrict,
    /// Frames, or lines of text if the client begins with one.
    Frame,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Resp, Self::Tlv, Self::TlvStrict, Self::Frame];
}

/// What holds for the clients of one listener.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// What they speak.
    pub dialect: Dialect,
    /// Each must begin with a header of the PROXY protocol, which tells who the client is. Who has
    /// connected is a proxy.
    pub is_proxied: bool,
}

impl From<Dialect> for Terms {
    /// For clients that connect directly.
    fn from(dialect: Dialect) -> Self {
        Self { dialect, is_proxied: false }
    }
}
