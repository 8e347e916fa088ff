//! How much evidence there can be: by hand, and as a judge and the ledger of windows reach it.

use strategy_core::analysis::{Count, Window};
use strategy_core::{Timestamp, Tracks};

use super::*;
use crate::judge::weighing::{Failures, Gathered};
use crate::judge::{Judge as _, SequentialRatio, Sight};
use crate::ledger::Ledger;
use crate::reading::{Data, Events, Reading};
use crate::source::Admitted;
use crate::state::State;

const UNIT_WINDOW: Duration = Duration::from_secs(30);

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn span(length: u64, percent: u16) -> Span {
    Span::new(seconds(length), Weight::from_percent(percent).unwrap())
}

/// Looks each so many seconds, of a source with such periods that tells so many seconds late.
fn looks(interval: u64, period: u64, settle: u64) -> Prospect {
    Prospect {
        interval: seconds(interval),
        rhythm: Rhythm::new(seconds(period), seconds(settle)),
        ..Prospect::default()
    }
}

fn most(spans: &[Span], prospect: &Prospect, tolerated: f64) -> Option<f64> {
    most_of_shares(spans, prospect, UNIT_WINDOW, tolerated, Starts::once())
}

#[test]
fn each_full_window_weighs_at_most_as_much_as_the_share_goes_into_one() {
    for (spans, tolerated, expected) in [
        (&[span(29, 10)][..], 1.0, 1.0_f64),
        (&[span(30, 10)], 1.0, 10.0),
        (&[span(89, 20)], 1.0, 25.0),
        (&[span(60, 10), span(40, 50)], 1.0, 200.0),
        (&[span(60, 50)], 3.0, 16.0 / 9.0),
        (&[span(600, 100)], 1.0, 1.0),
        // One share goes on beyond a stage, and so does a window.
        (&[span(40, 10), span(20, 10)], 1.0, 100.0),
        (&[span(50, 10), span(20, 50), span(40, 10)], 1.0, 100.0),
    ] {
        let found = most(spans, &looks(10, 0, 0), tolerated).unwrap();
        assert!((found - expected.ln()).abs() < 1e-9, "{spans:?}: {found}");
    }
    let unbounded = most(&[span(60, 0)], &looks(10, 0, 0), 1.0);
    assert_eq!(unbounded, None, "whatever fails is more than its part");
    let unknown = most(&[span(60, 10)], &Prospect::default(), 1.0);
    assert_eq!(unknown, None, "how often it looks");
    // To begin anew costs the half of the weight.
    let starts = Starts::new(seconds(60), seconds(3600));
    let found = most_of_shares(&[span(60, 10)], &looks(30, 0, 0), UNIT_WINDOW, 1.0, starts);
    assert!((50.0..51.0).contains(&found.unwrap().exp()), "{found:?}");
}

#[test]
fn a_window_ends_with_a_look() {
    // Interval, period, settle, and how long the spans are: how many windows there are.
    for (interval, period, settle, lengths, expected) in [
        (30, 0, 0, &[60][..], 2),
        (20, 0, 0, &[60], 1),
        (20, 0, 0, &[80], 2),
        (60, 0, 0, &[120], 2),
        (30, 0, 5, &[60], 1),
        (30, 0, 5, &[60, 60], 2),
        // The last look comes with the end, whatever the interval.
        (50, 0, 0, &[80], 2),
        // What is told late of a span is told while the next one is judged.
        (25, 0, 10, &[75], 1),
        (25, 0, 10, &[75, 20], 2),
        (60, 0, 300, &[300], 0),
        (60, 0, 300, &[360], 1),
        (60, 60, 120, &[120, 30], 2),
        (30, 60, 0, &[300], 5),
        (60, 60, 120, &[300], 3),
        // Looks that begin 5 s after a period see 20 s, 40 s, 70 s, 90 s and 120 s.
        (25, 10, 0, &[125], 3),
    ] {
        let shares = [10, 20];
        let spans = lengths.iter().zip(shares);
        let spans: Vec<_> = spans.map(|(length, share)| span(*length, share)).collect();
        let prospect = looks(interval, period, settle);
        let windows = full_windows(&spans, &prospect);
        let at =
            format!("each {interval} s in periods of {period} s, {settle} s late, {lengths:?}");
        assert_eq!(windows, expected, "{at}");
    }
}

/// As many as are reckoned with, of spans of which each is at 10% or 20%.
fn full_windows(spans: &[Span], prospect: &Prospect) -> usize {
    let mut of_one_share = spans
        .chunk_by(|one, next| one.share == next.share)
        .peekable();
    let mut windows = 0;
    while let Some(spans) = of_one_share.next() {
        let looks = Looks::of(spans, prospect, UNIT_WINDOW, of_one_share.peek().is_some()).unwrap();
        windows += looks.most_windows().len();
    }
    windows
}

