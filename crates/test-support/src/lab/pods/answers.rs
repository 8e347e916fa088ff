//! What a request is answered: pure but for the dice.

use std::time::Duration;

use super::behaviour::{Behaviour, FaultKind, Latency};
use crate::lab::dice::Dice;

/// The 95th percentile of the standard normal distribution.
const Z95: f64 = 1.644_853_626_951_472_2;

/// A request, as far as the answer depends on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) path: &'a str,
    /// Of the pod.
    pub(crate) age: Duration,
    /// Of the server.
    pub(crate) moment: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// With status 200.
    Good { wait: Duration },
    /// With status 500.
    Error { wait: Duration },
    /// Never.
    Hang,
    /// By the end of its connection.
    Reset { wait: Duration },
}

/// What one pod answers, one request after the other.
#[derive(Debug)]
pub(crate) struct Answers {
    dice: Dice,
    /// For each fault, how many requests its burst still has.
    bursts: Vec<u32>,
}

impl Answers {
    pub(crate) fn new(dice: Dice, behaviour: &Behaviour) -> Self {
        Self {
            dice,
            bursts: vec![0; behaviour.faults.len()],
        }
    }

    pub(crate) fn next(&mut self, behaviour: &Behaviour, ask: Ask<'_>) -> Answer {
        let wait = behaviour
            .latency
            .map_or(Duration::ZERO, |latency| self.draw(latency));
        for (fault, left) in behaviour.faults.iter().zip(&mut self.bursts) {
            if !fault.scope.strikes_at(ask.age, ask.moment) || !fault.scope.has_path(ask.path) {
                continue;
            }
            match fault.kind {
                FaultKind::Errors { share, burst } => {
                    if *left == 0 && self.dice.chance(begins(share, burst)) {
                        *left = burst;
                    }
                    if *left > 0 {
                        *left -= 1;
                        return Answer::Error { wait };
                    }
                }
                FaultKind::Hang { share } => {
                    if self.dice.chance(share) {
                        return Answer::Hang;
                    }
                }
                FaultKind::Reset { share } => {
                    if self.dice.chance(share) {
                        return Answer::Reset { wait };
                    }
                }
                // Connections are refused, not requests.
                FaultKind::Refuse => {}
            }
        }
        Answer::Good { wait }
    }

    fn draw(&mut self, latency: Latency) -> Duration {
        let (median, p95) = (latency.median.as_secs_f64(), latency.p95.as_secs_f64());
        let spread = (p95 / median).ln() / Z95;
        // At most some hundred times the median: a normal draw of more than 9 is not to be had from 53 bits.
        Duration::from_secs_f64(median * (spread * self.dice.normal()).exp())
    }
}

