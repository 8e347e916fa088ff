//! The heap, counted: how often something was allocated, how much, and how much is still there.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What happened on the heap since it was made.
pub(crate) struct Since {
    allocations: usize,
    live: isize,
}

impl Since {
    pub(crate) fn now() -> Self {
        Self {
            allocations: allocations(),
            live: live(),
        }
    }

    /// Allocations, growing ones included.
    pub(crate) fn allocations(&self) -> usize {
        allocations() - self.allocations
    }

    /// Bytes that are there now and were not, less those that were and are not.
    pub(crate) fn live(&self) -> isize {
        live() - self.live
    }
}

fn allocations() -> usize {
    let stats = ALLOCATOR.stats();
    stats.allocations + stats.reallocations
}

fn live() -> isize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated.wrapping_sub(stats.bytes_deallocated) as isize
}
