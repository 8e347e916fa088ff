//! The demo on Amazon ECS: the real target and the real AWS SDK on a fake in memory.

mod shown;
mod users;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use strategy_core::analysis::FailureShare;
use strategy_core::driver::Driver;
use strategy_core::rollout::Outcome;
use strategy_core::world::{VirtualClock, block_on};
use strategy_core::{Release, Timestamp, Track, Tracks};
use target_ecs::{Config, EcsTarget};
use test_support::ecs::{Fake, Fault as CallFault, Image, Settings, Shop};

use self::shown::Shown;
use self::users::Users;
use super::pace::Paced;
use super::scene::{BAD_ERRORS, USUAL_ERRORS};
use super::{CHART_WIDTH, NAME, scene, served, told, watched};
use crate::args::{Demo, Fault, Output};
use crate::console::{Teller, painted, say};
use crate::error::{CliError, DemoError};
use crate::exit::Exit;
use crate::render::paint::{Paint, Tone};

const OLD: &str = "web:1";
const NEW: &str = "web:2";
const TASKS: usize = 10;
const REQUESTS_PER_SECOND: f64 = 200.0;
/// The first tasks come up before the demo begins.
const OPENING: Duration = Duration::from_secs(300);
/// The demo begins at the first moment of 2026, as the one in the other world.
const OPEN: Timestamp = Timestamp::from_millis(1_767_225_600_000 - OPENING.as_millis() as u64);

const OUTAGE_AFTER: Duration = Duration::from_secs(60);
const OUTAGE: Duration = Duration::from_secs(90);

/// Runs it to its end.
pub(super) fn run(options: &Demo) -> Result<Exit, CliError> {
    let shown = Shown::of(options)?;
    say(
        "A fake of Amazon ECS in memory on a clock of its own: nothing real is touched. The target and \
         the AWS SDK are those of real rollouts.",
    );
    say(&title(options));
    let clock = VirtualClock::starting_at(OPEN);
    let settings = Settings {
        seed: options.seed,
        ..Settings::default()
    };
    let fake = Fake::new(Arc::new(clock.clone()), settings);
    let shop = Shop::open(&fake);
    if shown.is_by_weights() {
        shop.remove_test_rule();
    }
    fake.set_load(&shop.rule, REQUESTS_PER_SECOND);
    let target = target(&fake, shown.set_up(&shop, TASKS));
    clock.advance_to(OPEN + OPENING);
    let new_errors = befallen(&fake, options.fault);
    let errors = (USUAL_ERRORS, new_errors);
    let told_apart = shown.told_apart();
    let users = Users::of(clock.clone(), shop, told_apart, REQUESTS_PER_SECOND, errors);
    let users = Arc::new(users);
    let driver = Driver::on(target)
        .clock(clock.clone())
        .id(NAME.parse().map_err(DemoError::from)?)
        .analysis(FailureShare::KIND, FailureShare::new(Arc::clone(&users)));
    let release = Release::of([("web", NEW)]).map_err(DemoError::from)?;
    let mut teller = Teller::new(options.output);
    let strategy = shown.strategy();
    let whole = async {
        let outage = outage(&clock, &fake, options.fault);
        tokio::select! {
            biased;
            never = users.ask() => match never {},
            never = outage => match never {},
            end = told(driver, &*strategy, release, &mut teller) => end,
        }
    };
    let outcome = block_on(&Paced::new(&clock, watched()), whole).map_err(DemoError::from)??;
    teller.end();
    if options.output == Output::Text {
        let lines = picture(&users, &shown.names(), &outcome);
        lines.iter().for_each(|line| painted(line));
    }
    Ok(Exit::from(&outcome))
}

fn target(fake: &Fake, config: Config) -> EcsTarget {
    EcsTarget::new(
        &fake.ecs_client(),
        &fake.elb_client(),
        &fake.autoscaling_client(),
        config,
    )
}

fn title(options: &Demo) -> String {
    let strategy = scene::name(options.strategy);
    let what = match options.fault {
        Fault::None => "and nothing goes wrong",
        Fault::Errors => "and the release fails one request in twenty",
        Fault::Crash => "and the release exits a minute and a half after it began to run",
        Fault::Flap => {
            "and the release answers health checks for a minute and a half and then no more, task by task"
        }
        Fault::SlowStart => "and the release takes three minutes to start",
        Fault::ApiOutage => "and the APIs of AWS give nothing but errors for 90 seconds",
    };
    format!(
        "{strategy} from {OLD} to {NEW}: {TASKS} tasks, {REQUESTS_PER_SECOND} requests a second, {what}."
    )
}

/// Faults go into the fake and nowhere else. Gives the share of requests that the release fails.
fn befallen(fake: &Fake, fault: Fault) -> f64 {
    let while_it_runs = Duration::from_secs(90);
    match fault {
        Fault::None | Fault::ApiOutage => {}
        Fault::Errors => return BAD_ERRORS,
        Fault::Crash => fake.set_image(NEW, Image::crashes_after(while_it_runs)),
        Fault::Flap => fake.set_image(NEW, Image::unhealthy_after(while_it_runs)),
        Fault::SlowStart => {
            fake.set_image(NEW, Image::good().starting_in(Duration::from_secs(180)));
        }
    }
    USUAL_ERRORS
}

/// Never ends.
async fn outage(clock: &VirtualClock, fake: &Fake, fault: Fault) -> Infallible {
    if fault == Fault::ApiOutage {
        for (wait, fault) in [(OUTAGE_AFTER, Some(CallFault::ServerError)), (OUTAGE, None)] {
            clock.sleep_until(clock.now() + wait).await;
            fake.fault_every(fault);
        }
    }
    std::future::pending().await
}

/// Traffic over time, what users got, and how it ended.
fn picture(users: &Users, names: &Tracks<&str>, outcome: &Outcome) -> Vec<String> {
    let paint = Paint::for_stream(&std::io::stdout());
    let strong = |text: &str| paint.tone(Tone::Strong, text);
    let mut lines = vec![
        String::new(),
        strong(&format!("traffic to {}", names.candidate)),
    ];
    lines.extend(users.shares().lines(CHART_WIDTH));
    lines.extend([String::new(), strong("what users got")]);
    let rows = Track::ALL.into_iter().map(|track| {
        let count = users.served(track);
        (names.of(track).to_string(), count.total, count.failed)
    });
    lines.extend(served("service", rows));
    lines.extend([String::new(), format!("{outcome}")]);
    lines
}
