//! Folding and facts; whole tables are compared with files in `tests/golden`.

use super::Facts;
use super::grid::{Grid, fold_line};
use crate::analysis::PreparedCheck;
use crate::plan::*;
use crate::release::{Part, Release};
use crate::track::{Capacity, Revision};
use crate::traffic::Traffic;
use crate::weight::Weight;

fn lines(cells: [&str; 2]) -> [Vec<String>; 2] {
    cells.map(|cell| vec![cell.to_owned()])
}

#[test]
fn a_table_is_folded_to_its_width_and_loses_nothing() {
    let mut grid = Grid::new(["name", "words"]);
    grid.row(lines([
        "short",
        "one two three four five six seven eight nine ten",
    ]));
    grid.row(lines(["averylongnamewithoutanyspace", "x"]));
    for width in [40, 60, 100] {
        let text = grid.print(width);
        assert!(
            text.lines().all(|line| line.chars().count() <= width),
            "{text}"
        );
        assert!(text.lines().all(|line| line == line.trim_end()), "{text}");
        let squeezed: String = text.split_whitespace().collect();
        for word in ["one", "ten", "short"] {
            assert!(squeezed.contains(word), "{word} is lost:\n{text}");
        }
    }
    assert_eq!(
        Grid::<2>::new(["name", "words"]).print(80),
        "",
        "columns without content are left out"
    );
}

#[test]
fn a_long_line_is_folded_with_an_indent() {
    assert_eq!(fold_line("one two three", 80), "one two three\n");
    assert_eq!(fold_line("one two three", 10), "one two\n  three\n");
}

fn plan(health: Health, policies: Policies) -> Plan {
    let release = Release::of([("api", "shop/api:2")]).unwrap();
    let goal = Goal {
        stable: GoalTrack::recorded(),
        candidate: GoalTrack {
            revision: Revision::Release(release.images(&Part::main()).unwrap().clone()),
            capacity: Capacity::Share(Weight::FULL),
        },
        traffic: Traffic::weight(Weight::FULL),
    };
    let mut stage = Stage::new("all", StageKind::Expose, [(Part::main(), goal)]);
    stage.health = health;
    stage.checks = ["errors".into()].into();
    Plan::new(
        "by-hand",
        release,
        vec![stage],
        [("errors".into(), Check::new(Extension::new("errors")))].into(),
        policies,
    )
    .unwrap()
}

#[test]
fn what_differs_from_the_defaults_is_said_and_nothing_else() {
    let quiet = plan(Health::default(), Policies::default()).table();
    assert!(
        !quiet.contains("health") && !quiet.contains("policies"),
        "{quiet}"
    );
    let mut policies = Policies::default();
    policies.foreign.capacity = ForeignPolicy::Yield;
    policies.immutable_images = false;
    policies.false_alarms = 50;
    let loud = plan(Health::off(), policies).table_with(&Facts::new().width(400));
    for said in [
        "health of all stages: fatal off (default on), readiness off (default on), restarts off (default 2), share_deviation off (default 15%)",
        "policies: false_alarms 50 (default 100), foreign.capacity yield",
    ] {
        assert!(loud.contains(said), "{said}:\n{loud}");
    }
}

#[test]
fn judges_without_a_bound_are_named() {
    let plan = plan(Health::default(), Policies::default());
    assert!(
        !plan.table().contains("bound"),
        "nothing is known of bounds"
    );
    let prepared = |bounded| {
        [PreparedCheck {
            check: "errors".into(),
            bounded,
            findings: Vec::new(),
        }]
    };
    let text = plan.table_with(&Facts::new().prepared(&prepared(false)));
    assert!(
        text.contains("no bound on false alarms: errors; the budget of 1%")
            && !text.contains("shares the budget"),
        "{text}"
    );
    let text = plan.table_with(&Facts::new().prepared(&prepared(true)));
    assert!(
        text.contains("shares the budget: 1%") && !text.contains("no bound"),
        "{text}"
    );
}

