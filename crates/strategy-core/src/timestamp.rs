//! A point in time as milliseconds since the Unix epoch, and durations as text.

use std::fmt;
use std::ops::Add;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Wall-clock time in milliseconds since the Unix epoch.
///
/// The only kind of time in this crate; it is always an argument, never read from a clock.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// So many milliseconds after the Unix epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// How long ago `earlier` was, or zero if it is not earlier.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// This long before, not before the epoch.
    #[must_use]
    pub fn before(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(millis(by)))
    }
}

/// Saturates at the largest timestamp.
impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, by: Duration) -> Self {
        Self(self.0.saturating_add(millis(by)))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match i64::try_from(self.0)
            .ok()
            .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        {
            Some(at) => write!(f, "{at:.0}"),
            None => write!(f, "{} ms after the epoch", self.0),
        }
    }
}

/// Durations as people write them: `90s`, `5m`, `1h30m`.
pub mod duration {
    use std::time::Duration;

    use jiff::SignedDuration;
    use jiff::fmt::friendly::SpanPrinter;
    use serde::{Deserialize, Deserializer, Serializer, de};

    /// As text that [`parse`] reads back.
    pub fn format(duration: Duration) -> String {
        let signed = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
        SpanPrinter::new()
            .spacing(jiff::fmt::friendly::Spacing::None)
            .duration_to_string(&signed)
    }

    /// Reads `90s`, `5m`, `1h30m`, `250ms`.
    ///
    /// # Errors
    /// A sentence that says what is wrong and how it is written.
    pub fn parse(text: &str) -> Result<Duration, String> {
        let wrong = || {
            let shown: String = text.chars().take(40).collect();
            format!(
                "`{shown}` is no duration: write a number and a unit, such as `90s`, `5m` or `1h30m`"
            )
        };
        let signed: SignedDuration = text.trim().parse().map_err(|_| wrong())?;
        Duration::try_from(signed).map_err(|_| wrong())
    }

    /// For `#[serde(with = "duration")]`.
    ///
    /// # Errors
    /// The serializer's own.
    pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format(*duration))
    }

    /// For `#[serde(with = "duration")]`.
    ///
    /// # Errors
    /// When the text is no duration.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        for (text, seconds) in [("90s", 90), ("5m", 300), ("1h30m", 5400), ("0s", 0)] {
            assert_eq!(
                duration::parse(text).unwrap(),
                Duration::from_secs(seconds),
                "{text}"
            );
            let read = duration::parse(&duration::format(Duration::from_secs(seconds))).unwrap();
            assert_eq!(read, Duration::from_secs(seconds));
        }
        for text in ["", "5", "-5m", "five", "5 parsecs"] {
            assert!(duration::parse(text).is_err(), "{text}");
        }
        assert_eq!(duration::format(Duration::from_secs(5400)), "1h30m");
    }

    #[test]
    fn time_saturates() {
        let end = Timestamp::from_millis(u64::MAX);
        assert_eq!(end + Duration::MAX, end);
        assert_eq!(Timestamp::default().since(end), Duration::ZERO);
        assert_eq!(
            Timestamp::from_millis(1_700_000_000_000).to_string(),
            "2023-11-14T22:13:20Z"
        );
    }
}
