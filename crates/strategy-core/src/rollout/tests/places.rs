//! An abort and a successor in every phase, where one part is further than the other.

use super::acting::seconds;
use super::kind_world::{KindWorld, Run, images};
use super::{BEGIN, canary};
use crate::plan::{Bake, Extension, Gate, HookPlan, HookPoint, Plan, Policies, Stage};
use crate::release::{Part, Release};
use crate::rollout::{Answer, Outcome, Phase, Rollout, Start, Wish};
use crate::target::{Effective, TargetErrorKind};
use crate::traffic::Traffic;

const NAMES: [&str; 2] = ["a", "main"];

fn part(name: &str) -> Part {
    name.parse().unwrap()
}

/// The canary for `a` and `main`, which is asked for and tested before its second stage.
fn started(stages: impl FnOnce(&mut Vec<Stage>)) -> Run {
    let release = Release::parts(NAMES.map(|name| (part(name), images("v1")))).unwrap();
    let mut planned = canary();
    planned[0].bake = Bake::of(seconds(600));
    for stage in &mut planned {
        let goal = stage.goals[&Part::main()].clone();
        stage.goals.insert(part("a"), goal);
    }
    stages(&mut planned);
    let plan = Plan::new("by-hand", release, planned, [].into(), Policies::default()).unwrap();
    let world = KindWorld::new(("v0", 4), None);
    let found = NAMES.map(|name| (part(name), world.discover()));
    let start = Start {
        id: "test".parse().unwrap(),
        plan,
        found: found.into_iter().collect(),
        prepared: Vec::new(),
        take_over: false,
    };
    let mut run = Run::new(Rollout::start(start, BEGIN).unwrap(), world.clone(), BEGIN);
    run.worlds.insert(part("a"), world);
    run
}

impl Run {
    fn place(&mut self, name: &str) -> &mut KindWorld {
        self.worlds.get_mut(&part(name)).unwrap_or(&mut self.world)
    }

    fn places(&self) -> [&KindWorld; 2] {
        [&self.worlds[&part("a")], &self.world]
    }

    fn look_at(&mut self, name: &str) {
        self.tell(crate::rollout::Input::Changed { part: part(name) });
        self.settle_now();
    }

    /// What is written at one part is not effective there.
    fn lags(&mut self, late: &str) {
        let before = Effective::Verified(Traffic::default());
        self.place(late).effective = Some(before);
        self.look_at(late);
    }

    fn mended(&mut self) {
        for name in NAMES {
            let world = self.place(name);
            world.effective = None;
            world.refuses = None;
            self.look_at(name);
        }
    }
}

/// In this phase, with one part where it should be and the other behind.
fn in_phase(phase: Phase, late: &str) -> Run {
    let effective = "`half` is effective and is watched";
    let abort = Wish::Abort { force: false };
    let baking = || {
        let mut run = started(|_| ());
        run.until(effective);
        run
    };
    let run = match phase {
        Phase::Claiming => {
            let mut run = started(|_| ());
            // The first claim is taken, the second is not.
            run.perform_one();
            run
        }
        Phase::Confirming => {
            let mut run = started(|_| ());
            while run.rollout.status().phase == Phase::Claiming {
                assert!(run.perform_one());
            }
            run
        }
        Phase::Gating => {
            let mut run = started(|stages| {
                stages[0].bake = Bake::of(seconds(60));
                stages[1].gates.push(Gate::approval("go", [], 1));
            });
            run.until("`half` passed");
            run.lags(late);
            run
        }
        Phase::Hooking => {
            let mut run = started(|stages| {
                let smoke = HookPlan::new("smoke", HookPoint::Effective, Extension::new("smoke"));
                stages[0].hooks = vec![smoke];
            });
            run.until("hook `smoke`");
            run.lags(late);
            run
        }
        Phase::Stepping => {
            let mut run = started(|_| ());
            run.place(late).effective = Some(Effective::Verified(Traffic::default()));
            run.wait(seconds(60));
            run
        }
        Phase::Baking => {
            let mut run = baking();
            run.lags(late);
            run
        }
        Phase::Holding => {
            let mut run = baking();
            run.place(late).somebody_moves_traffic(70);
            run.look_at(late);
            run
        }
        Phase::RollingBack | Phase::Stuck => {
            let mut run = baking();
            run.place(late).refuses = Some(TargetErrorKind::RateLimited);
            run.order(abort);
            if phase == Phase::Stuck {
                run.wait(seconds(700));
            }
            run
        }
        Phase::Superseding => {
            let mut run = baking();
            run.place(late).refuses = Some(TargetErrorKind::RateLimited);
            assert_eq!(run.order(by("first")), Answer::Recorded);
            run
        }
        Phase::Settling => {
            let mut run = baking();
            run.place(late).down = true;
            run.order(Wish::Abandon);
            run
        }
        Phase::Settled => {
            let mut run = baking();
            run.order(Wish::Abandon);
            run.run(seconds(600));
            run
        }
    };
    assert_eq!(run.rollout.status().phase, phase, "{late}\n{}", run.story());
    run
}

