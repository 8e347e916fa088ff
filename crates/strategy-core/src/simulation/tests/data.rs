//! A simulation is data: short in a file, refused where it cannot be read, and the same bytes each time.

use super::*;
use crate::plan::{Gate, HookPlan, HookPoint};
use crate::rollout::Wish;
use crate::strategy::CanaryStage;
use crate::track::Track;
use crate::weight::Weight;
use crate::world::{
    Ailment, ApiFault, Behavior, Fact, Happening, MetricFault, ScalerSetup, WorkloadSetup,
};
use crate::{Images, Part, Release};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Everything that a scenario can say, somewhere in it.
pub(super) fn everything() -> Simulation {
    let main = Part::main;
    let scaled = WorkloadSetup {
        autoscaler: Some(ScalerSetup {
            min: 2,
            max: 9,
            per_pod: Some(40),
        }),
        ..WorkloadSetup::of("app:v1", 4).setting("memory", "1Gi")
    };
    let images = |image| Images::parse([("app", image)]).unwrap();
    let both = Release::parts([
        (main(), images("app:v2")),
        ("eu".parse().unwrap(), images("app:v2")),
    ]);
    let mut simulation = Simulation::seed(99)
        .world(|world| {
            world
                .part("main")
                .workloads(scaled, None)
                .requests_per_second(100)
                .sessions(Weight::HALF, seconds(30))
                .part("eu")
                .stable("app:v1", 4)
                .follows_readiness()
                .requests_per_second(33)
                .metric_delay(seconds(10))
                .answers_in(
                    "app:v1",
                    Duration::from_millis(30),
                    Duration::from_millis(200),
                )
        })
        .release(both.unwrap())
        .candidate(
            Behavior {
                errors: Behavior::share(0.003),
                ailment: Some(Ailment::HangsAfter(seconds(2_000))),
                ..slow(Duration::from_millis(50), Duration::from_millis(250))
            }
            .in_some_pods(Weight::HALF),
        )
        .hook(
            "smoke",
            SimulatedHook::takes(seconds(20)).fails(Runs::Share(Weight::HALF)),
        )
        .gate("window", SimulatedGate::default().closed(Runs::First(2)))
        .clock_offsets([0, -1_500, 4_000])
        .crash(seconds(400), seconds(30))
        .mishap(
            When::AfterCall(40),
            Trouble::Freeze {
                lasts: seconds(200),
                taken_over_after: seconds(50),
            },
        )
        .mishap(When::AfterAppend(12), Trouble::JournalAnswerLost)
        .mishap(
            When::After(seconds(900)),
            Trouble::JournalFails { lasts: seconds(5) },
        )
        .mishap(
            When::After(seconds(950)),
            Trouble::ClockSet { milliseconds: 700 },
        )
        .asks(seconds(100), "ada", Ask::Wish(Wish::Pause))
        .asks(seconds(160), "bob", Ask::Wish(Wish::Unpause))
        .asks(seconds(1_000), "bob", Ask::Advance);
    simulation.world.happenings = happenings()
        .into_iter()
        .zip(1_u64..)
        .map(|(happening, number)| crate::world::Timed {
            after: seconds(number * 73),
            happening,
        })
        .collect();
    simulation
}

fn happenings() -> Vec<Happening> {
    let main = Part::main;
    vec![
        Happening::pods_evicted(Track::Stable, 2),
        Happening::PodsCrash {
            part: main(),
            track: Track::Stable,
            pods: 1,
        },
        Happening::Autoscaled {
            part: main(),
            track: Track::Stable,
            wanted: 6,
        },
        Happening::LoadChanged {
            part: main(),
            requests_per_second: 170,
        },
        Happening::RouterLags {
            part: main(),
            lag: seconds(9),
        },
        Happening::metrics_fail(MetricFault::Unreachable, seconds(20)),
        Happening::metrics_fail(MetricFault::Empty, seconds(20)),
        Happening::api_fails(ApiFault::Throttled, seconds(15)),
        Happening::api_fails(ApiFault::Slow(Duration::from_millis(700)), seconds(15)),
        Happening::api_fails(ApiFault::Stale, seconds(15)),
        Happening::next_write(ApiFault::AnswerLost),
        Happening::next_write(ApiFault::LandsLate(seconds(40))),
        Happening::next_write(ApiFault::Conflict),
        Happening::TagMoved {
            image: "app:v1".into(),
            content: "another".into(),
        },
        Happening::Scaled {
            part: "eu".parse().unwrap(),
            track: Track::Stable,
            count: 5,
            by: "eve".into(),
        },
        Happening::image_fails("app:v1", 0.001),
    ]
}

fn policy() -> Canary {
    let smoke = HookPlan::new("smoke", HookPoint::Ready, Extension::new("smoke")).warns();
    let gate = Gate::external("window", Extension::new("window"));
    let slow = Extension::new(crate::analysis::SlowShare::KIND)
        .with("limit", "5%")
        .with("slower_than", "400ms");
    Canary::new()
        .stage(CanaryStage::at(25).gate(gate).hook(smoke))
        .stages([50, 100])
        .bake(seconds(240))
        .check("slow", Check::new(slow))
}

