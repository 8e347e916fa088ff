//! What is understood, and what is refused with which words.

use super::*;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_tag_without_clauses_is_a_version_and_nothing_else() {
    for (image, version) in [
        ("shop/web:v2", "v2"),
        ("shop/web", "latest"),
        ("registry:5000/shop/web", "latest"),
        ("registry:5000/shop/web:1.2-flap@sha256:00", "1.2-flap"),
    ] {
        let expected = Behaviour {
            version: version.to_owned(),
            ..Behaviour::default()
        };
        assert_eq!(behaviour(image, None), Ok(expected.clone()), "{image}");
        assert_eq!(behaviour(image, Some("")), Ok(expected), "{image}");
    }
}

#[test]
fn every_clause_is_understood() {
    let image = "shop/web:v2_latency-40ms-120ms_start-3s_flap-5s-10s_errors-0.5_errors-20-burst-8_hang-2_reset-3_after-10m\
                 _on-check-out_between-60s-2m";
    let read = behaviour(image, None).unwrap();
    let latency = Latency {
        median: Duration::from_millis(40),
        p95: Duration::from_millis(120),
    };
    assert_eq!(read.version, "v2");
    assert_eq!(read.latency, Some(latency));
    assert_eq!(read.start, seconds(3));
    let life = Life::Flap {
        up: seconds(5),
        down: seconds(10),
    };
    assert_eq!(read.life, life);
    let scope = Scope {
        after: seconds(600),
        path: Some("/check-out".to_owned()),
        between: Some((seconds(60), seconds(120))),
    };
    let kinds: Vec<FaultKind> = read.faults.iter().map(|fault| fault.kind).collect();
    assert_eq!(
        kinds,
        [
            FaultKind::Errors {
                share: 0.005,
                burst: 1
            },
            FaultKind::Errors {
                share: 0.2,
                burst: 8
            },
            FaultKind::Hang { share: 0.02 },
            FaultKind::Reset { share: 0.03 }
        ]
    );
    assert!(read.faults.iter().all(|fault| fault.scope == scope));
    let crash = |tag: &str| behaviour(&format!("web:{tag}"), None).unwrap().life;
    assert_eq!(
        crash("v_crash"),
        Life::Crash {
            after: Duration::ZERO
        }
    );
    assert_eq!(crash("v_crash-8s"), Life::Crash { after: seconds(8) });
}

#[test]
fn the_tag_wins_of_latency_start_and_life_and_faults_add_up() {
    let annotation = "latency-40ms_start-1s_crash_errors-50_between-0s-60s";
    let read = behaviour("web:v2_latency-80ms_start-2s_errors-5", Some(annotation)).unwrap();
    assert_eq!(read.latency.unwrap().median, Duration::from_millis(80));
    assert_eq!(read.start, seconds(2));
    assert_eq!(
        read.life,
        Life::Crash {
            after: Duration::ZERO
        }
    );
    let scopes: Vec<_> = read
        .faults
        .iter()
        .map(|fault| fault.scope.between)
        .collect();
    assert_eq!(scopes, [Some((Duration::ZERO, seconds(60))), None]);
}

#[test]
fn what_is_not_understood_is_told_with_its_place() {
    for (tag, clause, reason) in [
        ("v_", "", "no such clause"),
        ("v_flop-5s-10s", "flop-5s-10s", "no such clause"),
        ("v_flap-5s", "flap-5s", "no such clause"),
        ("v_flap-5s-10", "flap-5s-10", "a time is a whole number"),
        ("v_start-0s", "start-0s", "longer than nothing"),
        ("v_start-2000m", "start-2000m", "at most a day"),
        (
            "v_start-99999999999999999999s",
            "start-99999999999999999999s",
            "longer than nothing",
        ),
        ("v_start-s", "start-s", "longer than nothing"),
        ("v_errors-0", "errors-0", "above 0 and up to 100"),
        ("v_errors-101", "errors-101", "above 0 and up to 100"),
        ("v_errors-1e1", "errors-1e1", "above 0 and up to 100"),
        ("v_errors-5-burst-0", "errors-5-burst-0", "from 1 on"),
        (
            "v_latency-40ms-30ms",
            "latency-40ms-30ms",
            "at least the median",
        ),
        ("v_start-1s_start-2s", "start-2s", "said twice"),
        (
            "v_hang_between-5s-5s",
            "between-5s-5s",
            "ends after it begins",
        ),
        ("v_after-5s", "after-5s", "none of these is here"),
        (
            "v_refuse_on-cart",
            "refuse_on-cart",
            "before its path is known",
        ),
        ("v_hang_on-", "on-", "a path is made of"),
    ] {
        let image = format!("shop/web:{tag}");
        let error = behaviour(&image, None).unwrap_err();
        assert_eq!(
            (error.clause.as_str(), error.place),
            (clause, "the tag of the image"),
            "{tag}"
        );
        assert!(error.reason.contains(reason), "{tag}: {error}");
        assert!(error.to_string().contains(&image) && error.to_string().contains("flap-UP-DOWN"));
    }
    let error = behaviour("web:v1", Some("healthy")).unwrap_err();
    assert_eq!(error.place, "the annotation");
}
