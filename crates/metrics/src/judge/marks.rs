//! Which byte of a state tells that a judge of this crate wrote it. None is ever given to another one.

pub(super) const SEQUENTIAL_RATIO: u8 = 1;
pub(super) const SLO: u8 = 2;
pub(super) const EXCHANGEABLE_UNITS: u8 = 3;
pub(super) const STOCHASTIC_ORDER: u8 = 4;
pub(super) const QUANTILE: u8 = 5;
pub(super) const SPLIT_RATIO: u8 = 6;
pub(super) const THRESHOLD: u8 = 7;
pub(super) const MANN_WHITNEY: u8 = 8;
pub(super) const DRAINED: u8 = 9;
