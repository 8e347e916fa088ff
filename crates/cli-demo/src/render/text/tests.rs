//! Stories as people read them, line by line.

use strategy_core::rollout::{Answer, Command, Wish};

use super::*;

fn event(seconds: u64, news: News) -> Event {
    let at = Timestamp::from_millis(1_700_000_000_000 + seconds * 1000);
    Event::new("api-1".parse().unwrap(), at, news)
}

fn progress(part: &str, candidate: u32, weight: u16) -> News {
    News::Progress {
        part: part.parse().unwrap(),
        ready: Tracks {
            stable: 10,
            candidate,
        },
        wanted: Tracks {
            stable: 10,
            candidate: 1,
        },
        written: Weight::from_percent(weight).unwrap(),
        effective: None,
    }
}

fn looked(number: u64, verdict: Verdict) -> News {
    News::Looked {
        check: "errors".into(),
        number,
        verdict,
        evidence: "3 of 1 010 failed".to_owned(),
    }
}

fn tell(news: impl IntoIterator<Item = (u64, News)>) -> String {
    let mut story = Story::new(Paint::OFF);
    let lines: Vec<_> = news
        .into_iter()
        .flat_map(|(seconds, news)| story.hear(&event(seconds, news)))
        .collect();
    lines.join("\n")
}

#[test]
fn a_stage_is_told_with_weight_ready_verdict_and_time() {
    let told = tell([
        (
            0,
            News::Started {
                release: "api=api:2".to_owned(),
                plan: "0123456789abcdef".to_owned(),
                stages: 4,
            },
        ),
        (
            1,
            News::StageEntered {
                stage: "5%".into(),
                number: 1,
            },
        ),
        (2, progress("main", 0, 0)),
        (14, progress("main", 1, 0)),
        (15, progress("main", 1, 5)),
        (16, News::BakeBegan { stage: "5%".into() }),
        (46, looked(1, Verdict::Pass)),
        (76, looked(2, Verdict::Pass)),
        (136, News::StagePassed { stage: "5%".into() }),
    ]);
    assert_eq!(
            told,
            [
                "   time  stage             weight  stable  candidate  what",
                "   0:00                                               api=api:2 begins, plan 0123456789ab",
                "   0:01  5%                                           stage 1 of 4 begins",
                "   0:15  5%                    5%   10/10        1/1  traffic moves to 5%",
                "   0:16  5%                    5%   10/10        1/1  traffic is effective",
                "   0:46  5%                    5%   10/10        1/1  check errors: pass, 3 of 1 010 failed",
                "   2:16  5%                    5%   10/10        1/1  passed",
            ]
            .join("\n")
        );
}

#[test]
fn what_others_say_is_no_order_to_the_terminal() {
    let mut command = Command::new("1", "ev\x1b[31mil\x1b]0;pwn\x07", Wish::Pause);
    command.reason = "ok\x1b[2Jfake\r\n   0:00 promoted".to_owned();
    let told = tell([
        (
            0,
            News::Commanded {
                command: Box::new(command),
                answer: Answer::Recorded,
            },
        ),
        (
            1,
            News::StageEntered {
                stage: "5\x1b[2J%".into(),
                number: 1,
            },
        ),
    ]);
    assert!(told.contains(r"ev\u{1b}[31mil"), "{told}");
    assert!(told.contains(r"5\u{1b}[2J%"), "{told}");
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines.len(), 3, "{told}");
    assert!(
        !lines.iter().any(|line| line.contains(char::is_control)),
        "{told:?}"
    );
}

#[test]
fn several_parts_are_summed_and_a_move_names_its_part() {
    let told = tell([
        (0, progress("backend", 1, 0)),
        (0, progress("frontend", 1, 0)),
        (3725, progress("backend", 1, 5)),
    ]);
    let line =
        "1:02:05                      0-5%   20/20        2/2  traffic of backend moves to 5%";
    assert_eq!(told.lines().last().unwrap(), line);
}

#[test]
fn the_share_over_time_is_kept_for_the_picture() {
    let mut story = Story::new(Paint::OFF);
    for (seconds, weight) in [(0, 0), (10, 50), (20, 100)] {
        story.hear(&event(seconds, progress("main", 1, weight)));
    }
    story.hear(&event(40, News::Settled));
    let chart = story.shares()[&Part::main()].lines(16);
    assert_eq!(chart.last().unwrap(), "       0:00        0:40");
    assert_eq!(chart[0], " 100% │        ████████");
}
