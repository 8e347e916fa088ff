//! The quantities that judges have as parameters, each checked where it is read.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A ratio of two rates: from a millionth to a million.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Ratio(f64);

impl Ratio {
    /// As much as the other.
    pub const ONE: Self = Self(1.0);
    /// Half more than the other.
    pub const HALF_MORE: Self = Self(1.5);
    /// Twice as much.
    pub const TWO: Self = Self(2.0);

    /// This one.
    ///
    /// # Errors
    /// When it is below a millionth or above a million, or no number.
    pub const fn new(ratio: f64) -> Result<Self, InvalidQuantity> {
        if ratio.is_finite() && ratio >= 1e-6 && ratio <= 1e6 {
            Ok(Self(ratio))
        } else {
            Err(InvalidQuantity::Ratio(ratio))
        }
    }

    /// As a number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// A share or a chance: above 0 and below 1, by at least 1e-9.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Share(f64);

impl Share {
    /// 1 %.
    pub const HUNDREDTH: Self = Self(0.01);
    /// 2 %.
    pub const FIFTIETH: Self = Self(0.02);
    /// 5 %.
    pub const TWENTIETH: Self = Self(0.05);
    /// 95 %, as a quantile the p95.
    pub const P95: Self = Self(0.95);

    /// This one.
    ///
    /// # Errors
    /// When it is not above 0 and below 1, by at least 1e-9.
    pub const fn new(share: f64) -> Result<Self, InvalidQuantity> {
        if share >= 1e-9 && share <= 1.0 - 1e-9 {
            Ok(Self(share))
        } else {
            Err(InvalidQuantity::Share(share))
        }
    }

    /// As a number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// What is weighed against what is tolerated, in multiples of it: 1 to 32 numbers, each above 1 and at most a
/// million.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<f64>", into = "Vec<f64>")]
pub struct Grid(Vec<f64>);

impl Grid {
    /// The most alternatives: what a judge remembers of each takes 8 bytes of its state.
    pub const LIMIT: usize = 32;

    /// These.
    ///
    /// # Errors
    /// When there are none or too many, or one is not above 1 or is above a million.
    pub fn new(multiples: Vec<f64>) -> Result<Self, InvalidQuantity> {
        let fit = multiples.iter().all(|one| *one > 1.0 && *one <= 1e6);
        if fit && (1..=Self::LIMIT).contains(&multiples.len()) {
            Ok(Self(multiples))
        } else {
            Err(InvalidQuantity::Grid)
        }
    }

    /// As numbers.
    pub fn multiples(&self) -> &[f64] {
        &self.0
    }
}

impl Default for Grid {
    /// 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 5, 7, 10, 15, 25: dense where evidence gathers slowly.
    fn default() -> Self {
        Self(vec![
            1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 25.0,
        ])
    }
}

/// What is added to each unit's number before units are compared: 1 to 8 numbers, from 1e-9 to 1e18.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<f64>", into = "Vec<f64>")]
pub struct Smoothing(Vec<f64>);

impl Smoothing {
    /// The most that are tried.
    pub const LIMIT: usize = 8;

    /// These.
    ///
    /// # Errors
    /// When there are none or too many, or one is below 1e-9 or above 1e18.
    pub fn new(added: Vec<f64>) -> Result<Self, InvalidQuantity> {
        let fit = added.iter().all(|one| *one >= 1e-9 && *one <= 1e18);
        if fit && (1..=Self::LIMIT).contains(&added.len()) {
            Ok(Self(added))
        } else {
            Err(InvalidQuantity::Smoothing)
        }
    }

    /// As numbers.
    pub fn added(&self) -> &[f64] {
        &self.0
    }
}

impl Default for Smoothing {
    /// 0.1, 0.3, 1 and 3: for counts of failures in a window.
    fn default() -> Self {
        Self(vec![0.1, 0.3, 1.0, 3.0])
    }
}

macro_rules! numbers {
    ($($quantity:ident: $number:ty),*) => {$(
        impl TryFrom<$number> for $quantity {
            type Error = InvalidQuantity;
            fn try_from(number: $number) -> Result<Self, InvalidQuantity> {
                Self::new(number)
            }
        }

        impl From<$quantity> for $number {
            fn from(quantity: $quantity) -> Self {
                quantity.0
            }
        }
    )*};
}
numbers!(Ratio: f64, Share: f64, Grid: Vec<f64>, Smoothing: Vec<f64>);

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is no quantity of its kind, and which is.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum InvalidQuantity {
    /// No ratio.
    #[error("{0} is no ratio; write a number from 0.000001 to 1000000, such as 1.25")]
    Ratio(f64),
    /// No share.
    #[error("{0} is no share; write a number between 0 and 1, such as 0.01")]
    Share(f64),
    /// No grid.
    #[error("that is no grid; write 1 to {limit} numbers above 1 and up to 1000000, such as [1.5, 2, 4, 10]", limit = Grid::LIMIT)]
    Grid,
    /// No smoothing.
    #[error("that is no smoothing; write 1 to {limit} numbers above 0, such as [0.1, 1]", limit = Smoothing::LIMIT)]
    Smoothing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_range_is_refused() {
        for ratio in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Ratio::new(ratio).is_err(), "{ratio}");
            assert!(Grid::new(vec![2.0, ratio]).is_err(), "{ratio}");
            assert!(Smoothing::new(vec![ratio]).is_err(), "{ratio}");
        }
        for share in [0.0, 1.0, -0.1, f64::NAN] {
            assert!(Share::new(share).is_err(), "{share}");
        }
        assert!(Grid::new(vec![]).is_err() && Grid::new(vec![2.0; 33]).is_err());
        let error = serde_json::from_str::<Share>("1.5").unwrap_err();
        assert!(
            error.to_string().contains("write a number between 0 and 1"),
            "{error}"
        );
    }
}
