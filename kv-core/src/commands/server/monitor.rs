//! MONITOR: watching what all clients do.

use crate::command::EngineCx;
use crate::error::Error;
use crate::kernel::{Flow, Kernel};
use crate::session::{Mode, Session};

/// Has the session shown all commands from now on. A second time it says nothing.
pub(crate) fn monitor(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    if cx.session.is_in_exec {
        return Err(Error::text("ERR MONITOR isn't allowed for DENY BLOCKING client"));
    }
    if !std::mem::replace(&mut cx.session.is_monitor, true) {
        cx.session.set_mode(Mode::Monitor, true);
        cx.kernel.monitors.add(cx.session.shared());
        cx.out.ok();
    }
    Ok(Flow::Continue)
}

/// The session is shown nothing any more.
pub(crate) fn forget(kernel: &Kernel, session: &mut Session) {
    if std::mem::take(&mut session.is_monitor) {
        session.set_mode(Mode::Monitor, false);
        kernel.monitors.remove(session.id());
    }
}