#[test]
fn a_share_of_the_budget_is_told_to_its_last_digit() {
    let shared = |false_alarms, bounded| {
        let policies = Policies {
            false_alarms,
            ..Policies::default()
        };
        let prepared: Vec<_> = (0..bounded)
            .map(|number| PreparedCheck {
                check: match number {
                    0 => "errors".into(),
                    number => format!("other-{number}").into(),
                },
                bounded: true,
                findings: Vec::new(),
            })
            .collect();
        let facts = Facts::new().prepared(&prepared).width(400);
        plan(Health::default(), policies).table_with(&facts)
    };
    for (false_alarms, bounded, share) in [
        (100, 3, "0.3333%"),
        (100, 2, "0.5%"),
        (5_000, 1, "50%"),
        (1, 50, "0.0002%"),
        (350, 1, "3.5%"),
    ] {
        let text = shared(false_alarms, bounded);
        let said = format!("shares the budget: {share}");
        assert!(text.contains(&said), "{said}: {text}");
    }
}

#[test]
fn who_may_approve_is_said() {
    let asked = |roles: &[&str]| {
        let plan = plan(Health::default(), Policies::default());
        let mut stages = plan.stages().to_vec();
        let roles = roles.iter().map(|role| (*role).to_owned());
        stages[0].gates = vec![Gate::approval("go", roles, 2)];
        let (release, checks) = (plan.release().clone(), plan.checks().clone());
        let plan = Plan::new("by-hand", release, stages, checks, Policies::default());
        plan.unwrap().table_with(&Facts::new().width(400))
    };
    assert!(asked(&[]).contains("go: 2 of anyone, "), "{}", asked(&[]));
    let two = asked(&["lead", "owner"]);
    assert!(two.contains("go: 2 of lead/owner, "), "{two}");
}

#[test]
fn notes_stand_before_the_digest() {
    let plan = plan(Health::default(), Policies::default());
    let notes = ["a crash cannot be resumed: the journal is in memory".to_owned()];
    let text = plan.table_with(&Facts::new().notes(&notes));
    let digest = plan.digest();
    assert!(
        text.ends_with(&format!("{}\ndigest {}\n", notes[0], digest.as_str())),
        "{text}"
    );
    assert_eq!(
        text,
        plan.table_with(&Facts::new().notes(&notes)),
        "the same text again"
    );
}

#[test]
fn a_table_without_facts_has_the_stages_and_the_digest() {
    let plan = plan(Health::default(), Policies::default());
    let table = plan.table();
    assert_eq!(table, plan.table_with(&Facts::new()));
    assert!(table.contains("all") && table.contains("100%"), "{table}");
    assert!(table.contains(&plan.digest().to_string()), "{table}");
    assert_eq!(plan.digest().to_string().len(), 12);
}

#[test]
fn a_table_is_never_folded_to_less_than_it_can_be_read_in() {
    let plan = plan(Health::default(), Policies::default());
    let at = |width| plan.table_with(&Facts::new().width(width));
    assert_eq!(at(20), at(60));
    assert_ne!(at(60), at(200));
}

#[test]
fn a_policy_of_another_kind_than_the_default_is_shown_whole() {
    let mut policies = Policies::default();
    policies.foreign.traffic = ForeignPolicy::Reassert {
        times: 3,
        writers: ["mesh".to_owned()].into(),
    };
    let text = plan(Health::default(), policies).table_with(&Facts::new().width(400));
    assert!(text.contains("foreign.traffic"), "{text}");
    assert!(!text.contains("null"), "{text}");
}

#[test]
fn what_holds_for_some_stages_names_them() {
    let alone = plan(Health::off(), Policies::default());
    let mut stages = alone.stages().to_vec();
    let mut again = stages[0].clone();
    again.name = "again".into();
    let half = stages[0].goals.get_mut(&Part::main()).unwrap();
    half.traffic = Traffic::weight(Weight::HALF);
    again.health = Health::default();
    stages.push(again);
    let (release, checks) = (alone.release().clone(), alone.checks().clone());
    let both = Plan::new("by-hand", release, stages, checks, Policies::default()).unwrap();
    let text = both.table_with(&Facts::new().width(400));
    assert!(text.contains("health of all: "), "{text}");
    assert!(!text.contains("of all stages"), "{text}");
}
