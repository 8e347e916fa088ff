//! Windows on a grid, in order, each once.

use std::time::Duration;

use proptest::prelude::*;
use strategy_core::plan::Extension;

use super::*;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn window(from: u64, to: u64) -> Window {
    Window {
        from: at(from),
        to: at(to),
    }
}

fn rhythm(period: u64, settle: u64) -> Rhythm {
    Rhythm::new(Duration::from_secs(period), Duration::from_secs(settle))
}

fn look(memory: Memory) -> Look {
    let mut look = Look::new("errors", Extension::new("memory"), window(0, 1));
    look.memory = memory;
    look
}

/// What can be told of after each of these windows, watched at that weight.
fn told(rhythm: Rhythm, watched: &[(u64, u64, u16)]) -> Vec<Vec<(u64, u64)>> {
    let mut ledger = Ledger::default();
    let seconds = |window: Window| (window.from.as_millis() / 1000, window.to.as_millis() / 1000);
    watched
        .iter()
        .map(|(from, to, weight)| {
            let mut kept =
                Ledger::read(&look(ledger.memory(&CheckName::from("errors")).unwrap())).unwrap();
            kept.watched(window(*from, *to), *weight, "labels");
            let settled = kept.settled(rhythm, at(*to)).told;
            ledger = kept;
            settled
                .into_iter()
                .map(|told| seconds(told.window))
                .collect()
        })
        .collect()
}

#[test]
fn without_a_rhythm_each_window_is_told_of_at_once() {
    let found = told(rhythm(0, 0), &[(7, 12, 500), (12, 17, 500), (20, 25, 1000)]);
    assert_eq!(found, [[(7, 12)], [(12, 17)], [(20, 25)]]);
}

#[test]
fn a_period_is_told_of_once_after_it_has_settled() {
    let watched: Vec<_> = (0..10).map(|n| (50 + n * 30, 80 + n * 30, 500)).collect();
    let found = told(rhythm(60, 90), &watched);
    assert_eq!(
        found,
        [
            vec![],
            vec![],
            vec![],
            vec![],
            vec![],
            vec![(60, 120)],
            vec![],
            vec![(120, 180)],
            vec![],
            vec![(180, 240)],
        ]
    );
}

#[test]
fn a_period_across_a_change_of_weight_belongs_to_nobody() {
    let found = told(rhythm(60, 0), &[(0, 130, 500), (130, 250, 1000)]);
    assert_eq!(found, [[(0, 120)], [(180, 240)]]);
}

#[test]
fn a_period_across_two_windows_of_one_weight_is_told_of() {
    let found = told(rhythm(60, 0), &[(0, 90, 500), (90, 130, 500)]);
    assert_eq!(found, [[(0, 60)], [(60, 120)]]);
}

#[test]
fn what_has_not_settled_waits_though_the_weight_has_changed() {
    let found = told(
        rhythm(60, 60),
        &[(0, 120, 500), (125, 185, 1000), (185, 310, 1000)],
    );
    assert_eq!(found, [vec![(0, 60)], vec![(60, 120)], vec![(180, 240)]]);
}

#[test]
fn what_waited_under_other_labels_is_given_up() {
    let mut ledger = Ledger::default();
    ledger.watched(window(0, 120), 500, "one");
    ledger.watched(window(120, 240), 500, "other");
    let settled = ledger.settled(rhythm(60, 0), at(240)).told;
    assert_eq!(settled.len(), 1);
    assert_eq!(settled[0].window, window(120, 240));
    assert_eq!(settled[0].share(), Weight::from_basis_points(500).ok());
    assert_eq!(
        settled[0].since,
        at(120),
        "nobody watched these series before"
    );
}

