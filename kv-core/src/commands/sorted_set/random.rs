//! ZRANDMEMBER.

use super::{write_member, write_pairs};
use crate::command::Cx;
use crate::commands::parse::{int, is};
use crate::error::Error;
use crate::rng::Rng;
use crate::value::sorted_set::{SortedSet, SortedSetRef};
use std::collections::BTreeSet;

pub(crate) fn zrandmember(cx: &mut Cx<'_>) -> Result<(), Error> {
    if cx.args.len() == 2 {
        return one(cx);
    }
    let (number, with_scores) = parse(cx)?;
    let Some(set) = cx.db.get::<SortedSet>(cx.args.get(1))? else {
        cx.out.array(0);
        return Ok(());
    };
    let pairs = |ranks: &mut dyn ExactSizeIterator<Item = usize>, out| {
        let pairs =
            ranks.map(|rank| set.get(rank).expect("it was drawn from those that are there"));
        write_pairs(out, pairs, with_scores);
    };
    let len = set.len() as u64;
    match usize::try_from(number) {
        Ok(number) => {
            let ranks = distinct(number, set, &mut cx.rng);
            pairs(&mut ranks.into_iter(), cx.out);
        }
        Err(_) => {
            let rng = &mut cx.rng;
            let number = number.unsigned_abs() as usize;
            pairs(&mut (0..number).map(|_| rng.below(len) as usize), cx.out);
        }
    }
    Ok(())
}

fn one(cx: &mut Cx<'_>) -> Result<(), Error> {
    let set = cx.db.get::<SortedSet>(cx.args.get(1))?;
    let pair = set.and_then(|set| set.get(cx.rng.below(set.len() as u64) as usize));
    match pair {
        Some(pair) => write_member(cx.out, pair.member),
        None => cx.out.null(),
    }
    Ok(())
}

/// How many, of which a negative number may have the same several times, and whether with scores.
fn parse(cx: &Cx<'_>) -> Result<(i64, bool), Error> {
    let number = int(cx.args.get(2))?;
    if number == i64::MIN {
        return Err(Error::text(
            "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
        ));
    }
    let with_scores = match cx.args.try_get(3) {
        None => false,
        Some(option) if is(option, "WITHSCORES") && cx.args.len() == 4 => true,
        Some(_) => return Err(Error::Syntax),
    };
    let is_too_large = |limit: i64| number < -limit || number > limit;
    if (with_scores && is_too_large(i64::MAX / 2)) || number < -REPEATED_MAX {
        return Err(Error::OutOfRange);
    }
    Ok((number, with_scores))
}

/// How many members that may be the same are given at most. Redis has no such limit, and fails when
/// it has no more memory for the reply.
const REPEATED_MAX: i64 = 1 << 24;

/// `number` different ranks, each as probable as any other; all, in order, if there are no more.
/// O(`number` log `number`), after Floyd (Bentley, Floyd: "A sample of brilliance", 1987).
fn distinct(number: usize, set: SortedSetRef<'_>, rng: &mut Rng) -> Vec<usize> {
    let len = set.len();
    if number >= len {
        return (0..len).collect();
    }
    let mut chosen = BTreeSet::new();
    let draw = |last: usize| {
        let rank = rng.below(last as u64 + 1) as usize;
        let rank = if chosen.insert(rank) { rank } else { last };
        chosen.insert(rank);
        rank
    };
    (len - number..len).map(draw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::KeyHasher;
    use crate::value::pack::Pack;
    use crate::value::{Collection, Growth, Sizes};

    #[test]
    fn each_rank_is_drawn_as_often_as_any_other() {
        let hasher = KeyHasher::new(&mut Rng::new(1));
        let growth = Growth { hasher, sizes: Sizes::DEFAULT };
        let mut set = SortedSet::unpack(Pack::default(), growth);
        (0..5u8).for_each(|number| _ = set.set(&[number], 0.0));
        let mut rng = Rng::new(2);
        let mut drawn = [0; 5];
        for _ in 0..10_000 {
            let ranks = distinct(3, set.view(), &mut rng);
            assert_eq!(ranks.iter().collect::<BTreeSet<_>>().len(), 3);
            ranks.into_iter().for_each(|rank| drawn[rank] += 1);
        }
        assert!(drawn.iter().all(|count| (5800..6200).contains(count)), "{drawn:?}");
    }
}
