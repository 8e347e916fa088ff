//! Tests of the stepper: row by row, and by search.

mod follows_readiness;
mod native;
mod notation;
mod rows;
mod search;
