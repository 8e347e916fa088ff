//! The lab: real requests through a real gateway to pods that answer as their images say.

mod dice;
pub mod load;
pub mod pods;
