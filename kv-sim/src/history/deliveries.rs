//! What is pushed onto lists is delivered once, or is still there. A [`search`](super::search) sees
//! that too; this takes no longer for long histories, and says which element it is.

use super::{Operation, Request, commands};
use crate::model::Bytes;
use crate::wire::{Value, quoted};
use std::collections::{BTreeMap, BTreeSet};

/// Checks the operations on a group of keys. Linear in their number, up to a logarithm.
pub(super) fn check(group: &[&Operation]) -> Result<(), String> {
    let mut count = Count::default();
    for operation in group {
        each(operation, |request, reply| count.add(request, reply));
    }
    let changes = |it: &&&Operation| it.reply.is_some() && !is_look(it);
    let last_change = group.iter().filter(changes).map(|it| it.answered).max();
    for operation in group.iter().filter(|it| is_look(it) && Some(it.invoked) > last_change) {
        each(operation, |request, reply| count.look(request, reply));
    }
    count.check()
}

/// What became of the elements.
#[derive(Debug, Default)]
struct Count {
    /// How often each was pushed for certain, and at most.
    pushed: BTreeMap<Bytes, (u64, u64)>,
    popped: BTreeMap<Bytes, u64>,
    /// Where elements may be.
    lists: BTreeSet<Bytes>,
    /// What was in the lists in the end, as far as somebody looked.
    left: BTreeMap<Bytes, Vec<Value>>,
    /// How many may have been popped without anybody knowing.
    unknown_pops: u64,
    /// Elements may move from one list to another while somebody looks at first one, then the other.
    may_move: bool,
    /// Elements may have gone in other ways.
    is_leaky: bool,
}

/// The requests of an operation, each with its reply.
fn each(operation: &Operation, mut tell: impl FnMut(&Request, Option<&Value>)) {
    let requests = operation.action.requests();
    match &operation.reply {
        Some(Value::Many(_, replies)) if operation.action.is_transaction() => {
            requests.iter().zip(replies).for_each(|(request, reply)| tell(request, Some(reply)));
        }
        reply => requests.iter().for_each(|request| tell(request, reply.as_ref())),
    }
}

fn is_look(operation: &Operation) -> bool {
    operation.action.requests().iter().all(commands::is_read)
}

impl Count {
    fn add(&mut self, request: &Request, reply: Option<&Value>) {
        match request[0].to_ascii_uppercase().as_slice() {
            b"LPUSH" | b"RPUSH" => self.push(request, reply),
            b"LPOP" | b"RPOP" | b"BLPOP" | b"BRPOP" => self.pop(reply),
            b"LMOVE" | b"BLMOVE" => {
                self.lists.extend(request[1..3].iter().cloned());
                self.may_move |= reply.is_none();
            }
            _ if commands::is_read(request) => {}
            _ => self.is_leaky = true,
        }
    }

    fn push(&mut self, request: &Request, reply: Option<&Value>) {
        let (surely, maybe) = match reply {
            Some(Value::Line(b':', _)) => (1, 1),
            Some(_) => (0, 0),
            None => (0, 1),
        };
        self.lists.insert(request[1].clone());
        for element in &request[2..] {
            let (least, most) = self.pushed.entry(element.clone()).or_default();
            (*least, *most) = (*least + surely, *most + maybe);
        }
    }

    fn pop(&mut self, reply: Option<&Value>) {
        let element = match reply {
            None => return self.unknown_pops += 1,
            Some(Value::Many(_, items)) => items.get(1),
            value => value,
        };
        if let Some(Value::Blob(_, element)) = element {
            *self.popped.entry(element.clone()).or_default() += 1;
        }
    }

    fn look(&mut self, request: &Request, reply: Option<&Value>) {
        if let Some(Value::Many(_, items)) = reply
            && request[0].eq_ignore_ascii_case(b"LRANGE")
        {
            self.left.insert(request[1].clone(), items.clone());
        }
    }

    fn check(mut self) -> Result<(), String> {
        if self.may_move {
            self.left.clear();
        }
        for element in self.left.values().flatten().filter_map(Value::text) {
            *self.popped.entry(element.into()).or_default() += 1;
        }
        for (element, &seen) in &self.popped {
            let most = self.pushed.get(element).map_or(0, |(_, most)| *most);
            if seen > most {
                let element = quoted(element);
                return Err(format!("{element} was pushed {most} times and is there {seen} times"));
            }
        }
        let is_complete = self.lists.iter().all(|list| self.left.contains_key(list));
        if is_complete && !self.is_leaky { self.check_lost() } else { Ok(()) }
    }

    fn check_lost(&self) -> Result<(), String> {
        let lost = self.pushed.iter().map(|(element, &(least, _))| {
            let seen = self.popped.get(element).copied().unwrap_or(0);
            (element, least.saturating_sub(seen))
        });
        let lost: Vec<_> = lost.filter(|(_, count)| *count > 0).collect();
        let total: u64 = lost.iter().map(|(_, count)| count).sum();
        let Some((element, _)) = lost.first().filter(|_| total > self.unknown_pops) else {
            return Ok(());
        };
        let (element, unknown) = (quoted(element), self.unknown_pops);
        Err(format!(
            "{element} and others, {total} in all, are lost: {unknown} may have been taken"
        ))
    }
}
