//! The options of XADD and XTRIM.

use super::id::{self, NewId};
use crate::args::Args;
use crate::commands::parse::{int, is};
use crate::config::{self, Config};
use crate::error::Error;
use crate::value::stream::{Trim, Until};

const TWO_STRATEGIES: Error =
    Error::text("ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
const LIMIT_WITHOUT_STRATEGY: Error =
    Error::text("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy");
const NO_STRATEGY: Error =
    Error::text("ERR syntax error, XTRIM must be called with a trimming strategy");
const LIMIT_OF_EXACT: Error =
    Error::text("ERR syntax error, LIMIT cannot be used without the special ~ option");
const NEGATIVE_LEN: Error = Error::text("ERR The MAXLEN argument must be >= 0.");
const NEGATIVE_LIMIT: Error = Error::text("ERR The LIMIT argument must be >= 0.");

/// How many blocks a rough trimming without a LIMIT removes at most.
const BLOCKS_MAX: i64 = 100;

/// How many entries that means at most, and without a setting.
const LIMIT_MAX: i64 = 1_000_000;
const LIMIT_UNSET: i64 = 10_000;

#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub(super) id: NewId,
    pub(super) no_mkstream: bool,
    until: Option<Until>,
    is_rough: bool,
    limit: Option<i64>,
}

impl Options {
    /// Those of XADD, and where the ID stands, or would.
    pub(super) fn of_xadd(args: Args<'_>) -> Result<(Self, usize), Error> {
        let mut options = Self::new();
        let mut at = 2;
        while let Some(option) = args.try_get(at) {
            if option == b"*" {
                break;
            }
            match options.read(args, at)? {
                Some(next) => at = next,
                None if is(option, "NOMKSTREAM") => {
                    options.no_mkstream = true;
                    at += 1;
                }
                None => {
                    options.id = id::parse_new(option)?;
                    break;
                }
            }
        }
        options.check_limit()?;
        options.check_exact()?;
        Ok((options, at))
    }

    pub(super) fn of_xtrim(args: Args<'_>) -> Result<Self, Error> {
        let mut options = Self::new();
        let mut at = 2;
        while at < args.len() {
            at = options.read(args, at)?.ok_or(Error::Syntax)?;
        }
        options.check_limit()?;
        options.until.ok_or(NO_STRATEGY)?;
        options.check_exact()?;
        Ok(options)
    }

    /// What is to be trimmed, if anything.
    pub(super) fn trim(&self, config: &Config) -> Option<Trim> {
        let limit = match self.limit {
            Some(limit) => limit,
            None if self.is_rough => default_limit(config),
            None => 0,
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Some(Trim { until: self.until?, is_rough: self.is_rough, limit })
    }

    fn new() -> Self {
        Self { id: NewId::Auto, no_mkstream: false, until: None, is_rough: false, limit: None }
    }

    /// Reads the option that stands at a position. Where the next stands, or none if it is another.
    fn read(&mut self, args: Args<'_>, at: usize) -> Result<Option<usize>, Error> {
        let option = args.get(at);
        let has_more = at + 1 < args.len();
        if has_more && (is(option, "MAXLEN") || is(option, "MINID")) {
            return self.read_strategy(args, at).map(Some);
        }
        if has_more && is(option, "LIMIT") {
            let limit = int(args.get(at + 1))?;
            self.limit = if limit < 0 { return Err(NEGATIVE_LIMIT) } else { Some(limit) };
            return Ok(Some(at + 2));
        }
        Ok(None)
    }

    fn read_strategy(&mut self, args: Args<'_>, at: usize) -> Result<usize, Error> {
        if self.until.is_some() {
            return Err(TWO_STRATEGIES);
        }
        let has_operator = at + 2 < args.len() && [&b"~"[..], b"="].contains(&args.get(at + 1));
        self.is_rough = has_operator && args.get(at + 1) == b"~";
        let at_value = at + 1 + usize::from(has_operator);
        let value = args.get(at_value);
        self.until = Some(if is(args.get(at), "MAXLEN") {
            Until::Len(usize::try_from(int(value)?).map_err(|_| NEGATIVE_LEN)?)
        } else {
            Until::Id(id::parse(value)?)
        });
        Ok(at_value + 1)
    }

    fn check_limit(&self) -> Result<(), Error> {
        let is_lost = self.until.is_none() && self.limit.is_some_and(|limit| limit > 0);
        if is_lost { Err(LIMIT_WITHOUT_STRATEGY) } else { Ok(()) }
    }

    fn check_exact(&self) -> Result<(), Error> {
        let is_exact = self.limit.is_some() && !self.is_rough;
        if is_exact { Err(LIMIT_OF_EXACT) } else { Ok(()) }
    }
}

fn default_limit(config: &Config) -> i64 {
    match config.int(config::STREAM_NODE_MAX_ENTRIES).saturating_mul(BLOCKS_MAX) {
        ..=0 => LIMIT_UNSET,
        limit => limit.min(LIMIT_MAX),
    }
}