fn by(name: &str) -> Wish {
    Wish::Supersede {
        by: name.parse().unwrap(),
    }
}

const PHASES: [Phase; 12] = [
    Phase::Claiming,
    Phase::Confirming,
    Phase::Gating,
    Phase::Hooking,
    Phase::Stepping,
    Phase::Baking,
    Phase::Holding,
    Phase::RollingBack,
    Phase::Stuck,
    Phase::Superseding,
    Phase::Settling,
    Phase::Settled,
];

fn is_home(world: &KindWorld) -> bool {
    world.sides.stable.written == world.recorded.stable
        && world.sides.candidate.written.is_none()
        && world.traffic == Traffic::default()
        && world.claim.is_none()
}

#[test]
fn an_abort_in_every_phase_takes_parts_home_from_different_places() {
    for (phase, late) in PHASES
        .into_iter()
        .flat_map(|phase| NAMES.map(|late| (phase, late)))
    {
        let mut run = in_phase(phase, late);
        let answer = run.order(Wish::Abort { force: false });
        let over = match phase {
            Phase::RollingBack | Phase::Stuck => Some("going back already"),
            Phase::Settling | Phase::Settled => Some("the rollout is over"),
            _ => None,
        };
        match (&answer, over) {
            (Answer::Recorded, None) => (),
            (Answer::Refused(why), Some(part)) => assert!(why.contains(part), "{why}"),
            _ => panic!("{phase:?} {late}: {answer:?}\n{}", run.story()),
        }
        if matches!(phase, Phase::Settling | Phase::Settled) {
            continue;
        }
        run.mended();
        run.run(seconds(3600));
        run.assert_outcome(|outcome| matches!(outcome, Outcome::RolledBack { .. }));
        assert!(
            run.places().into_iter().all(is_home),
            "{phase:?} {late}\n{}",
            run.story()
        );
    }
}

#[test]
fn a_successor_in_every_phase_finds_nobody_exposed_at_any_part() {
    for (phase, late) in PHASES
        .into_iter()
        .flat_map(|phase| NAMES.map(|late| (phase, late)))
    {
        let mut run = in_phase(phase, late);
        if phase != Phase::Settled {
            // What was written before is still to come where it is late.
            let away = Effective::Verified(Traffic::weight(super::percent(50)));
            run.place(late).effective = Some(away);
        }
        let answer = run.order(by("next"));
        let not = match phase {
            Phase::Claiming | Phase::Confirming => Some("it has not begun"),
            Phase::Superseding => Some("first succeeds it already"),
            Phase::Settling | Phase::Settled => Some("the rollout is over"),
            _ => None,
        };
        if let Some(part) = not {
            let Answer::Refused(why) = &answer else {
                panic!("{phase:?} {late}: {answer:?}")
            };
            assert!(why.contains(part), "{phase:?} {late}: {why}");
            continue;
        }
        assert_eq!(answer, Answer::Recorded, "{phase:?} {late}");
        // One part alone does not make room.
        run.wait(seconds(60));
        assert!(run.rollout.handover().is_none(), "{phase:?} {late}");
        run.mended();
        run.run(seconds(3600));
        run.assert_outcome(|outcome| matches!(outcome, Outcome::Superseded { .. }));
        assert!(run.rollout.handover().is_some());
        for world in run.places() {
            assert_eq!(world.traffic, Traffic::default(), "{phase:?} {late}");
            assert!(world.claim.is_some(), "the claim passes in one step");
        }
    }
}
