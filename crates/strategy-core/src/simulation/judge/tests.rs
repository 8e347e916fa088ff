//! The judge on logs made by hand, good and bad, and on what whole simulations leave.

mod exposure;
mod revisions;
mod tale;
mod times;
mod whole;
mod writers;

use self::tale::{FIRST, Tale, none, scene, side};
use super::*;
use crate::weight::Weight;
use crate::world::Scene;
