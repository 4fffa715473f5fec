//! What the load sends, and what has to come back. One seed decides all of it.

use super::Plan;
use crate::codec;
use kv_core::rng::Rng;
use kv_proto::dialect::Dialect;
use kv_proto::resp::value::Value;

/// Values are cut from random bytes at so many places.
const PLACES: usize = 4096;

/// What numbers of keys are written with.
const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// One request of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Set,
    Get,
    Delete,
}

impl Step {
    /// A sequence.
    pub(super) const ALL: [Self; 3] = [Self::Set, Self::Get, Self::Delete];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Set => "SET",
            Self::Get => "GET",
            Self::Delete => "DELETE",
        }
    }
}

/// One request of the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// Of the sequence.
    pub(super) number: u64,
    pub(super) step: Step,
}

/// All that is to be sent.
#[derive(Debug)]
pub(super) struct Work {
    dialect: Dialect,
    clients: u64,
    pub(super) pipeline: usize,
    sequences: u64,
    key_len: usize,
    value_len: usize,
    random: Vec<u8>,
}

impl Work {
    pub(super) fn new(plan: &Plan, dialect: Dialect) -> Self {
        let mut rng = Rng::new(plan.seed);
        let len = PLACES + plan.value_len.max(plan.key_len);
        let random = (0..len.div_ceil(8)).flat_map(|_| rng.next_u64().to_le_bytes()).collect();
        Self {
            dialect,
            clients: plan.clients as u64,
            pipeline: plan.pipeline,
            sequences: plan.sequences(),
            key_len: plan.key_len,
            value_len: plan.value_len,
            random,
        }
    }

    /// How many requests there are.
    pub(super) fn requests(&self) -> u64 {
        self.sequences * Step::ALL.len() as u64
    }

    /// What the connection of this index sends.
    pub(super) fn of_client(&self, index: usize) -> impl Iterator<Item = Request> + use<> {
        let numbers = (index as u64..self.sequences).step_by(self.clients as usize);
        numbers.flat_map(|number| Step::ALL.map(|step| Request { number, step }))
    }

    /// The key of a sequence: its number behind characters that the seed decides.
    pub(super) fn key(&self, number: u64) -> Vec<u8> {
        let digit = |byte: u64| DIGITS[(byte % DIGITS.len() as u64) as usize];
        let (len, digits) = (self.key_len, digits(self.sequences));
        let mut key: Vec<u8> =
            self.random[..len - digits].iter().map(|&byte| digit(byte.into())).collect();
        key.resize(len, b'0');
        let mut rest = number;
        for place in key.iter_mut().rev().take(digits) {
            *place = digit(rest);
            rest /= DIGITS.len() as u64;
        }
        key
    }

    /// The value of a sequence.
    pub(super) fn value(&self, number: u64) -> Vec<u8> {
        let start = (number % PLACES as u64) as usize;
        let mut value = self.random[start..][..self.value_len].to_vec();
        for (byte, of_number) in value.iter_mut().zip(number.to_le_bytes()) {
            *byte ^= of_number;
        }
        value
    }

    /// Appends a request. An error says what the protocol cannot say.
    pub(super) fn encode(&self, request: Request, out: &mut Vec<u8>) -> Result<(), String> {
        let key = self.key(request.number);
        match request.step {
            Step::Set => {
                let value = self.value(request.number);
                codec::encode(self.dialect, &[b"SET", &key[..], &value], out)
            }
            Step::Get => codec::encode(self.dialect, &[b"GET", &key[..]], out),
            Step::Delete => codec::encode(self.dialect, &[b"DEL", &key[..]], out),
        }
    }

    /// What has to come back.
    pub(super) fn reply(&self, request: Request) -> Value {
        match (self.dialect, request.step) {
            (_, Step::Get) => Value::Bulk(self.value(request.number)),
            (Dialect::Resp, Step::Set) => Value::Simple(b"OK".to_vec()),
            (Dialect::Frame, Step::Set) => Value::Bulk(b"OK".to_vec()),
            (Dialect::Tlv, Step::Set) => Value::Bulk(Vec::new()),
            (Dialect::TlvStrict, Step::Set) => Value::Null,
            (Dialect::Resp | Dialect::Frame, Step::Delete) => Value::Int(1),
            (Dialect::Tlv | Dialect::TlvStrict, Step::Delete) => {
                Value::Bulk(self.value(request.number))
            }
        }
    }
}

/// How many digits the keys of so many sequences need.
pub(super) fn digits(sequences: u64) -> usize {
    (sequences - 1).checked_ilog(DIGITS.len() as u64).map_or(1, |digits| digits as usize + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn work(plan: &Plan) -> Work {
        plan.check().expect("it can be done");
        Work::new(plan, Dialect::Resp)
    }

    #[test]
    fn sequences_have_keys_of_their_own_even_if_these_are_short() {
        let plan = Plan { requests: 3 * 36 * 36, key_len: 2, ..Plan::default() };
        let work = work(&plan);
        let keys: BTreeSet<_> = (0..plan.sequences()).map(|number| work.key(number)).collect();
        assert_eq!(keys.len(), 36 * 36);
        assert!(keys.iter().all(|key| key.len() == 2));
        assert!(Plan { requests: 3 * 36 * 36 + 1, ..plan }.check().is_err());
    }

    #[test]
    fn connections_share_all_sequences() {
        let work = work(&Plan { clients: 7, requests: 100, ..Plan::default() });
        let mut numbers: Vec<u64> = (0..7)
            .flat_map(|client| work.of_client(client))
            .filter(|request| request.step == Step::Get)
            .map(|request| request.number)
            .collect();
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..34));
        assert_eq!(work.requests(), 102);
    }

    #[test]
    fn the_seed_decides_keys_and_values() {
        let of = |seed| {
            let work = work(&Plan { seed, ..Plan::default() });
            (work.key(5), work.value(5), work.value(5 + PLACES as u64))
        };
        assert_eq!(of(1), of(1));
        let (one, two) = (of(1), of(2));
        assert!(one.0 != two.0 && one.1 != two.1);
        assert_ne!(one.1, one.2, "the number is in the value");
        assert_eq!((one.0.len(), one.1.len()), (16, 64));
    }
}
