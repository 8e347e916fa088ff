//! What the pods have served.

use std::collections::BTreeMap;
use std::fmt;

/// How a request or a connection ended, as the pod sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Served {
    /// Answered with this status: handed to the connection whole, which writes it at once.
    Answered(u16),
    /// The client went away before it was answered.
    Abandoned,
    /// The pod ended before it had answered, or broke the connection.
    Reset,
    /// A connection, not a request: nobody was there to take it, or it was not taken on purpose.
    Refused,
}

/// Requests that have ended, by pod, version and outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    seed: u64,
    /// Pod, version. Of connections that were refused, the address for want of a pod.
    counts: BTreeMap<(String, String, Served), u64>,
}

impl Tally {
    pub(crate) const fn new(seed: u64) -> Self {
        Self {
            seed,
            counts: BTreeMap::new(),
        }
    }

    pub(crate) fn count(&mut self, pod: &str, version: &str, served: Served) {
        let key = (pod.to_owned(), version.to_owned(), served);
        *self.counts.entry(key).or_insert(0) += 1;
    }

    /// The seed of everything that was chance.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Pod (`NAMESPACE/NAME`), version, outcome and how often, in this order. Of refused connections to an
    /// address without a pod, the address stands for the pod, and the version is empty.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, Served, u64)> {
        self.counts.iter().map(|((pod, version, served), count)| {
            (pod.as_str(), version.as_str(), *served, *count)
        })
    }

    /// Requests to this version that ended, refused connections aside.
    #[must_use]
    pub fn of(&self, version: &str) -> u64 {
        self.sum(|_, of, served| of == version && served != Served::Refused)
    }

    /// All that ended so, whatever the pod.
    #[must_use]
    pub fn with(&self, wanted: Served) -> u64 {
        self.sum(|_, _, served| served == wanted)
    }

    fn sum(&self, wanted: impl Fn(&str, &str, Served) -> bool) -> u64 {
        self.iter()
            .filter(|(pod, version, served, _)| wanted(pod, version, *served))
            .map(|(_, _, _, count)| count)
            .sum()
    }
}

impl fmt::Display for Served {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered(status) => write!(formatter, "{status}"),
            Self::Abandoned => formatter.write_str("abandoned"),
            Self::Reset => formatter.write_str("reset"),
            Self::Refused => formatter.write_str("refused"),
        }
    }
}

/// One line for each pod, version and outcome, after the seed.
impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "seed {}", self.seed)?;
        for (pod, version, served, count) in self.iter() {
            write!(formatter, "\n{pod} {version} {served}: {count}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_pod_version_and_outcome() {
        let mut tally = Tally::new(7);
        for (pod, served) in [
            ("shop/a", Served::Answered(200)),
            ("shop/a", Served::Answered(200)),
            ("shop/b", Served::Answered(500)),
            ("shop/b", Served::Reset),
            ("shop/b", Served::Refused),
        ] {
            tally.count(pod, "v1", served);
        }
        tally.count("127.1.0.9", "", Served::Refused);
        assert_eq!((tally.of("v1"), tally.with(Served::Refused)), (4, 2));
        assert_eq!(
            tally.to_string(),
            "seed 7\n127.1.0.9  refused: 1\nshop/a v1 200: 2\nshop/b v1 500: 1\nshop/b v1 reset: 1\nshop/b v1 refused: 1"
        );
    }
}
