//! A share of traffic in basis points, parsed once and never invalid.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The candidate's share of traffic: 0 to 10 000 basis points (hundredths of a percent).
///
/// Written and read as a percentage: `"5%"`, `"0.5%"`, `"100%"`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Weight(u16);

impl Weight {
    /// No traffic at all.
    pub const ZERO: Self = Self(0);
    /// All of the traffic.
    pub const FULL: Self = Self(10_000);
    /// Half of the traffic.
    pub const HALF: Self = Self(5_000);

    /// A weight of so many basis points.
    ///
    /// # Errors
    /// [`InvalidWeight`] above 10 000.
    pub const fn from_basis_points(points: u16) -> Result<Self, InvalidWeight> {
        if points <= Self::FULL.0 {
            Ok(Self(points))
        } else {
            Err(InvalidWeight::TooLarge {
                basis_points: points as u32,
            })
        }
    }

    /// A weight of so many whole percent.
    ///
    /// # Errors
    /// [`InvalidWeight`] above 100.
    pub const fn from_percent(percent: u16) -> Result<Self, InvalidWeight> {
        match percent.checked_mul(100) {
            Some(points) => Self::from_basis_points(points),
            None => Err(InvalidWeight::TooLarge {
                basis_points: percent as u32 * 100,
            }),
        }
    }

    /// The share `part` of `whole`, rounded to the nearest basis point; zero of nothing is zero.
    pub const fn of(part: u32, whole: u32) -> Self {
        if whole == 0 {
            return Self::ZERO;
        }
        let part = if part > whole { whole } else { part } as u64;
        let whole = whole as u64;
        Self(((part * 10_000 + whole / 2) / whole) as u16)
    }

    /// In basis points, 0 to 10 000.
    pub const fn basis_points(self) -> u16 {
        self.0
    }

    /// What is left for the other track.
    #[must_use]
    pub const fn rest(self) -> Self {
        Self(Self::FULL.0 - self.0)
    }

    /// No traffic.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `ceil(self × whole)`: how many of `whole` cover this share.
    pub const fn ceil_of(self, whole: u32) -> u32 {
        (whole as u64 * self.0 as u64).div_ceil(10_000) as u32
    }

    /// The largest multiple of `step` that is not above this weight; `step` 0 counts as 1.
    #[must_use]
    pub const fn floor_to(self, step: Self) -> Self {
        let step = if step.0 == 0 { 1 } else { step.0 };
        Self(self.0 - self.0 % step)
    }

    /// The distance between two weights, in either direction.
    #[must_use]
    pub const fn distance(self, other: Self) -> Self {
        Self(self.0.abs_diff(other.0))
    }
}

/// Why a text or number is no [`Weight`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidWeight {
    /// More than all of the traffic.
    #[error("a weight is at most 100%, and this is {}.{:02}%", .basis_points / 100, .basis_points % 100)]
    TooLarge {
        /// What was asked for.
        basis_points: u32,
    },
    /// Not a percentage such as `5%` or `0.25%`.
    #[error(
        "`{text}` is no weight: write a percentage with at most two decimals, such as `5%` or `0.25%`"
    )]
    NotAPercentage {
        /// What was read.
        text: String,
    },
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 100, self.0 % 100);
        match part {
            0 => write!(f, "{whole}%"),
            part if part % 10 == 0 => write!(f, "{whole}.{}%", part / 10),
            part => write!(f, "{whole}.{part:02}%"),
        }
    }
}

impl FromStr for Weight {
    type Err = InvalidWeight;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || InvalidWeight::NotAPercentage {
            text: text.chars().take(40).collect(),
        };
        let number = text.trim().strip_suffix('%').ok_or_else(wrong)?.trim_end();
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty()
            || whole.len() > 6
            || part.len() > 2
            || !digits(whole)
            || !digits(part)
            || (part.is_empty() && number.contains('.'))
        {
            return Err(wrong());
        }
        let whole: u32 = whole.parse().map_err(|_| wrong())?;
        let part: u32 = format!("{part:0<2}").parse().map_err(|_| wrong())?;
        let points = whole * 100 + part;
        u16::try_from(points)
            .ok()
            .and_then(|points| Self::from_basis_points(points).ok())
            .ok_or(InvalidWeight::TooLarge {
                basis_points: points,
            })
    }
}

impl TryFrom<String> for Weight {
    type Error = InvalidWeight;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Weight> for String {
    fn from(weight: Weight) -> Self {
        weight.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_reads_and_writes_as_a_percentage() {
        for (text, points) in [
            ("0%", 0),
            ("0.01%", 1),
            ("0.5%", 50),
            ("5%", 500),
            ("33.33%", 3333),
            ("100%", 10_000),
            ("100.00%", 10_000),
        ] {
            let weight: Weight = text.parse().unwrap();
            assert_eq!(weight.basis_points(), points, "{text}");
            assert_eq!(weight.to_string().parse::<Weight>().unwrap(), weight);
        }
        for text in [
            "",
            "%",
            "5",
            "%5",
            "-1%",
            "+1%",
            "1.+1%",
            "101%",
            "100.01%",
            "0.001%",
            "5.%",
            ".5%",
            "1e2%",
            "5 5%",
            "99999999%",
            "9999999999%",
        ] {
            assert!(text.parse::<Weight>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_too_large_is_told_apart_from_what_is_no_number() {
        let error = |text: &str| text.parse::<Weight>().unwrap_err();
        for (text, basis_points) in [("100.01%", 10_001), ("999999%", 99_999_900)] {
            assert_eq!(error(text), InvalidWeight::TooLarge { basis_points });
        }
        for text in ["1000000%", "1.234%", "x%"] {
            let text = text.to_owned();
            assert_eq!(error(&text), InvalidWeight::NotAPercentage { text });
        }
    }

    #[test]
    fn every_weight_survives_text() {
        for points in 0..=10_000 {
            let weight = Weight::from_basis_points(points).unwrap();
            assert_eq!(weight.to_string().parse::<Weight>().unwrap(), weight);
        }
        assert!(Weight::from_basis_points(10_001).is_err());
        assert_eq!(
            Weight::from_percent(u16::MAX).unwrap_err().to_string(),
            "a weight is at most 100%, and this is 65535.00%"
        );
    }

    #[test]
    fn shares_round_up_and_never_overflow() {
        let share = |percent| Weight::from_percent(percent).unwrap();
        assert_eq!(share(10).ceil_of(3), 1);
        assert_eq!(share(33).ceil_of(10), 4);
        assert_eq!(share(100).ceil_of(u32::MAX), u32::MAX);
        assert_eq!(Weight::of(1, 3).basis_points(), 3333);
        assert_eq!(Weight::of(2, 3).basis_points(), 6667);
        assert_eq!(Weight::of(0, 0), Weight::ZERO);
        assert_eq!(Weight::of(3, 2), Weight::FULL, "more than all is all");
    }
}