/// Which windows are settled after each of these, and since when windows adjoin up to them.
#[test]
fn what_is_told_of_knows_since_when_it_was_watched() {
    let mut ledger = Ledger::default();
    let mut found = Vec::new();
    for (from, to, weight) in [
        (0, 30, 500),
        (30, 60, 500),
        (60, 90, 1000),
        (95, 125, 1000),
        (125, 155, 1000),
    ] {
        ledger = Ledger::read(&look(ledger.memory(&CheckName::from("errors")).unwrap())).unwrap();
        ledger.watched(window(from, to), weight, "labels");
        let settled = ledger.settled(rhythm(0, 5), at(to)).told;
        found.push(
            settled
                .into_iter()
                .map(|told| (told.window, told.since))
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(
        found,
        [
            vec![(window(0, 25), at(0))],
            vec![(window(25, 55), at(0))],
            vec![(window(55, 60), at(0)), (window(60, 85), at(60))],
            vec![(window(85, 90), at(60)), (window(95, 120), at(95))],
            vec![(window(120, 150), at(95))],
        ]
    );
}

#[test]
fn a_window_that_was_too_short_is_told_of_with_the_next_one() {
    for settle in [0, 7] {
        let mut ledger = Ledger::default();
        let mut last = Vec::new();
        for (from, to, weight, too_short, told) in [
            (0, 10, 500, true, window(0, 10 - settle)),
            (10, 20, 500, true, window(0, 20 - settle)),
            (20, 30, 500, false, window(0, 30 - settle)),
            (30, 40, 500, true, window(30 - settle, 40 - settle)),
            // What nothing can adjoin any more is asked for once more, and given up.
            (45, 55, 500, true, window(45, 55 - settle)),
            (55, 65, 1000, true, window(55, 65 - settle)),
            (65, 75, 1000, false, window(55, 75 - settle)),
        ] {
            ledger =
                Ledger::read(&look(ledger.memory(&CheckName::from("errors")).unwrap())).unwrap();
            ledger.watched(window(from, to), weight, "labels");
            let settled = ledger.settled(rhythm(0, settle), at(to)).told;
            last = settled.clone();
            for one in settled {
                if too_short {
                    ledger.was_too_short(one);
                }
            }
            assert_eq!(
                last.last().unwrap().window,
                told,
                "settled after {settle} s"
            );
        }
        assert_eq!(last.len(), 1, "{last:?}");
    }
}

#[test]
fn what_another_version_remembered_is_refused() {
    for (text, named) in [
        (r#"{"v":9,"state":""}"#, "format 9"),
        (r#"{"v":900,"new":[1],"state":{}}"#, "format 900"),
        (r#"{"v":1,"new":[1],"state":""}"#, "unknown field `new`"),
        (r#"{"v":1,"state":"*"}"#, "cannot be read"),
        (r#"{"v":1}"#, "state"),
        ("?", "cannot be read"),
    ] {
        let error = Ledger::read(&look(Memory::new(text).unwrap())).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains(named) && error.contains("resume with"),
            "{error}"
        );
    }
}

#[test]
fn what_is_judged_by_none_is_told() {
    let mut ledger = Ledger::default();
    assert_eq!(ledger.watched(window(0, 130), 500, "one"), None);
    let minutes = rhythm(60, 0);
    assert_eq!(ledger.settled(minutes, at(130)).given_up, [""; 0]);
    assert_eq!(ledger.watched(window(130, 250), 1000, "one"), None);
    assert_eq!(
        ledger.settled(minutes, at(250)).given_up,
        [
            "from 1970-01-01T00:02:00Z to 1970-01-01T00:02:10Z nothing is judged: it lies in no whole period that the \
             source tells of, 1m long"
        ]
    );
    let given_up = ledger.watched(window(250, 260), 1000, "other").unwrap();
    assert_eq!(
        given_up,
        "from 1970-01-01T00:04:00Z to 1970-01-01T00:04:10Z nothing is judged: the tracks have other labels now, by \
         which the source no longer finds it"
    );
    for n in 0..WAITING as u64 + 2 {
        let given_up = ledger.watched(window(300 + n * 10, 305 + n * 10), 1000, "other");
        assert_eq!(given_up.is_some(), n + 1 >= WAITING as u64, "{n}");
        assert!(given_up.is_none_or(|note| note.contains("more than 8 windows wait")));
    }
}

#[test]
fn a_window_that_stays_too_short_is_told() {
    let mut ledger = Ledger::default();
    let always = rhythm(0, 0);
    ledger.watched(window(0, 10), 500, "one");
    let first = ledger.settled(always, at(10)).told[0];
    assert_eq!(ledger.was_too_short(first), None);
    // Of another share: nothing adjoins the first any more.
    ledger.watched(window(10, 20), 1000, "one");
    let told = ledger.settled(always, at(20)).told;
    assert_eq!(told.len(), 2);
    assert_eq!(
        ledger.was_too_short(told[0]).unwrap(),
        "from 1970-01-01T00:00:00Z to 1970-01-01T00:00:10Z nothing is judged: it is too short for the source, and \
         no window of the same share adjoins it"
    );
    assert_eq!(ledger.was_too_short(told[1]), None);
}

#[test]
fn the_largest_ledger_fits_into_a_memory() {
    let mut ledger = Ledger {
        state: State::from_bytes(vec![255; State::LIMIT]),
        ..Ledger::default()
    };
    for n in 0..20 {
        let from = 253_402_300_000_000 + n * 10;
        let window = Window {
            from: Timestamp::from_millis(from),
            to: Timestamp::from_millis(from + 5),
        };
        ledger.watched(window, 10_000, "0123456789abcdef");
    }
    assert_eq!(ledger.waiting.len(), WAITING);
    // The first may be the rest of one that began ten years ago; no other one can.
    ledger.waiting[0].since = Timestamp::from_millis(252_000_000_000_000);
    let last = ledger.waiting.last().map(|waiting| waiting.window.to);
    let newest = Timestamp::from_millis(253_402_300_000_000 + 19 * 10 + 5);
    assert_eq!(last, Some(newest), "the oldest is given up");
    let memory = ledger.memory(&CheckName::from("errors")).unwrap();
    assert_eq!(Ledger::read(&look(memory)).unwrap(), ledger);
}

proptest! {
    /// Whatever turns out too short: what is told of at last lies in order, apart, and within one stretch.
    #[test]
    fn what_was_too_short_is_told_of_once(
        settle in 0_u64..60,
        steps in prop::collection::vec((prop::bool::weighted(0.2), 1_u64..100, 0_u16..2, any::<bool>()), 1..40),
    ) {
        let (mut now, mut last) = (1_000, 0);
        let mut ledger = Ledger::default();
        let mut watched = Vec::new();
        for (gap, length, weight, too_short) in steps {
            let from = now + u64::from(gap);
            now = from + length;
            watched.push((from, now, weight));
            ledger = Ledger::read(&look(ledger.memory(&CheckName::from("errors")).unwrap())).unwrap();
            ledger.watched(window(from, now), weight, "labels");
            for settled in ledger.settled(rhythm(0, settle), at(now)).told {
                if too_short {
                    ledger.was_too_short(settled);
                    continue;
                }
                let told = settled.window;
                prop_assert!(at(last) <= told.from && told.to <= at(now - settle));
                last = told.to.as_millis() / 1000;
                let within = watched.iter().filter(|(from, to, _)| at(*from) < told.to && settled.since < at(*to));
                let within: Vec<_> = within.collect();
                prop_assert_eq!(at(within[0].0), settled.since);
                let adjoin = within.windows(2).all(|pair| pair[0].1 == pair[1].0 && pair[0].2 == pair[1].2);
                prop_assert!(adjoin, "{:?}", within);
            }
        }
    }

    /// Whatever is watched, and however often: what is told of lies on the grid, in order, apart, within what
    /// was watched, and old enough.
    #[test]
    fn nothing_is_told_of_twice(
        period in 0_u64..90,
        settle in 0_u64..200,
        steps in prop::collection::vec((0_u64..40, 1_u64..100, 0_u16..3), 1..40),
    ) {
        let mut now = 1_000;
        let watched: Vec<_> = steps
            .iter()
            .map(|(gap, length, weight)| {
                let from = now + gap;
                now = from + length;
                (from, now, *weight)
            })
            .collect();
        let found = told(rhythm(period, settle), &watched);
        let mut last = 0;
        for (told, (_, now, _)) in found.iter().zip(&watched) {
            for (from, to) in told {
                prop_assert!(last <= *from && from < to && to + settle <= *now);
                if period > 0 {
                    prop_assert_eq!((from % period, to % period), (0, 0));
                }
                let mut seen = watched.iter().filter(|(start, end, _)| start < to && from < end);
                let first = seen.next().unwrap();
                prop_assert!(first.0 <= *from);
                prop_assert!(seen.all(|(_, _, weight)| *weight == first.2));
                last = *to;
            }
        }
    }
}
