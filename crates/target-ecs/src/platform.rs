//! What belongs to the modes in which Amazon ECS shifts or rolls by itself: one service, its deployments.

#[allow(
    dead_code,
    reason = "the mode that takes its steps by it is not there yet"
)]
pub(crate) mod schedule;