/// The full windows of a check that begins so many seconds after a period, with ten seconds between two spans, in which
/// nobody watches: of a ledger, and of what gathers failures.
fn reached(spans: &[Span], prospect: &Prospect, begin: u64) -> usize {
    let (mut ledger, mut gathered) = (Ledger::default(), Gathered::default());
    let mut from = Timestamp::from_millis(begin * 1_000);
    let mut windows = 0;
    for span in spans {
        let end = from + span.length;
        while from < end {
            let to = (from + prospect.interval).min(end);
            ledger.watched(Window { from, to }, span.share.basis_points(), "");
            for told in ledger.settled(prospect.rhythm, to).told {
                let look = Failures {
                    all: 1_000,
                    candidate: 1_000,
                    share: 0.1,
                    units: 1,
                    written: u64::from(told.weight),
                    window: told.window,
                };
                let over = gathered.add(&look, UNIT_WINDOW).into_iter();
                windows += over.filter(|over| over.seen > over.expected).count();
            }
            from = to;
        }
        from = end + seconds(10);
    }
    windows
}

#[test]
fn what_is_reckoned_with_is_what_a_ledger_and_its_windows_reach() {
    for interval in [10, 20, 25, 30, 40, 60, 90] {
        for (period, settle) in [
            (0, 0),
            (0, 5),
            (0, 20),
            (0, 70),
            (10, 0),
            (15, 20),
            (60, 120),
        ] {
            let prospect = looks(interval, period, settle);
            for length in [30, 60, 75, 100, 300] {
                let alone = [span(length, 10)];
                let begins = || 0..period.max(1);
                let at = format!(
                    "each {interval} s in periods of {period} s, {settle} s late, {length} s"
                );
                let best = begins()
                    .map(|begin| reached(&alone, &prospect, begin))
                    .max();
                assert_eq!(Some(full_windows(&alone, &prospect)), best, "{at}");
                let two = [span(length, 10), span(120, 20)];
                let best = begins().map(|begin| reached(&two, &prospect, begin)).max();
                assert!(
                    Some(full_windows(&two, &prospect)) >= best,
                    "{at}: {best:?}"
                );
            }
        }
    }
}

/// Everything of the candidate fails, by unit, and nothing of stable: as much as there can be.
#[test]
fn a_judge_fails_where_evidence_can_be_enough_and_else_does_not() {
    let judge = SequentialRatio::default();
    let units = Admitted {
        units: Some(4),
        ..Admitted::default()
    };
    // Of Prometheus by default, which is read 5 s after the end of a window, looks each 30 s see 25 s and then 30 s.
    for (interval, settle, bake, percent, is_enough) in [
        (30, 5, 60, 5, false),
        (30, 5, 90, 5, true),
        (20, 0, 60, 5, false),
        (20, 0, 80, 5, true),
        (60, 0, 120, 20, false),
        (30, 0, 120, 20, true),
        (40, 0, 80, 5, true),
        (30, 0, 60, 5, true),
    ] {
        let (mut state, mut most) = (State::default(), f64::NEG_INFINITY);
        let moment = |at: u64| Timestamp::from_millis(at.saturating_sub(settle) * 1_000);
        for look in 0..bake / interval {
            let window = Window {
                from: moment(look * interval),
                to: moment((look + 1) * interval),
            };
            let of = |total: u64, failed: u64| {
                let units = [("a".to_owned(), Count { total, failed })];
                Reading::Told(Data::Events(Events::of_units(units)))
            };
            let candidate = u64::from(percent) * 1_000;
            let readings = Tracks {
                stable: of(100_000 - candidate, 0),
                candidate: of(candidate, candidate),
            };
            let mut sight = Sight::new(window, readings, 0.01);
            sight.share = Some(Weight::from_percent(percent).unwrap());
            let judgement = judge.judge(&sight, &state).unwrap();
            most = most.max(judgement.log_evidence.unwrap());
            state = judgement.state;
        }
        let mut prospect = looks(interval, 0, settle);
        prospect.source = Tracks {
            stable: units.clone(),
            candidate: units.clone(),
        };
        let told = judge
            .most_evidence(&prospect, &[span(bake, percent)])
            .unwrap();
        let needed = 100.0_f64.ln();
        let at = format!("each {interval} s, {settle} s late, {bake} s at {percent}%");
        assert_eq!(
            (most >= needed, told >= needed),
            (is_enough, is_enough),
            "{at}: {most}, {told}"
        );
        assert!(most <= told, "{at}: {most}, {told}");
    }
}
