//! What can be wrong with a run: a class, the check that found it, and words.

/// Sorts of failures. While a plan is shrunk, its failure stays of one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Something panicked.
    Crash,
    /// A reply, or anything else that the server did, is not what it has to be.
    WrongAnswer,
    /// Something that has to come to an end does not.
    Stuck,
    /// Something is there that has to be gone.
    Leak,
}

impl Class {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::WrongAnswer => "wrong answer",
            Self::Stuck => "stuck",
            Self::Leak => "leak",
        }
    }
}

/// What is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// Nothing panics: neither the server nor the checks of its invariants.
    Panics,
    /// A reply is what the model says.
    Replies,
    /// There is one reply to each request, and nothing else.
    ReplyCount,
    /// Messages come between the right replies.
    Messages,
    /// Connections end for a reason, and not by an error.
    Closing,
    /// There is an order of whole operations that explains what clients see.
    Order,
    /// Two processes do the same with one plan.
    Repeats,
    /// All keys are there that should be.
    Keys,
    /// Keys that must not be evicted stay, and those that stay keep their values.
    SparedKeys,
    /// Transactions are refused if a watched key was evicted, and only then.
    Guards,
    /// Events tell of each key that expired or was evicted.
    Events,
    /// Policies evict what they are for.
    Preferences,
    /// Much work is done in slices.
    Slices,
    /// Slices of work are as far apart as the pace says.
    Pace,
    /// A client comes to the end of its script.
    Clients,
    /// The server takes what is sent.
    Input,
    /// A request that waits is answered when its time has come.
    Waits,
    /// Work that nobody asked for comes to an end.
    Work,
    /// Who does not take what there is for him is closed.
    Outputs,
    /// Expired keys go in time.
    Expiry,
    /// The data takes no more memory than it may.
    Memory,
    /// Nothing is left of sessions that ended.
    Sessions,
    /// Nothing is left of keys that went.
    Emptied,
    /// What counts against `maxmemory` is nothing when nothing is there.
    Accounts,
}

impl Check {
    /// What kind of failure it is if the check fails.
    pub fn class(self) -> Class {
        match self {
            Self::Panics => Class::Crash,
            Self::Replies
            | Self::ReplyCount
            | Self::Messages
            | Self::Closing
            | Self::Order
            | Self::Repeats
            | Self::Keys
            | Self::SparedKeys
            | Self::Guards
            | Self::Events
            | Self::Preferences
            | Self::Slices
            | Self::Pace => Class::WrongAnswer,
            Self::Clients | Self::Input | Self::Waits | Self::Work | Self::Outputs => Class::Stuck,
            Self::Expiry | Self::Memory | Self::Sessions | Self::Emptied | Self::Accounts => {
                Class::Leak
            }
        }
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Panics => "panics",
            Self::Replies => "replies",
            Self::ReplyCount => "reply count",
            Self::Messages => "messages",
            Self::Closing => "closing",
            Self::Order => "order",
            Self::Repeats => "repeats",
            Self::Keys => "keys",
            Self::SparedKeys => "spared keys",
            Self::Guards => "guards",
            Self::Events => "events",
            Self::Preferences => "preferences",
            Self::Slices => "slices",
            Self::Pace => "pace",
            Self::Clients => "clients",
            Self::Input => "input",
            Self::Waits => "waits",
            Self::Work => "work",
            Self::Outputs => "outputs",
            Self::Expiry => "expiry",
            Self::Memory => "memory",
            Self::Sessions => "sessions",
            Self::Emptied => "emptied",
            Self::Accounts => "accounts",
        }
    }

    /// It failed; `text` says how.
    pub fn violated(self, text: impl Into<String>) -> Violation {
        Violation { check: self, text: text.into() }
    }
}

/// A check that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub check: Check,
    /// How.
    pub text: String,
}

/// What was wrong with a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// When, in microseconds since the run began.
    pub time_us: u64,
    /// On which connection, in order of opening; 0 if on none in particular.
    pub connection: u64,
    /// Which check found it.
    pub check: Check,
    /// What.
    pub text: String,
}

impl Failure {
    /// What kind of failure it is.
    pub fn class(&self) -> Class {
        self.check.class()
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (class, check) = (self.class().name(), self.check.name());
        let Self { time_us, connection, text, .. } = self;
        write!(f, "{class} ({check}) at {time_us} us on connection c{connection}: {text}")
    }
}
