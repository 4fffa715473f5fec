//! How much may wait to be sent to a client.

use super::value::parse_memory;

/// A class of clients with limits of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientClass {
    /// Clients that get replies.
    Normal,
    /// Replicas.
    Replica,
    /// Clients with subscriptions.
    Pubsub,
}

impl ClientClass {
    /// All classes, in the order in which CONFIG GET shows them.
    pub const ALL: [Self; 3] = [Self::Normal, Self::Replica, Self::Pubsub];

    /// The name that CONFIG GET shows: of replicas, the old one.
    fn name(self) -> &'static str {
        ["normal", "slave", "pubsub"][self as usize]
    }

    fn parse(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("replica") {
            return Some(Self::Replica);
        }
        Self::ALL.into_iter().find(|class| class.name().eq_ignore_ascii_case(name))
    }
}

/// The limits of a connection's output. 0 means that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputLimits {
    /// Beyond this many bytes the connection is closed.
    pub hard: usize,
    /// Beyond this many bytes nothing more is read from a client that gets replies. Others do not
    /// ask for what they get.
    pub soft: usize,
    /// Seconds after which a client that is beyond the soft limit is closed: if it takes nothing, or
    /// if it gets what it does not ask for, and never came below the limit.
    pub seconds: u64,
}

/// Reads `<class> <hard> <soft> <seconds>`, repeated.
pub(super) fn parse(words: &[&str]) -> Result<Vec<(ClientClass, OutputLimits)>, String> {
    if !words.len().is_multiple_of(4) {
        return Err("Wrong number of arguments in buffer limit configuration.".into());
    }
    words.chunks_exact(4).map(parse_one).collect()
}

fn parse_one(words: &[&str]) -> Result<(ClientClass, OutputLimits), String> {
    let class = ClientClass::parse(words[0])
        .ok_or("Invalid client class specified in buffer limit configuration.")?;
    let size = |word| parse_memory(word).map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
    let limits = || {
        let (hard, soft) = (size(words[1])?, size(words[2])?);
        Some(OutputLimits { hard, soft, seconds: parse_seconds(words[3])? })
    };
    let bad = "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
    Ok((class, limits().ok_or(bad)?))
}

/// As in Redis, no digits are 0.
fn parse_seconds(word: &str) -> Option<u64> {
    if word.is_empty() { Some(0) } else { word.parse::<u32>().ok().map(u64::from) }
}

/// One class's limits in the form that CONFIG GET shows.
pub(super) fn show(class: ClientClass, limits: OutputLimits) -> String {
    text(class.name(), limits)
}

/// The same with the name that configuration files have.
pub(super) fn write(class: ClientClass, limits: OutputLimits) -> String {
    let name = if class == ClientClass::Replica { "replica" } else { class.name() };
    text(name, limits)
}

fn text(class: &str, limits: OutputLimits) -> String {
    format!("{class} {} {} {}", limits.hard, limits.soft, limits.seconds)
}
