//! What is shown of looks at recorded data: a table and a picture for people, lines for programs.

use std::time::Duration;

use serde_json::{Value, json};
use strategy_core::analysis::Verdict;
use strategy_core::{Track, Tracks, duration};
use strategy_metrics::judge::odds;
use strategy_metrics::reading::{Data, Reading};

use super::config::Config;
use super::looks::{End, Looked, Run};
use crate::render::evidence::Evidence;
use crate::render::paint::{Paint, Tone};
use crate::render::plain::plain;
use crate::render::svg::{Mark, drawn};
use crate::render::table::{Align, Table, grouped};
use crate::render::text::clock;

const CHART_WIDTH: usize = 64;

/// For people: each look, the picture, and how it ended.
pub(super) fn text(config: &Config, run: &Run, paint: Paint) -> Vec<String> {
    let mut lines = vec![paint.tone(Tone::Strong, &headline(config)), String::new()];
    let mut table = Table::new([
        ("time", Align::Right),
        ("stable", Align::Right),
        ("candidate", Align::Right),
        ("evidence", Align::Right),
        ("verdict", Align::Left),
    ]);
    for look in &run.looks {
        let (stable, candidate) = match &look.readings {
            Some(Tracks { stable, candidate }) => (seen(stable), seen(candidate)),
            None => ("waits".to_owned(), "waits".to_owned()),
        };
        table.row([
            clock(since(run, look)),
            stable,
            candidate,
            look.log_evidence.map_or_else(|| "-".to_owned(), odds),
            look.verdict.to_string(),
        ]);
    }
    let mut rows = table.lines().into_iter();
    lines.extend(rows.next());
    for (row, look) in rows.zip(&run.looks) {
        lines.push(paint.tone(tone(&look.verdict), &plain(&row)));
    }
    let evidence = evidence(config, run);
    let chart = evidence.lines(CHART_WIDTH, paint);
    if !chart.is_empty() {
        let title = "evidence that the candidate is worse";
        lines.extend([String::new(), paint.tone(Tone::Strong, title)]);
        lines.extend(chart);
    }
    lines.push(String::new());
    let (tone, words) = ended(run);
    lines.push(paint.tone(tone, &plain(&words)));
    if run.left > 0 {
        let words = format!(
            "a rollout goes back here; {} more windows were recorded and not looked at",
            grouped(run.left)
        );
        lines.push(paint.tone(Tone::Quiet, &words));
    }
    lines
}

/// `check errors: sequential-ratio each 30s; it fails at 1 : 100, its share of the false alarms is 1%`.
fn headline(config: &Config) -> String {
    let kind = config.judge.get("kind").and_then(Value::as_str);
    let every = duration::format(config.check.interval);
    let bound = line(config).map_or_else(
        || "it has no bound on false alarms".to_owned(),
        |line| {
            let share = f64::from(config.alpha_millionths) / 10_000.0;
            format!(
                "it fails at {}, as its share of false alarms is {share}%",
                odds(line)
            )
        },
    );
    let kind = kind.unwrap_or_default();
    plain(&format!(
        "check {}: {kind}, each {every}; {bound}",
        config.name
    ))
    .into_owned()
}

/// The logarithm at which it fails; `None`: it has no bound.
fn line(config: &Config) -> Option<f64> {
    let alpha = f64::from(config.alpha_millionths) / 1e6;
    (alpha > 0.0).then(|| -alpha.ln())
}

fn since(run: &Run, look: &Looked) -> Duration {
    look.window.to.since(run.span.from)
}

/// What a track told of a window, in few words.
fn seen(reading: &Reading) -> String {
    match reading {
        Reading::Told(data) => told(data),
        Reading::Empty => "nothing".to_owned(),
        Reading::Stale { .. } => "nothing new".to_owned(),
        Reading::NotANumber => "no number".to_owned(),
        _ => "not known here".to_owned(),
    }
}

