//! ZADD and ZINCRBY.

use super::{without_sign_of_zero, write_score};
use crate::args::Args;
use crate::command::Cx;
use crate::commands::parse::{float, is};
use crate::error::Error;
use crate::value::Guess;
use crate::value::sorted_set::SortedSet;

pub(crate) fn zadd(cx: &mut Cx<'_>) -> Result<(), Error> {
    add(cx, Options::default())
}

pub(crate) fn zincrby(cx: &mut Cx<'_>) -> Result<(), Error> {
    add(cx, Options { incr: true, ..Options::default() })
}

fn add(cx: &mut Cx<'_>, preset: Options) -> Result<(), Error> {
    let (options, first) = preset.parse(cx.args)?;
    let score_of_first = float(cx.args.get(first))?;
    let further = || cx.args.from(first + 2).step_by(2).map(float);
    // All of them, before anything changes.
    further().try_for_each(|score| score.map(drop))?;
    let scores = std::iter::once(Ok(score_of_first)).chain(further());
    let members = (first + 1..).step_by(2).zip(cx.args.from(first + 1).step_by(2));
    let mut set = cx.db.edit::<SortedSet>(cx.args.get(1))?;
    let (mut count, mut is_changed, mut guess) = (0, false, *cx.guess);
    for (score, (at, member)) in scores.zip(members) {
        let score = score?;
        let mut decision = Decision::Nothing;
        let len = set.view().len();
        let guess = std::mem::replace(&mut guess, Guess::NONE);
        set.update_near(guess, cx.guess.sought(at, member), |old| {
            decision = options.decide(old, score);
            let (score, len) = match decision {
                Decision::Add(score) => (score, len + 1),
                Decision::Change(score) => (score, len),
                _ => return None,
            };
            Some(without_sign_of_zero(score, member, len, cx.config))
        });
        is_changed |= decision.changes();
        if !is_changed {
            set.unchanged();
        }
        if options.incr {
            let score = decision.score()?;
            if is_changed {
                set.notify("zincr");
            }
            write_score(cx.out, score);
            return Ok(());
        }
        count += i64::from(decision.counts(options.ch));
    }
    if is_changed {
        set.notify("zadd");
    }
    cx.out.int(count);
    Ok(())
}

#[derive(Clone, Copy, Default)]
struct Options {
    nx: bool,
    xx: bool,
    gt: bool,
    lt: bool,
    ch: bool,
    incr: bool,
}

/// What becomes of a member.
#[derive(Clone, Copy)]
enum Decision {
    Nothing,
    Add(f64),
    Change(f64),
    /// It has this score already.
    Same(f64),
    NotANumber,
}

impl Options {
    /// The options, and where the first score stands.
    fn parse(mut self, args: Args<'_>) -> Result<(Self, usize), Error> {
        let mut first = 2;
        while let Some(option) = args.try_get(first).and_then(|word| self.named(word)) {
            *option = true;
            first += 1;
        }
        if args.len() == first || (args.len() - first) % 2 == 1 {
            return Err(Error::Syntax);
        }
        self.check(args.len() - first)?;
        Ok((self, first))
    }

    fn named(&mut self, word: &[u8]) -> Option<&mut bool> {
        // Nearly always a score, which most of the names need not be compared with.
        if word.first().is_none_or(|first| !first.is_ascii_alphabetic()) {
            return None;
        }
        let names = [
            ("NX", &mut self.nx),
            ("XX", &mut self.xx),
            ("CH", &mut self.ch),
            ("INCR", &mut self.incr),
            ("GT", &mut self.gt),
            ("LT", &mut self.lt),
        ];
        names.into_iter().find_map(|(name, option)| is(word, name).then_some(option))
    }

    fn check(self, words: usize) -> Result<(), Error> {
        if self.nx && self.xx {
            let text = "ERR XX and NX options at the same time are not compatible";
            return Err(Error::text(text));
        }
        if [self.gt, self.lt, self.nx].iter().filter(|&&option| option).count() > 1 {
            let text = "ERR GT, LT, and/or NX options at the same time are not compatible";
            return Err(Error::text(text));
        }
        if self.incr && words > 2 {
            return Err(Error::text("ERR INCR option supports a single increment-element pair"));
        }
        Ok(())
    }

    fn decide(self, old: Option<f64>, score: f64) -> Decision {
        let Some(old) = old else {
            return if self.xx { Decision::Nothing } else { Decision::Add(score) };
        };
        let score = if self.incr { old + score } else { score };
        if self.nx {
            Decision::Nothing
        } else if score.is_nan() {
            Decision::NotANumber
        } else if (self.lt && score >= old) || (self.gt && score <= old) {
            Decision::Nothing
        } else if score == old {
            Decision::Same(score)
        } else {
            Decision::Change(score)
        }
    }
}

impl Decision {
    /// Whether the member has another score then, or is new.
    fn changes(self) -> bool {
        matches!(self, Self::Add(_) | Self::Change(_))
    }

    /// Whether ZADD counts it.
    fn counts(self, changes: bool) -> bool {
        matches!(self, Self::Add(_)) || (changes && matches!(self, Self::Change(_)))
    }

    /// The score that the member has then.
    fn score(self) -> Result<Option<f64>, Error> {
        match self {
            Self::Nothing => Ok(None),
            Self::Add(score) | Self::Change(score) | Self::Same(score) => Ok(Some(score)),
            Self::NotANumber => Err(Error::text("ERR resulting score is not a number (NaN)")),
        }
    }
}