/// The probability that a burst begins with a request that is in none, so that `share` of all requests
/// are in one: between bursts of length `b` lie `(1 - p) / p` good requests on average, and `p` solves
/// `share = b / (b + (1 - p) / p)`.
fn begins(share: f64, burst: u32) -> f64 {
    share / (f64::from(burst) * (1.0 - share) + share)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EARLY: Ask<'_> = Ask {
        path: "/",
        age: Duration::ZERO,
        moment: Duration::ZERO,
    };

    fn answers(tag: &str, count: usize, ask: Ask<'_>) -> Vec<Answer> {
        let behaviour = Behaviour::parse(&format!("web:{tag}"), None).unwrap();
        let mut answers = Answers::new(Dice::new(7), &behaviour);
        (0..count).map(|_| answers.next(&behaviour, ask)).collect()
    }

    fn errors(answers: &[Answer]) -> usize {
        let errors = answers.iter();
        errors
            .filter(|answer| matches!(answer, Answer::Error { .. }))
            .count()
    }

    /// The lengths of the runs of errors.
    fn runs(answers: &[Answer]) -> Vec<usize> {
        answers
            .split(|answer| !matches!(answer, Answer::Error { .. }))
            .map(<[Answer]>::len)
            .filter(|length| *length > 0)
            .collect()
    }

    #[test]
    fn a_healthy_pod_answers_everything_at_once() {
        let good = Answer::Good {
            wait: Duration::ZERO,
        };
        assert!(
            answers("v1", 1_000, EARLY)
                .iter()
                .all(|answer| *answer == good)
        );
    }

    #[test]
    fn errors_have_their_share_with_and_without_bursts() {
        let single = answers("v1_errors-5", 20_000, EARLY);
        // 1000 are expected; a standard deviation is 31.
        assert!(
            (850..1_150).contains(&errors(&single)),
            "{}",
            errors(&single)
        );
        assert!(runs(&single).iter().filter(|run| **run == 1).count() > 700);
        let bursts = answers("v1_errors-5-burst-10", 100_000, EARLY);
        // 500 bursts are expected; a standard deviation is 22 of them.
        assert!(
            (3_900..6_100).contains(&errors(&bursts)),
            "{}",
            errors(&bursts)
        );
        assert!(runs(&bursts).iter().all(|run| run.is_multiple_of(10)));
        assert_eq!(errors(&answers("v1_errors-100", 1_000, EARLY)), 1_000);
        assert_eq!(
            errors(&answers("v1_errors-100-burst-3", 1_000, EARLY)),
            1_000
        );
    }

    #[test]
    fn latency_has_its_median_and_its_95th_percentile() {
        let mut waits: Vec<u128> = answers("v1_latency-40ms-120ms", 20_000, EARLY)
            .into_iter()
            .map(|answer| match answer {
                Answer::Good { wait } => wait.as_micros(),
                Answer::Error { .. } | Answer::Hang | Answer::Reset { .. } => panic!("{answer:?}"),
            })
            .collect();
        waits.sort_unstable();
        let (median, p95) = (waits[10_000], waits[19_000]);
        assert!((38_800..41_200).contains(&median), "{median}");
        assert!((114_000..126_000).contains(&p95), "{p95}");
        let same = answers("v1_latency-40ms", 10, EARLY);
        let wait = Duration::from_millis(40);
        assert!(same.iter().all(|answer| *answer == Answer::Good { wait }));
    }

    #[test]
    fn faults_keep_to_their_scope() {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        let (age, moment) = (minutes(9), minutes(9));
        let strikes = |tag: &str, ask: Ask<'_>| errors(&answers(tag, 1, ask)) == 1;
        for (age, expected) in [(age, false), (minutes(10), true)] {
            let ask = Ask { age, ..EARLY };
            assert_eq!(strikes("v1_errors-100_after-10m", ask), expected, "{age:?}");
        }
        for (path, expected) in [
            ("/", false),
            ("/cart", true),
            ("/cart/2", true),
            ("/cartoons", false),
        ] {
            let ask = Ask { path, ..EARLY };
            assert_eq!(strikes("v1_errors-100_on-cart", ask), expected, "{path}");
        }
        for (moment, expected) in [(minutes(8), false), (moment, true), (minutes(10), false)] {
            let ask = Ask { moment, ..EARLY };
            assert_eq!(
                strikes("v1_errors-100_between-9m-10m", ask),
                expected,
                "{moment:?}"
            );
        }
    }

    #[test]
    fn the_first_fault_that_strikes_decides() {
        assert_eq!(answers("v1_hang_errors-100", 1, EARLY), [Answer::Hang]);
        assert_eq!(errors(&answers("v1_errors-100_hang", 5, EARLY)), 5);
        let wait = Duration::ZERO;
        for (tag, struck) in [
            ("v1_hang-20", Answer::Hang),
            ("v1_reset-20", Answer::Reset { wait }),
        ] {
            let some = answers(tag, 10_000, EARLY);
            let count = some.iter().filter(|answer| **answer == struck).count();
            assert!((1_800..2_200).contains(&count), "{tag}: {count}");
        }
    }
}