fn told(data: &Data) -> String {
    match data {
        Data::Events(events) => {
            let count = events.all;
            format!("{} of {}", grouped(count.failed), grouped(count.total))
        }
        Data::Histogram(histogram) => format!("{} events", grouped(histogram.total())),
        Data::Units(units) => format!("{} units", units.len()),
        Data::Values(values) => match values.as_slice() {
            [] => "no numbers".to_owned(),
            [only] => only.to_string(),
            several => format!("{} numbers", several.len()),
        },
        _ => "not known here".to_owned(),
    }
}

const fn tone(verdict: &Verdict) -> Tone {
    match verdict {
        Verdict::Pass => Tone::Good,
        Verdict::Fail => Tone::Bad,
        Verdict::Undecided => Tone::Quiet,
        Verdict::Warn | Verdict::Inconclusive(_) => Tone::Warn,
        _ => Tone::Warn,
    }
}

fn ended(run: &Run) -> (Tone, String) {
    let looks = run.looks.len();
    let Some(last) = run.looks.last() else {
        return (Tone::Warn, "undecided: there was no look".to_owned());
    };
    let at = format!("{}, look {looks}", clock(since(run, last)));
    let evidence = last.verdict.explained(&last.evidence);
    match &run.end {
        End::Failed(limit) => (Tone::Bad, format!("failed at {at}: {limit}: {evidence}")),
        End::Passed => (Tone::Good, format!("passed at {at}: {evidence}")),
        End::Undecided(why) => (Tone::Warn, format!("undecided at {at}: {why}: {evidence}")),
    }
}

fn evidence(config: &Config, run: &Run) -> Evidence {
    let looks = run.looks.iter();
    let end = run
        .looks
        .last()
        .map_or(Duration::ZERO, |last| since(run, last));
    Evidence {
        points: looks
            .filter_map(|look| Some((since(run, look), look.log_evidence?)))
            .collect(),
        line: line(config),
        end,
    }
}

/// As a picture for documents.
pub(super) fn svg(config: &Config, run: &Run) -> String {
    let looks = run.looks.iter();
    let marks: Vec<_> = looks
        .map(|look| {
            let mark = match tone(&look.verdict) {
                Tone::Good => Mark::Good,
                Tone::Bad => Mark::Bad,
                Tone::Warn => Mark::Warn,
                Tone::Quiet | Tone::Strong => Mark::Quiet,
            };
            (since(run, look), mark)
        })
        .collect();
    drawn(&headline(config), &evidence(config, run), &marks)
}

/// For programs: one object for each look, and one for the end.
pub(super) fn json(config: &Config, run: &Run) -> Vec<String> {
    let mut lines: Vec<_> = run.looks.iter().map(look).collect();
    let (verdict, why) = match &run.end {
        End::Failed(limit) => ("failed", limit.as_str()),
        End::Passed => ("passed", ""),
        End::Undecided(why) => ("undecided", *why),
    };
    let last = run.looks.last();
    lines.push(json!({
        "type": "ended",
        "check": config.name,
        "verdict": verdict,
        "why": why,
        "evidence": last.map(|last| last.evidence.as_str()),
        "looks": run.looks.len(),
        "windows_left": run.left,
        "alpha_millionths": config.alpha_millionths,
    }));
    lines.iter().map(ToString::to_string).collect()
}

fn look(look: &Looked) -> Value {
    let of = |track| look.readings.as_ref().map(|readings| readings.of(track));
    let (verdict, because) = if let Verdict::Inconclusive(why) = &look.verdict {
        ("inconclusive".to_owned(), Some(why))
    } else {
        (look.verdict.to_string(), None)
    };
    json!({
        "type": "look",
        "number": look.number,
        "from": look.window.from.as_millis(),
        "to": look.window.to.as_millis(),
        "stable": of(Track::Stable),
        "candidate": of(Track::Candidate),
        // Infinity has no number in JSON, and no judge says so; it would be null.
        "log_evidence": look.log_evidence,
        "verdict": verdict,
        "because": because,
        "evidence": look.evidence,
    })
}
