//! Sessions.

use crate::command::EngineCx;
use crate::error::Error;
use crate::kernel::Flow;

pub(crate) fn ping(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    match cx.args.try_get(1) {
        None => cx.out.simple("PONG"),
        Some(message) => cx.out.bulk(message),
    }
    Ok(Flow::Continue)
}
