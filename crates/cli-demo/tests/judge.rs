//! `rollway judge` from outside: what it prints of recorded data, how it ends, and what it refuses.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails the test")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the examples are.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/judge")
}

struct Ended {
    status: Option<i32>,
    out: String,
    err: String,
}

fn judge_in(folder: &Path, arguments: &[&str]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_rollway"))
        .arg("judge")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended {
        status: output.status.code(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

fn judge(arguments: &[&str]) -> Ended {
    judge_in(&folder(), arguments)
}

/// With `UPDATE_GOLDEN=1` the file is written anew.
#[track_caller]
fn golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{} differs:\n{found}", path.display());
}

const CSV: [&str; 4] = ["--config", "errors.yaml", "--data", "errors.csv"];

fn series(more: &[&str]) -> Ended {
    let labels = [
        "--track",
        "version",
        "--stable",
        "2.4.0",
        "--candidate",
        "2.4.1",
        "--failed",
        "code=5*",
    ];
    let data = ["--config", "errors.yaml", "--data", "errors-range.json"];
    judge(&[&data[..], &labels, more].concat())
}

#[test]
fn rows_are_judged_look_by_look_and_the_evidence_is_drawn() {
    let picture = tempfile::tempdir().unwrap();
    let path = picture.path().join("errors.svg");
    let shown = path.display().to_string();
    let ended = judge(&[&CSV[..], &["--svg", &shown]].concat());
    assert_eq!(ended.status, Some(2), "{}{}", ended.out, ended.err);
    assert_eq!(ended.err, "");
    golden("judge-errors.txt", &ended.out);
    let guide = include_str!("../../../docs/guides/judge-by-metrics.md");
    assert!(guide.contains(&ended.out), "the guide shows another output");
    golden("judge-errors.svg", &std::fs::read_to_string(path).unwrap());
}

#[test]
fn programs_get_a_line_for_each_look_and_one_for_the_end() {
    let ended = judge(&[&CSV[..], &["-o", "json"]].concat());
    assert_eq!(ended.status, Some(2), "{}{}", ended.out, ended.err);
    let mut lines: Vec<serde_json::Value> = ended
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut shown = String::new();
    for line in &mut lines {
        // The last digits of a logarithm are the machine's.
        if let Some(evidence) = line["log_evidence"].as_f64() {
            line["log_evidence"] = format!("{evidence:.6}").into();
        }
        shown += &format!("{line}\n");
    }
    golden("judge-errors-json.txt", &shown);
    let (last, looks) = lines.split_last().unwrap();
    assert!(looks.iter().all(|look| look["type"] == "look"));
    assert_eq!(last["verdict"], "failed");
    assert_eq!(last["looks"], looks.len());
}

/// Rows of increments and series of counters that hold the same requests are the same looks.
#[test]
fn series_and_rows_of_the_same_requests_are_judged_alike() {
    let numbers = |ended: &Ended| {
        let lines = ended.out.lines();
        lines
            .map(|line| {
                let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
                // The grid of series begins a millisecond later: their first sample is of before.
                for moment in ["from", "to"] {
                    if let Some(at) = line[moment].as_u64() {
                        line[moment] = (at / 1000).into();
                    }
                }
                line
            })
            .collect::<Vec<_>>()
    };
    let rows = judge(&[&CSV[..], &["-o", "json"]].concat());
    let series = series(&["-o", "json"]);
    assert_eq!(series.status, Some(2), "{}{}", series.out, series.err);
    assert_eq!(numbers(&series), numbers(&rows));
}

#[test]
fn a_check_is_taken_out_of_a_rollout_file_with_its_share_of_the_budget() {
    let file = "../canary-istio-prometheus.yaml";
    let with = |check: &[&str]| {
        let arguments = ["--config", file, "--data", "errors.csv"];
        judge(&[&arguments[..], check].concat())
    };
    let ended = with(&["--check", "errors"]);
    assert_eq!(ended.status, Some(2), "{}{}", ended.out, ended.err);
    // Three of its checks have a bound: each gets a third of 1%.
    let said = "check errors: sequential-ratio, each 30s; it fails at 1 : 300, as its share of false alarms is 0.3333%";
    assert!(ended.out.starts_with(said), "{}", ended.out);
    for (check, status, said) in [
        (
            &[][..],
            64,
            "name one by --check: `errors`, `limit`, `slow`",
        ),
        (
            &["--check", "none"],
            64,
            "no check of a metric that is called `none`",
        ),
        (
            &["--check", "slow"],
            64,
            "the judge needs histogram, and the rows have none",
        ),
        (&["--check", "limit"], 0, "passed at 8:00"),
    ] {
        let ended = with(check);
        assert_eq!(ended.status, Some(status), "{}{}", ended.out, ended.err);
        let text = format!("{}{}", ended.out, ended.err);
        assert!(text.contains(said), "{said}: {text}");
    }
}

/// What is written in a folder of its own, judged.
fn judged(config: &str, data: (&str, &str), options: &[&str]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let (name, text) = data;
    std::fs::write(folder.path().join("check.yaml"), config).unwrap();
    std::fs::write(folder.path().join(name), text).unwrap();
    let arguments = ["--config", "check.yaml", "--data", name];
    judge_in(folder.path(), &[&arguments[..], options].concat())
}

/// What is said of it.
#[track_caller]
fn check(config: &str, data: (&str, &str), options: &[&str], status: i32, said: &str) {
    let ended = judged(config, data, options);
    let text = format!("{}{}", ended.out, ended.err);
    assert_eq!(ended.status, Some(status), "{text}");
    assert!(text.contains(said), "{said}: {text}");
}

#[test]
fn what_the_guide_shows_of_a_check_and_of_rows_is_read() {
    let guide = include_str!("../../../docs/guides/judge-by-metrics.md");
    let after = |text: &'static str, begin: &str| {
        let (_, rest) = text.split_once(begin).unwrap();
        rest.split("```").next().unwrap()
    };
    let config = format!("judge:{}", after(guide, "```yaml\njudge:"));
    let rows = format!("time,{}", after(guide, "```text\ntime,"));
    let (head, of_ten_seconds) = rows.split_once('\n').unwrap();
    let later = of_ten_seconds.replace("T12:00:10", "T12:00:40");
    let rows = format!("{head}\n{of_ten_seconds}{later}");
    check(&config, ("data.csv", &rows), &[], 4, "0 of 48");
}

const ROWS: &str = "time,track,total,failed\n10,stable,100,0\n10,candidate,100,0\n20,stable,100,0\n20,candidate,100,0\n";

#[test]
fn what_is_wrong_with_the_check_or_the_data_is_told_with_its_place() {
    let rows = ("data.csv", ROWS);
    let every = "interval: 10s\n";
    for (config, data, options, said) in [
        (
            "intervall: 10s",
            rows,
            &[][..],
            "check.yaml:1:1: intervall: ",
        ),
        (
            "judge: {kind: slow}",
            rows,
            &[],
            "check.yaml:1:9: judge.kind: ",
        ),
        (
            "judge:\n  kind: slo\n  tolerated: 2\n",
            rows,
            &[],
            "check.yaml:3:3: judge.tolerated: ",
        ),
        ("alpha: 0%", rows, &[], "check.yaml:1:1: alpha: "),
        ("interval: 100ms", rows, &[], "check.yaml:1:1: interval: "),
        (
            "metric: {stale-after: soon}",
            rows,
            &[],
            "check.yaml:1:10: metric.stale-after: ",
        ),
        (
            every,
            ("data.csv", "time,track,total\n"),
            &[],
            "data.csv:1:1: ",
        ),
        (
            every,
            ("data.csv", "time,track,total,failed\n10,canary,1,1\n"),
            &[],
            "data.csv:2:4: track: `canary`",
        ),
        (
            every,
            ("data.csv", "\u{1b}[2J,track\n"),
            &[],
            "data.csv:1:1: `\\u{1b}[2J` is no column",
        ),
        (
            every,
            ("data.json", "{\"status\": 1}"),
            &[],
            "line 1 column 12",
        ),
        (
            every,
            (
                "data.json",
                "{\"status\": \"success\", \"data\": {\"resultType\": \"matrix\", \"result\": []}}",
            ),
            &[],
            "no series of stable has the label `track`",
        ),
        (every, ("data.txt", ROWS), &[], "neither .csv nor .json"),
        (every, rows, &["--track", "version"], "leave it out"),
        (every, rows, &["--check", "errors"], "leave it out"),
        (every, rows, &["--failed", "code"], "such as `code=5*`"),
        (
            "interval: 1h\n",
            rows,
            &[],
            "0 windows of 1h are in the 20s",
        ),
        (
            "interval: 5s\n",
            rows,
            &[],
            "let `interval` of the check be 10s, or count more often",
        ),
        (
            "judge:\n  kind: slo\n  tolerated: 5%\n",
            rows,
            &[],
            "expected a number; write 0.05",
        ),
        (
            every,
            ("data.csv", "time,track,value\n10,stable,1\n"),
            &[],
            "columns `total` and `failed`",
        ),
    ] {
        check(config, data, options, 64, said);
    }
    let ended = judge(&["--config", "none.yaml", "--data", "errors.csv"]);
    assert_eq!(ended.status, Some(64), "{}", ended.err);
    let ended = judge(&["--config", "errors.yaml", "--data", "none.csv"]);
    assert_eq!(ended.status, Some(1), "{}", ended.err);
    assert!(ended.err.contains("none.csv"), "{}", ended.err);
}

#[test]
fn it_ends_as_a_rollout_would_have_ended() {
    let every = "interval: 10s\n";
    check(every, ("data.csv", ROWS), &[], 0, "passed at 0:20, look 2");
    // Too few events to pass by.
    let more = "interval: 10s\njudge: {kind: sequential-ratio, minimum-events: 1000}\n";
    check(
        more,
        ("data.csv", ROWS),
        &[],
        4,
        "undecided at 0:20, look 2: no look has passed",
    );
    // Nothing is told of one track: that is never good.
    let alone = "time,track,total,failed\n10,stable,100,0\n20,stable,100,0\n30,stable,100,0\n";
    let limited = "interval: 10s\nlimits: {consecutive-inconclusive: 1}\n";
    check(
        limited,
        ("data.csv", alone),
        &[],
        2,
        "2 inconclusive one after the other, 1 tolerated: no data: no series of candidate; ",
    );
    // Numbers, and a failure that is tolerated.
    let numbers = "time,track,value\n10,candidate,1\n20,candidate,3\n30,candidate,1\n";
    let bound = |limits: &str| {
        format!(
            "interval: 10s\njudge: {{kind: threshold, measure: last, bound: {{absolute: {{max: 2}}}}}}\n{limits}"
        )
    };
    check(
        &bound(""),
        ("data.csv", numbers),
        &[],
        2,
        "failed at 0:20, look 2: 1 failed, 0 tolerated",
    );
    check(
        &bound("limits: {failures: 1}\n"),
        ("data.csv", numbers),
        &[],
        0,
        "passed at 0:30",
    );
    // The share of the requests that was asked for, and another one that came.
    let split = "interval: 10s\nweight: 1%\njudge: {kind: split-ratio, minimum-events: 10}\n";
    check(split, ("data.csv", ROWS), &[], 0, "warn");
}

#[test]
fn rows_that_come_early_or_late_or_twice_are_judged_in_the_windows_that_they_are_of() {
    let rows = |late: &dyn Fn(u64, u64) -> u64| {
        let mut rows: Vec<_> = (1..=12_u64)
            .flat_map(|n| [("stable", 0, n, 2), ("candidate", 1, n, 2)])
            .map(|(track, which, n, failed)| {
                let at = 1_000_000 + 10_000 * n + late(which, n);
                (at, track, failed)
            })
            .collect();
        rows.sort_unstable();
        let rows = rows.into_iter().map(|(at, track, failed)| {
            format!("{}.{:03},{track},1000,{failed}\n", at / 1_000, at % 1_000)
        });
        format!("time,track,total,failed\n{}", rows.collect::<String>())
    };
    for late in [
        &(|_, _| 0_u64) as &dyn Fn(u64, u64) -> u64,
        &|track, _| track * 700,
        &|track, n| (n * 37 + track * 311) % 400,
    ] {
        // In each look one row of each track: the last line has as many looks as there are rows.
        let data = rows(late);
        let ended = judged("interval: 10s\n", ("a.csv", &data), &["-o", "json"]);
        assert_eq!(ended.status, Some(0), "{}{}", ended.out, ended.err);
        let lines = ended
            .out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        let lines: Vec<serde_json::Value> = lines.collect();
        let (last, looks) = lines.split_last().unwrap();
        assert_eq!(last["looks"], 12, "{data}");
        let total =
            |look: &serde_json::Value, track| look[track]["told"]["events"]["all"]["total"] == 1000;
        let has_both = |look| total(look, "stable") && total(look, "candidate");
        assert!(looks.iter().all(has_both), "{}", ended.out);
    }
    // One row a millisecond after another says nothing of the others, a minute apart.
    let twice = "time,track,total,failed\n60,stable,9,1\n60,candidate,9,1\n60.001,stable,9,1\n60.001,candidate,9,1\n\
                 120,stable,9,1\n120,candidate,9,1\n180,stable,9,1\n180,candidate,9,1\n240,stable,9,1\n240,candidate,9,1\n300,stable,9,1\n300,candidate,9,1\n";
    let said = "let `interval` of the check be 1m, or count more often";
    check("interval: 30s\n", ("a.csv", twice), &[], 64, said);
}

/// A series of this track, with these labels beside it; the n-th sample is told by a function.
type Series<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a dyn Fn(u64) -> f64);