#[test]
fn the_same_seed_gives_the_same_bytes_whatever_is_in_it() {
    let simulation = everything();
    let bytes = |simulation: &Simulation| {
        let report = simulation.run(&policy());
        (serde_json::to_string(&report).unwrap(), report)
    };
    let (first, report) = bytes(&simulation);
    let again: Simulation =
        serde_json::from_str(&serde_json::to_string(&simulation).unwrap()).unwrap();
    assert_eq!(again, simulation);
    assert!(bytes(&again).0 == first, "a second run differs");
    // It was worth comparing.
    assert!(report.processes > 2, "{report}");
    let ran = |of: &dyn Fn(&Fact) -> bool| report.log.iter().any(|entry| of(&entry.fact));
    assert!(ran(&|fact| matches!(fact, Fact::Ran { .. })), "{report}");
    assert!(
        ran(&|fact| matches!(fact, Fact::Counted { .. })),
        "{report}"
    );
    let mut other = simulation;
    other.world.seed += 1;
    assert!(bytes(&other).0 != first, "another seed gives the same");
}

#[test]
fn in_a_file_only_what_is_said_is_there() {
    let simulation = Simulation::seed(7)
        .stable("v1", 4)
        .requests_per_second(100)
        .candidate(slow(Duration::from_millis(30), Duration::from_secs(2)))
        .at(seconds(60), Happening::pods_evicted(Track::Stable, 2))
        .crash(seconds(90), seconds(20));
    let expected = serde_json::json!({
        "world": {
            "seed": 7,
            "parts": {
                "main": {
                    "shape": {"tracks": {"stable": {"images": {"app": "app:v1"}, "count": 4}}},
                    "requests_per_second": 100,
                },
            },
            "happenings": [
                {
                    "after": "1m",
                    "happening": {
                        "type": "pods-evicted", "part": "main", "track": "stable", "pods": 2,
                    },
                },
            ],
        },
        "candidate": {
            "latency": [
                {"share": "50%", "within": "30ms"},
                {"share": "99%", "within": "2s"},
                {"share": "100%", "within": "4s"},
            ],
        },
        "mishaps": [
            {"when": {"after": "1m30s"}, "trouble": {"crash": {"resumed_after": "20s"}}},
        ],
    });
    let data = serde_json::to_value(&simulation).unwrap();
    assert_eq!(
        data,
        expected,
        "{}",
        serde_json::to_string_pretty(&data).unwrap()
    );
    let read: Simulation = serde_json::from_value(expected).unwrap();
    assert_eq!(read, simulation);
}

#[test]
fn what_is_not_known_is_refused() {
    for text in [
        r#"{"worlds": {}}"#,
        r#"{"world": {"sed": 7}}"#,
        r#"{"world": {"parts": {"main": {"lags": "2s"}}}}"#,
        r#"{"world": {"parts": {"main": {"shape": {"tracks": {"stable": {"counts": 2}}}}}}}"#,
        r#"{"candidate": {"error": 5}}"#,
        r#"{"hooks": {"smoke": {"take": "5s"}}}"#,
    ] {
        let error = serde_json::from_str::<Simulation>(text).unwrap_err();
        assert!(
            error.to_string().contains("unknown field"),
            "{text}: {error}"
        );
    }
}

#[test]
fn a_report_says_what_users_got_and_what_was_missing() {
    let report = Simulation::seed(7)
        .world(|world| {
            world
                .stable("app:v1", 4)
                .image("app:v1", |image| image.varies = Duration::ZERO)
        })
        .requests_per_second(100)
        .at(seconds(100), Happening::pods_evicted(Track::Stable, 3))
        .at(seconds(102), Happening::pods_evicted(Track::Stable, 9))
        .candidate(errors(0.05))
        .run(&canary());
    let part = &report.world.parts[&Part::main()];
    // Three are missing for 5 s, and one more from the second on which is back 2 s later than they are.
    assert_eq!(part.time_below_baseline(), seconds(7));
    assert_eq!(part.most_missing(), 4);
    assert_eq!(part.missing_pod_time(), seconds(2 * 3 + 3 * 4 + 2));
    let text = report.to_string();
    let requests = part.requests;
    for line in [
        "rolled back: check `errors`".to_owned(),
        format!("main: stable served {}, failed 300", requests.stable.served),
        format!(
            "main: candidate served {}, failed {}",
            requests.candidate.served, requests.candidate.failed
        ),
        "main: fewer ready than 4 for 7s, at worst 4 fewer".to_owned(),
        "promises broken: none".to_owned(),
    ] {
        assert!(text.contains(&line), "{line}\n{text}");
    }
    let whole = Simulation::seed(7)
        .stable("v1", 4)
        .run(&canary())
        .to_string();
    assert!(whole.contains("main: never fewer ready than 4"), "{whole}");
}
