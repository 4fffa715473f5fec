//! What a client can cause: errors with the texts that Redis gives, since clients match on them.

use std::borrow::Cow;

/// An error reply. `Display` gives the whole text, its code first (`ERR`, `WRONGTYPE` ...).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Options that do not fit together or that the command does not know.
    #[error("ERR syntax error")]
    Syntax,
    /// The key holds a value of another type than the command works on.
    #[error("WRONGTYPE Operation against a key holding the wrong kind of value")]
    WrongType,
    /// The key holds a string that PFADD did not make.
    #[error("WRONGTYPE Key is not a valid HyperLogLog string value.")]
    NotASketch,
    /// An argument or a stored string that should be a 64-bit integer is none.
    #[error("ERR value is not an integer or out of range")]
    NotAnInteger,
    /// An argument or a stored string that should be a floating-point number is none.
    #[error("ERR value is not a valid float")]
    NotAFloat,
    /// A count that must not be negative.
    #[error("ERR value is out of range, must be positive")]
    NotPositive,
    /// An integer outside of what the argument allows.
    #[error("ERR value is out of range")]
    OutOfRange,
    /// INCR and its kin, beyond 64 bits.
    #[error("ERR increment or decrement would overflow")]
    Overflow,
    /// INCRBYFLOAT to something that is no number.
    #[error("ERR increment would produce NaN or Infinity")]
    NotFinite,
    /// The command needs its key to exist.
    #[error("ERR no such key")]
    NoSuchKey,
    /// An index outside of the list.
    #[error("ERR index out of range")]
    IndexOutOfRange,
    /// A database number that does not exist.
    #[error("ERR DB index is out of range")]
    DatabaseOutOfRange,
    /// A database number that is none.
    #[error("ERR invalid DB index")]
    InvalidDatabase,
    /// The source and the target are one and the same.
    #[error("ERR source and destination objects are the same")]
    SameObject,
    /// A string would grow beyond `proto-max-bulk-len`.
    #[error("ERR string exceeds maximum allowed size (proto-max-bulk-len)")]
    StringTooLong,
    /// A SCAN cursor that is no number.
    #[error("ERR invalid cursor")]
    InvalidCursor,
    /// A time to live that overflows, or that is not positive where it must be. Holds the command.
    #[error("ERR invalid expire time in '{0}' command")]
    InvalidExpire(&'static str),
    /// There is no memory left for a command that may need some.
    #[error("OOM command not allowed when used memory > 'maxmemory'.")]
    OutOfMemory,
    /// Too few or too many arguments. Holds the command's full name, `client|id` for a subcommand.
    #[error("ERR wrong number of arguments for '{0}' command")]
    WrongArity(Cow<'static, str>),
    /// HELLO with a protocol version that the connection does not speak.
    #[error("NOPROTO unsupported protocol version")]
    UnsupportedProtocol,
    /// The client has to give a password before it may do anything else.
    #[error("NOAUTH Authentication required.")]
    NoAuth,
    /// A user name and password that do not fit.
    #[error("WRONGPASS invalid username-password pair or user is disabled.")]
    WrongPassword,
    /// A request that names no command, or no subcommand of one. Holds the whole text, which quotes
    /// the client.
    #[error("{}", String::from_utf8_lossy(.0))]
    UnknownCommand(Box<[u8]>),
    /// An error of one command only, or one that quotes the client: the whole text, in bytes,
    /// since what a client sends need not be UTF-8.
    #[error("{}", String::from_utf8_lossy(.0))]
    Text(Cow<'static, [u8]>),
}

impl Error {
    /// The error with this text, its code included.
    pub const fn text(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text.as_bytes()))
    }

    /// The error with this composed text, its code included.
    pub fn composed(text: impl Into<Vec<u8>>) -> Self {
        Self::Text(Cow::Owned(text.into()))
    }

    /// The reply's bytes, its code included. May contain line breaks, which a codec that cannot
    /// carry them replaces.
    pub fn message(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::UnknownCommand(text) => Cow::Borrowed(text),
            other => Cow::Owned(other.to_string().into_bytes()),
        }
    }
}
