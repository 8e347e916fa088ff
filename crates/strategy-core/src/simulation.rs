//! Whole rollouts in a [`World`](crate::world::World): the real driver, journal, machine and strategy
//! on a virtual clock, with processes that crash and wake, and a judge of every promise.

pub mod judge;
