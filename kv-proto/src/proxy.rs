//! The header of the PROXY protocol, with which a proxy says whose connection it passes on.
//!
//! Version 1 is a line of text, version 2 is binary. [`parse`] takes what a connection has received
//! so far, from its first byte on, as often as more arrives.
//!
//! ```
//! # use kv_proto::proxy::parse;
//! let bytes = b"PROXY TCP4 192.0.2.1 198.51.100.7 4000 6379\r\nPING\r\n";
//! assert_eq!(parse(&bytes[..20]), Ok(None));
//! let header = parse(bytes)?.expect("it is whole");
//! assert_eq!(header.endpoints.unwrap().source.to_string(), "192.0.2.1:4000");
//! assert_eq!(&bytes[header.len..], b"PING\r\n");
//! # Ok::<(), kv_proto::proxy::HeaderError>(())
//! ```

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The longest header of version 1, its line end included, in bytes. The specification's.
pub const V1_LEN_MAX: usize = 107;

/// The longest header of version 2 that is accepted, in bytes. The specification allows 65,551;
/// what comes with the addresses is thrown away here, so that more than this is of no use.
pub const V2_LEN_MAX: usize = 4096;

const V1_PREFIX: &[u8] = b"PROXY ";
const V2_SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// The part of a header of version 2 that says how long the rest is, in bytes.
const V2_FIXED_LEN: usize = 16;

/// A whole header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Whose connection it is. None if it is the proxy's own, or if it was not told: then the
    /// addresses of the socket are the right ones.
    pub endpoints: Option<Endpoints>,
    /// How many bytes the header takes.
    pub len: usize,
}

/// The two ends of the connection that is passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// The client.
    pub source: SocketAddr,
    /// Where the client connected to.
    pub destination: SocketAddr,
}

/// Why bytes are no header, not even the beginning of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// They begin differently.
    #[error("the connection does not begin with a header of the PROXY protocol")]
    Missing,
    /// The line of version 1 does not end in time.
    #[error("the PROXY header is longer than {V1_LEN_MAX} bytes")]
    LongLine,
    /// The line of version 1 does not say what it must.
    #[error("the PROXY header of version 1 is malformed")]
    Line,
    /// Version 2 with another version or command than there is.
    #[error("the PROXY header has an unknown version or command")]
    Command,
    /// Version 2 with another address family or transport than there is.
    #[error("the PROXY header has an unknown address family or transport")]
    Family,
    /// Version 2 with less than the addresses that it promises.
    #[error("the PROXY header is too short for its addresses")]
    Short,
    /// Version 2 with more than is accepted.
    #[error("the PROXY header is longer than {V2_LEN_MAX} bytes")]
    Long,
}

/// Reads the header at the beginning of `bytes`. None if more bytes are needed to tell; there are
/// never more than [`V2_LEN_MAX`] needed. O(1).
pub fn parse(bytes: &[u8]) -> Result<Option<Header>, HeaderError> {
    if agrees(bytes, V2_SIGNATURE) {
        parse_v2(bytes)
    } else if agrees(bytes, V1_PREFIX) {
        parse_v1(bytes)
    } else {
        Err(HeaderError::Missing)
    }
}

/// Whether `bytes` begin as they should, as far as there are any.
fn agrees(bytes: &[u8], beginning: &[u8]) -> bool {
    let len = bytes.len().min(beginning.len());
    bytes[..len] == beginning[..len]
}

fn parse_v1(bytes: &[u8]) -> Result<Option<Header>, HeaderError> {
    let seen = &bytes[..bytes.len().min(V1_LEN_MAX)];
    let Some(end) = seen.iter().position(|&byte| byte == b'\n') else {
        return if seen.len() == V1_LEN_MAX { Err(HeaderError::LongLine) } else { Ok(None) };
    };
    let line = seen[..end].strip_suffix(b"\r").ok_or(HeaderError::Line)?;
    let words = line.strip_prefix(V1_PREFIX).ok_or(HeaderError::Line)?;
    let words = std::str::from_utf8(words).map_err(|_| HeaderError::Line)?;
    Ok(Some(Header { endpoints: endpoints_v1(words)?, len: end + 1 }))
}

/// What follows `PROXY ` in the line.
fn endpoints_v1(words: &str) -> Result<Option<Endpoints>, HeaderError> {
    let (family, rest) = words.split_once(' ').unwrap_or((words, ""));
    match family {
        // Whatever follows has no meaning.
        "UNKNOWN" => Ok(None),
        "TCP4" => endpoints_of::<Ipv4Addr>(rest).map(Some),
        "TCP6" => endpoints_of::<Ipv6Addr>(rest).map(Some),
        _ => Err(HeaderError::Line),
    }
}

