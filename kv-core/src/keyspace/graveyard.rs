//! What is out of use and takes too long to free at once.

use super::Keyspace;
use crate::rare::{Rare, sometimes};
use crate::value::Value;
use std::collections::VecDeque;

/// Values and whole keyspaces that are freed in slices.
#[derive(Debug, Default)]
pub struct Graveyard {
    values: VecDeque<Box<Value>>,
    /// What the values take, in bytes.
    value_bytes: usize,
    keyspaces: VecDeque<Keyspace>,
    freed: u64,
}

impl Graveyard {
    /// Frees a value, now if that is quick, else later.
    pub fn bury(&mut self, value: Box<Value>) {
        if value.is_slow_to_drop() {
            self.value_bytes += value.heap_bytes();
            self.values.push_back(value);
        }
    }

    /// Frees all that a keyspace holds, later.
    pub fn bury_all(&mut self, keyspace: Keyspace) {
        if !keyspace.is_empty() {
            self.keyspaces.push_back(keyspace);
        }
    }

    /// Whether nothing is left to be freed.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.keyspaces.is_empty()
    }

    /// The bytes that are still to be freed.
    pub fn bytes(&self) -> usize {
        let keyspaces = self.keyspaces.iter().map(|keyspace| keyspace.memory().used());
        self.value_bytes + keyspaces.sum::<usize>()
    }

    /// How many entries and large values are still to be freed.
    pub fn len(&self) -> usize {
        self.values.len() + self.keyspaces.iter().map(Keyspace::len).sum::<usize>()
    }

    /// How many large values have been freed.
    pub fn freed(&self) -> u64 {
        self.freed
    }

    /// Frees about `budget` elements or entries. How many; fewer when nothing is left.
    pub fn dig(&mut self, budget: usize) -> usize {
        let mut spent = 0;
        while spent < budget {
            if let Some(value) = self.values.front_mut() {
                self.value_bytes -= value.heap_bytes();
                spent += 1 + value.free_some(budget - spent);
                self.value_bytes += value.heap_bytes();
                if !value.is_slow_to_drop() {
                    self.value_bytes -= value.heap_bytes();
                    self.values.pop_front();
                    self.freed += 1;
                } else {
                    sometimes(Rare::ValueFreedInSlices, true);
                }
            } else if let Some(mut keyspace) = self.keyspaces.pop_front() {
                let work = keyspace.dismantle(budget - spent, |value| self.bury(value));
                if work >= budget - spent {
                    sometimes(Rare::KeyspaceFreedInSlices, true);
                    self.keyspaces.push_front(keyspace);
                }
                spent += work.max(1);
            } else {
                break;
            }
        }
        spent
    }
}
