//! Surge and what may be missing, and percents of counts.

use super::*;

#[test]
fn bounds_of_a_rolling_update() {
    const FENCEPOSTS: &str = "argo-rollouts TestResolveFenceposts";
    const UNAVAILABLE: &str = "argo-rollouts TestMaxUnavailable";
    // source, surge, unavailable, replicas, surge in replicas, unavailable in replicas
    #[rustfmt::skip]
    let rows = [
        (FENCEPOSTS, "39%", "39%", 10, 4, 3),
        (FENCEPOSTS, "0", "39%", 10, 0, 3),
        (FENCEPOSTS, "39%", "0", 10, 4, 0),
        (UNAVAILABLE, "0", "5", 10, 0, 5),
        (UNAVAILABLE, "0", "10", 5, 0, 5),
        (UNAVAILABLE, "0", "1", 0, 0, 0),
        (UNAVAILABLE, "0", "50%", 10, 0, 5),
        (UNAVAILABLE, "0", "100%", 5, 0, 5),
    ];
    for (source, surge, unavailable, replicas, up, down) in rows {
        let surge: Amount = surge.parse().unwrap();
        let unavailable: Amount = unavailable.parse().unwrap();
        assert_eq!(
            (
                surge.rounded_up(replicas),
                unavailable.rounded_down(replicas)
            ),
            (up, down),
            "{source}: {surge} and {unavailable} of {replicas}"
        );
    }
    // Both zero: they take one replica away; `Rolling` adds one instead (see its tests), since a write
    // of ours never lets the ready replicas fall below the baseline.
    for text in ["oops", "", "-1", "101%", "%5", "1.5"] {
        assert!(text.parse::<Amount>().is_err(), "{text}");
    }
}

#[test]
fn replicas_to_percent_and_back() {
    // OpenKruise's util_test.go: whole percents, cut off. Ours are basis points, rounded: a third is
    // 33.33% and not 33%, 98 of 99 is 98.99% and not 97%.
    for (part, whole, text) in [(1, 3, "33.33%"), (98, 99, "98.99%"), (1, 101, "0.99%")] {
        assert_eq!(Weight::of(part, whole).to_string(), text);
    }
    for whole in (1..=10_000u32).step_by(7) {
        for points in (0..=100).map(|p| p * 100) {
            let part = Weight::from_basis_points(points).unwrap().ceil_of(whole);
            let exact = f64::from(part) / f64::from(whole) * 10_000.0;
            let ours = f64::from(Weight::of(part, whole).basis_points());
            assert!((exact - ours).abs() <= 0.5, "{part} of {whole}");
        }
    }
}