fn endpoints_of<T: std::str::FromStr + Into<IpAddr>>(
    words: &str,
) -> Result<Endpoints, HeaderError> {
    let mut words = words.split(' ');
    let mut next = || words.next().ok_or(HeaderError::Line);
    let [source, destination] = [next()?, next()?];
    let [source_port, destination_port] = [next()?, next()?];
    if next().is_ok() {
        return Err(HeaderError::Line);
    }
    let ip = |word: &str| word.parse().map(T::into).map_err(|_| HeaderError::Line);
    Ok(Endpoints {
        source: SocketAddr::new(ip(source)?, port(source_port)?),
        destination: SocketAddr::new(ip(destination)?, port(destination_port)?),
    })
}

/// A port in decimal, without sign and without zeros in front.
fn port(word: &str) -> Result<u16, HeaderError> {
    let is_canonical = word == "0" || word.starts_with(|c: char| ('1'..='9').contains(&c));
    if !is_canonical {
        return Err(HeaderError::Line);
    }
    word.parse().map_err(|_| HeaderError::Line)
}

fn parse_v2(bytes: &[u8]) -> Result<Option<Header>, HeaderError> {
    let command = match bytes.get(12) {
        None => return Ok(None),
        Some(0x20) => Command::Local,
        Some(0x21) => Command::Proxy,
        Some(_) => return Err(HeaderError::Command),
    };
    let Some(&[family, high, low]) = bytes.get(13..V2_FIXED_LEN) else { return Ok(None) };
    let len = V2_FIXED_LEN + usize::from(u16::from_be_bytes([high, low]));
    if len > V2_LEN_MAX {
        return Err(HeaderError::Long);
    }
    let Some(body) = bytes.get(V2_FIXED_LEN..len) else { return Ok(None) };
    let endpoints = match command {
        // Whatever the family is said to be.
        Command::Local => None,
        Command::Proxy => endpoints_v2(family, body)?,
    };
    Ok(Some(Header { endpoints, len }))
}

enum Command {
    /// The proxy's own connection, such as a check of health.
    Local,
    Proxy,
}

/// How long two addresses of Unix sockets are, in bytes.
const UNIX_LEN: usize = 216;

fn endpoints_v2(family: u8, body: &[u8]) -> Result<Option<Endpoints>, HeaderError> {
    match family {
        0x00 => Ok(None),
        0x11 | 0x12 => addresses::<4>(body).map(Some),
        0x21 | 0x22 => addresses::<16>(body).map(Some),
        // A path on the proxy's machine has no meaning on this one.
        0x31 | 0x32 if body.len() >= UNIX_LEN => Ok(None),
        0x31 | 0x32 => Err(HeaderError::Short),
        _ => Err(HeaderError::Family),
    }
}

