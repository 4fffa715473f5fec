//! Strings.

use crate::command::Cx;
use crate::error::Error;
use crate::store::Deadline;
use crate::value::string::{IntBuffer, Str};

pub(crate) fn get(cx: &mut Cx<'_>) -> Result<(), Error> {
    match cx.db.string(cx.args.get(1))? {
        Some(value) => cx.out.bulk(value.as_bytes(&mut IntBuffer::new())),
        None => cx.out.null(),
    }
    Ok(())
}

pub(crate) fn set(cx: &mut Cx<'_>) -> Result<(), Error> {
    cx.db.set(cx.args.get(1), Str::new(cx.args.get(2)), Deadline::Clear);
    cx.out.ok();
    Ok(())
}
