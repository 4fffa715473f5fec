//! Eviction policies: which keys make room when memory is short.

/// What is removed when the data takes more than `maxmemory`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Of the keys with a deadline, those not used for long.
    VolatileLru,
    /// Of the keys with a deadline, those used rarely.
    VolatileLfu,
    /// Of the keys with a deadline, any.
    VolatileRandom,
    /// Of the keys with a deadline, those that expire soon.
    VolatileTtl,
    /// Keys not used for long.
    AllKeysLru,
    /// Keys used rarely.
    AllKeysLfu,
    /// Any keys.
    AllKeysRandom,
    /// Nothing: writes that need memory are refused.
    NoEviction,
}

impl Policy {
    /// All policies, in the order in which Redis names them.
    pub const ALL: [Policy; 8] = [
        Policy::VolatileLru,
        Policy::VolatileLfu,
        Policy::VolatileRandom,
        Policy::VolatileTtl,
        Policy::AllKeysLru,
        Policy::AllKeysLfu,
        Policy::AllKeysRandom,
        Policy::NoEviction,
    ];

    /// Their names in `maxmemory-policy`, in the same order.
    pub(super) const NAMES: &[&str] = &[
        "volatile-lru",
        "volatile-lfu",
        "volatile-random",
        "volatile-ttl",
        "allkeys-lru",
        "allkeys-lfu",
        "allkeys-random",
        "noeviction",
    ];

    /// The name in `maxmemory-policy`.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// Whether keys go by the time since they were used.
    pub fn is_lru(self) -> bool {
        matches!(self, Policy::VolatileLru | Policy::AllKeysLru)
    }

    /// Whether keys go by how often they are used. Only then is it counted.
    pub fn is_lfu(self) -> bool {
        matches!(self, Policy::VolatileLfu | Policy::AllKeysLfu)
    }

    /// Whether keys go at random.
    pub fn is_random(self) -> bool {
        matches!(self, Policy::VolatileRandom | Policy::AllKeysRandom)
    }

    /// Whether keys go by their deadlines.
    pub fn is_ttl(self) -> bool {
        self == Policy::VolatileTtl
    }

    /// Whether only keys with a deadline may go.
    pub fn is_volatile_only(self) -> bool {
        matches!(
            self,
            Policy::VolatileLru
                | Policy::VolatileLfu
                | Policy::VolatileRandom
                | Policy::VolatileTtl
        )
    }

    /// Whether any key may go.
    pub fn evicts(self) -> bool {
        self != Policy::NoEviction
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_policy_does_is_what_its_name_says() {
        for policy in Policy::ALL {
            let (name, ends) = (policy.name(), |end| policy.name().ends_with(end));
            assert_eq!(policy.is_lru(), ends("-lru"), "{name}");
            assert_eq!(policy.is_lfu(), ends("-lfu"), "{name}");
            assert_eq!(policy.is_random(), ends("-random"), "{name}");
            assert_eq!(policy.is_ttl(), ends("-ttl"), "{name}");
            assert_eq!(policy.is_volatile_only(), name.starts_with("volatile-"), "{name}");
            assert_eq!(policy.evicts(), name != "noeviction", "{name}");
        }
    }
}