/// Two addresses of `N` bytes each, then two ports; what follows is not looked at.
fn addresses<const N: usize>(body: &[u8]) -> Result<Endpoints, HeaderError>
where
    IpAddr: From<[u8; N]>,
{
    let (source, rest) = body.split_first_chunk::<N>().ok_or(HeaderError::Short)?;
    let (destination, rest) = rest.split_first_chunk::<N>().ok_or(HeaderError::Short)?;
    let &[a, b, c, d] = rest.first_chunk().ok_or(HeaderError::Short)?;
    Ok(Endpoints {
        source: SocketAddr::new(IpAddr::from(*source), u16::from_be_bytes([a, b])),
        destination: SocketAddr::new(IpAddr::from(*destination), u16::from_be_bytes([c, d])),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let len = u16::try_from(body.len()).unwrap().to_be_bytes();
        [V2_SIGNATURE, &[command, family], &len, body].concat()
    }

    fn ends(header: Option<Header>) -> Option<[String; 2]> {
        let Endpoints { source, destination } = header.expect("it is whole").endpoints?;
        Some([source.to_string(), destination.to_string()])
    }

    #[test]
    fn a_line_of_version_1_tells_both_ends() {
        for (line, expected) in [
            ("TCP4 1.2.3.4 5.6.7.8 0 65535", ["1.2.3.4:0", "5.6.7.8:65535"]),
            ("TCP6 ::1 2001:DB8::7 1 2", ["[::1]:1", "[2001:db8::7]:2"]),
        ] {
            let header = parse(format!("PROXY {line}\r\n").as_bytes()).unwrap();
            assert_eq!(ends(header), Some(expected.map(String::from)), "{line}");
        }
    }

    #[test]
    fn an_unknown_protocol_leaves_the_addresses_of_the_socket() {
        for line in ["PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff::1 whatever 1\r\n"] {
            let header = parse(line.as_bytes()).unwrap();
            assert_eq!(header, Some(Header { endpoints: None, len: line.len() }));
        }
    }

    #[test]
    fn a_line_that_deviates_in_anything_is_refused() {
        for line in [
            "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n",
            "PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n",
            "PROXY TCP4 01.2.3.4 5.6.7.8 1 2\r\n",
            "PROXY TCP4 ::1 ::1 1 2\r\n",
            "PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n",
            "PROXY tcp4 1.2.3.4 5.6.7.8 1 2\r\n",
            "PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n",
            "PROXY UNKNOWNS\r\n",
            "PROXY \r\n",
        ] {
            assert_eq!(parse(line.as_bytes()), Err(HeaderError::Line), "{line:?}");
        }
    }

    #[test]
    fn a_line_ends_within_107_bytes() {
        let line = |len: usize| format!("{:x<1$}\r\n", "PROXY UNKNOWN ", len - 2);
        assert_eq!(parse(line(107).as_bytes()).unwrap().map(|header| header.len), Some(107));
        assert_eq!(parse(line(108).as_bytes()), Err(HeaderError::LongLine));
        assert_eq!(parse(&line(108).as_bytes()[..106]), Ok(None));
    }

    #[test]
    fn version_2_tells_both_ends_and_ignores_what_follows_them() {
        let four = [1, 2, 3, 4, 5, 6, 7, 8, 0, 80, 0xff, 0xff, 0x04, 0, 1, 7];
        let ends_of_four = Some(["1.2.3.4:80", "5.6.7.8:65535"].map(String::from));
        assert_eq!(ends(parse(&v2(0x21, 0x11, &four)).unwrap()), ends_of_four);
        assert_eq!(ends(parse(&v2(0x21, 0x12, &four[..12])).unwrap()), ends_of_four);
        let six = [&[0; 15][..], &[1], &[0; 15], &[2], &[0, 1, 0, 2]].concat();
        let ends_of_six = Some(["[::1]:1", "[::2]:2"].map(String::from));
        assert_eq!(ends(parse(&v2(0x21, 0x21, &six)).unwrap()), ends_of_six);
    }

    #[test]
    fn version_2_may_leave_the_addresses_of_the_socket() {
        for header in [v2(0x20, 0x11, &[]), v2(0x20, 0xff, &[7; 9]), v2(0x21, 0x00, &[7; 3])] {
            let expected = Header { endpoints: None, len: header.len() };
            assert_eq!(parse(&header), Ok(Some(expected)));
        }
        assert_eq!(ends(parse(&v2(0x21, 0x31, &[b'/'; 216])).unwrap()), None);
    }

    #[test]
    fn version_2_that_deviates_is_refused() {
        for (header, error) in [
            (v2(0x11, 0x11, &[0; 12]), HeaderError::Command),
            (v2(0x22, 0x11, &[0; 12]), HeaderError::Command),
            (v2(0x21, 0x10, &[0; 12]), HeaderError::Family),
            (v2(0x21, 0x41, &[0; 12]), HeaderError::Family),
            (v2(0x21, 0x11, &[0; 11]), HeaderError::Short),
            (v2(0x21, 0x21, &[0; 35]), HeaderError::Short),
            (v2(0x21, 0x31, &[0; 215]), HeaderError::Short),
            (v2(0x21, 0x11, &[0; V2_LEN_MAX - V2_FIXED_LEN + 1]), HeaderError::Long),
        ] {
            assert_eq!(parse(&header), Err(error));
        }
        let longest = v2(0x21, 0x11, &[0; V2_LEN_MAX - V2_FIXED_LEN]);
        assert!(parse(&longest).unwrap().is_some());
    }

    #[test]
    fn a_beginning_is_never_refused_and_never_taken_for_the_whole() {
        let line = b"PROXY TCP6 ::1 ::2 1 2\r\n".to_vec();
        for whole in [line, v2(0x21, 0x11, &[0; 30]), v2(0x20, 0, &[])] {
            for len in 0..whole.len() {
                assert_eq!(parse(&whole[..len]), Ok(None), "{len} bytes");
            }
            let followed = [&whole[..], b"PING\r\n"].concat();
            assert_eq!(parse(&followed).unwrap().unwrap().len, whole.len());
        }
    }

    #[test]
    fn anything_else_is_refused_as_soon_as_it_deviates() {
        for bytes in
            [&b"*"[..], b"PING\r\n", b"PROXYTCP4", b"proxy ", b"\r\n\r\n\0\r\nQUIT\r", b"\r\r"]
        {
            assert_eq!(parse(bytes), Err(HeaderError::Missing));
        }
    }
}