/// The body of an answer: series of so many samples each ten seconds.
fn body(series: &[Series<'_>], samples: u64) -> String {
    let series = series.iter().map(|(track, labels, value)| {
        let mut metric: serde_json::Map<String, serde_json::Value> = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).into()))
            .collect();
        metric.insert("track".to_owned(), (*track).into());
        let values = (0..samples).map(|n| serde_json::json!([1000 + 10 * n, value(n).to_string()]));
        serde_json::json!({"metric": metric, "values": values.collect::<Vec<_>>()})
    });
    let result: Vec<_> = series.collect();
    serde_json::json!({"status": "success", "data": {"resultType": "matrix", "result": result}})
        .to_string()
}

#[test]
fn series_say_by_their_labels_what_they_are() {
    // So many are counted in each ten seconds.
    let every = |count: f64| move |n: u64| count * f64::from(u32::try_from(n).unwrap());
    let (many, few, some) = (every(1000.0), every(5.0), every(300.0));
    let counted = [("count", "total")];
    let failed = [("count", "failed")];
    let both = body(
        &[
            ("stable", &counted, &many),
            ("stable", &failed, &few),
            ("candidate", &counted, &many),
            ("candidate", &failed, &some),
        ],
        10,
    );
    let config = "interval: 10s\n";
    check(config, ("a.json", &both), &[], 2, "300 of 1 000");
    // Without what tells failures apart nothing can be said.
    let alone = body(&[("stable", &[], &many), ("candidate", &[], &many)], 10);
    check(config, ("a.json", &alone), &[], 64, "`--failed code=5*`");
    check(
        config,
        ("a.json", &both),
        &["--failed", "code=5*"],
        0,
        "0 of 1 005",
    );
    check(
        config,
        ("a.json", &both),
        &["--candidate", "canary"],
        64,
        "there are values candidate, stable",
    );
    check(
        config,
        ("a.json", &both),
        &["--track", "version"],
        64,
        "there are labels count, track",
    );
    // The source refuses what tells no unit where units are asked for.
    for (config, options) in [
        ("interval: 10s\nmetric: {unit: pod}\n", &[][..]),
        (config, &["--unit", "pod"]),
    ] {
        let said = "a series of stable has no label `pod`, which tells units apart";
        check(config, ("a.json", &both), options, 64, said);
    }
    // Buckets of a histogram: of the candidate's requests three in ten are slow.
    let (bucket, all) = ([("le", "0.1")], [("le", "+Inf")]);
    let (most, less) = (every(990.0), every(700.0));
    let slow = body(
        &[
            ("stable", &bucket, &most),
            ("stable", &all, &many),
            ("candidate", &bucket, &less),
            ("candidate", &all, &many),
        ],
        20,
    );
    let order = "interval: 10s\njudge: stochastic-order\n";
    check(order, ("a.json", &slow), &[], 2, "1 000 events");
    check(
        order,
        ("a.json", &both),
        &[],
        64,
        "no series of stable has the label `le`",
    );
    // Numbers at moments: the last one of each window.
    let rising = |n: u64| f64::from(u32::try_from(n).unwrap());
    let gauge = body(&[("stable", &[], &rising), ("candidate", &[], &rising)], 10);
    let bound =
        "interval: 20s\njudge: {kind: threshold, measure: last, bound: {absolute: {max: 6.5}}}\n";
    check(bound, ("a.json", &gauge), &[], 2, "failed at 1:20, look 4");
    check(bound, ("a.json", &both), &[], 64, "2 series are of stable");
    // Numbers of units.
    let (pod, one) = ([("pod", "a")], |_: u64| 1.0);
    let nine = |_: u64| 9.0;
    let units = body(&[("stable", &pod, &one), ("candidate", &pod, &nine)], 20);
    let of_numbers =
        "interval: 10s\njudge: {kind: exchangeable-units, of: numbers, unit-window: 10s}\n";
    check(
        of_numbers,
        ("a.json", &units),
        &["--unit", "pod"],
        2,
        "1 units",
    );
    check(
        of_numbers,
        ("a.json", &units),
        &[],
        64,
        "name the label that does by --unit",
    );
    check(
        of_numbers,
        ("a.json", &units),
        &["--unit", "zone"],
        64,
        "has no label `zone`",
    );
}
