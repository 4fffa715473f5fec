//! How much memory the server takes, as INFO and MEMORY tell it.

use crate::command::EngineCx;
use crate::store::MemoryStats;

/// How much memory the server takes at one moment. Sizes are in bytes.
pub(super) struct Footprint {
    /// What the data takes.
    pub(super) data: MemoryStats,
    /// What the process takes of the machine's memory; 0 where the host does not tell.
    pub(super) resident: usize,
    /// Requests and replies that wait in clients' buffers.
    pub(super) clients: usize,
}

impl Footprint {
    pub(super) fn measure(cx: &mut EngineCx<'_, '_>) -> Self {
        let profiles = cx.kernel.sessions.profiles();
        let buffers = profiles.iter().map(|profile| profile.input_len() + profile.output_len());
        Self {
            data: cx.store.memory(),
            resident: cx.kernel.host.usage().resident_bytes as usize,
            clients: buffers.sum(),
        }
    }

    /// All that counts against `maxmemory`.
    pub(super) fn used(&self) -> usize {
        self.data.used + self.clients
    }

    /// What is in use, and the free cells between it.
    pub(super) fn active(&self) -> usize {
        self.used() + self.data.free_cells
    }

    pub(super) fn peak(&self) -> usize {
        self.data.peak.max(self.used())
    }

    /// The share of the peak that is in use.
    pub(super) fn peak_percentage(&self) -> f64 {
        percentage(self.used(), self.peak())
    }

    /// What is in use beyond the keys and values themselves.
    pub(super) fn overhead(&self) -> usize {
        self.used().saturating_sub(self.data.dataset)
    }

    /// What came into use since the start.
    pub(super) fn net(&self) -> usize {
        self.used().saturating_sub(self.data.startup)
    }

    /// The share of the keys and values themselves in what came into use since the start.
    pub(super) fn dataset_percentage(&self) -> f64 {
        percentage(self.data.dataset, self.net())
    }

    /// What the process takes for what is in use; of no use if that is not known.
    pub(super) fn fragmentation(&self) -> Excess {
        Excess::of(self.resident, self.used())
    }

    /// What pages take for the cells that are in use.
    pub(super) fn cell_fragmentation(&self) -> Excess {
        Excess::of(self.active(), self.used())
    }

    /// What the process takes for what is in use and the free cells.
    pub(super) fn resident_excess(&self) -> Excess {
        Excess::of(self.resident, self.active())
    }
}

/// How much more one amount is than another that it serves for.
pub(super) struct Excess {
    /// How many times as much; 0 if there is nothing to serve for.
    pub(super) ratio: f64,
    /// How many bytes more. Negative where the process has less of the machine's memory than it
    /// uses, as when it is swapped out.
    pub(super) bytes: i64,
}

impl Excess {
    /// As much as is needed.
    pub(super) const NONE: Self = Self { ratio: 1.0, bytes: 0 };

    fn of(taken: usize, needed: usize) -> Self {
        Self { ratio: ratio(taken, needed), bytes: taken as i64 - needed as i64 }
    }
}

fn percentage(part: usize, whole: usize) -> f64 {
    ratio(part, whole) * 100.0
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn footprint(used: usize, peak: usize, startup: usize, dataset: usize) -> Footprint {
        let free_cells = 50;
        let data =
            MemoryStats { used, peak, startup, dataset, free_cells, ..MemoryStats::default() };
        Footprint { data, resident: 300, clients: 0 }
    }

    #[test]
    fn shares_are_of_what_they_say() {
        let footprint = footprint(200, 800, 100, 50);
        assert_eq!(footprint.peak_percentage(), 25.0);
        assert_eq!(footprint.overhead(), 150);
        assert_eq!(footprint.net(), 100);
        assert_eq!(footprint.dataset_percentage(), 50.0);
        let excess = |excess: Excess| (excess.ratio, excess.bytes);
        assert_eq!(excess(footprint.fragmentation()), (1.5, 100));
        assert_eq!(excess(footprint.cell_fragmentation()), (1.25, 50));
        assert_eq!(excess(footprint.resident_excess()), (1.2, 50));
    }

    #[test]
    fn nothing_in_use_is_no_division_by_zero_and_no_underflow() {
        let nothing = footprint(0, 0, 100, 0);
        assert_eq!((nothing.peak_percentage(), nothing.dataset_percentage()), (0.0, 0.0));
        assert_eq!((nothing.overhead(), nothing.net()), (0, 0));
        let fragmentation = nothing.fragmentation();
        assert_eq!((fragmentation.ratio, fragmentation.bytes), (0.0, 300));
        assert_eq!(footprint(400, 0, 0, 0).peak(), 400);
        assert_eq!(footprint(400, 0, 0, 0).fragmentation().bytes, -100);
    }
}
