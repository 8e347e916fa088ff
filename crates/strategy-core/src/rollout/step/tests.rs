//! Tests of the stepper: row by row, and by search.

mod follows_readiness;
mod native;
mod notation;
mod promises;
mod rows;
mod search;
