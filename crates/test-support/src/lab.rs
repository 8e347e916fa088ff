//! The lab: real requests through a real gateway to pods that answer as their images say.

mod dice;
mod files;
pub mod load;
pub mod pods;
