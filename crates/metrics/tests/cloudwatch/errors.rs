//! What cannot be told: what may pass, what will not and how it is mended, and that no secret is in it.

use std::time::Duration;

use serde_json::json;
use strategy_core::analysis::Window;
use strategy_metrics::Shape;
use strategy_metrics::source::{CloudWatch, MetricSource, SourceError};

use crate::answers::counters;
use crate::server::{BEGIN, Reply, SECRET, Server, at, question, window};
use crate::wire::{Page, Told};

async fn error(server: &Server) -> SourceError {
    let question = question(counters(), Shape::Events);
    let error = server.source().read(&question, window()).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(SECRET));
    assert!(error.to_string().contains("cloudwatch in eu-central-1"));
    error
}

#[track_caller]
fn is_passing(error: &SourceError, said: &str) {
    assert!(matches!(error, SourceError::Passing { .. }), "{error:?}");
    assert!(error.to_string().contains(said), "{error}");
}

#[track_caller]
fn is_permanent(error: &SourceError, said: &str, mended: &str) {
    let SourceError::Permanent { problem, mend, .. } = error else {
        panic!("{error:?}");
    };
    assert!(problem.contains(said), "{problem}");
    assert!(mend.contains(mended), "{mend}");
}

#[tokio::test]
async fn what_may_pass_is_told_from_what_will_not() {
    for (status, code) in [
        (400, "Throttling"),
        (400, "ThrottlingException"),
        (400, "RequestLimitExceeded"),
        (429, "Whatever"),
        (500, "InternalServiceFault"),
        (503, "ServiceUnavailable"),
        (502, "Whatever"),
        (400, "InvalidNextToken"),
    ] {
        let server = Server::answering([Reply::Refused(status, code, "later")]);
        is_passing(&error(&server).await, &format!("{code}: later"));
        assert_eq!(server.asked().len(), 1, "nothing is tried again");
    }
    for (status, code, mend) in [
        (403, "AccessDenied", "`cloudwatch:GetMetricData`"),
        (400, "AccessDeniedException", "`cloudwatch:GetMetricData`"),
        (400, "UnauthorizedOperation", "`cloudwatch:GetMetricData`"),
        (403, "Whatever", "`cloudwatch:GetMetricData`"),
        (403, "InvalidClientTokenId", "credentials"),
        (400, "ExpiredTokenException", "credentials"),
        (403, "SignatureDoesNotMatch", "credentials"),
        (400, "ValidationError", "mend the metric"),
        (400, "InvalidParameterValue", "mend the metric"),
        (404, "Whatever", "mend the metric"),
    ] {
        let server = Server::answering([Reply::Refused(status, code, "no")]);
        is_permanent(&error(&server).await, &format!("{code}: no"), mend);
    }
}

/// CloudWatch tells the code that it had in its older protocol in a header.
#[tokio::test]
async fn a_code_of_the_older_protocol_is_understood() {
    let throttled = Reply::RefusedAsBefore("com.amazonaws.cloudwatch#Other", "Throttling");
    let throttled = error(&Server::answering([throttled])).await;
    is_passing(&throttled, "Throttling: no");
    let denied = Reply::RefusedAsBefore("com.amazonaws.cloudwatch#Other", "AccessDenied");
    let denied = error(&Server::answering([denied])).await;
    is_permanent(&denied, "AccessDenied: no", "`cloudwatch:GetMetricData`");
    // A name with its namespace is the name.
    let code = "com.amazonaws.cloudwatch#AccessDeniedException";
    let denied = error(&Server::answering([Reply::Refused(400, code, "no")])).await;
    is_permanent(
        &denied,
        "AccessDeniedException: no",
        "`cloudwatch:GetMetricData`",
    );
}

#[tokio::test]
async fn a_broken_connection_may_pass() {
    is_passing(
        &error(&Server::answering([Reply::Reset])).await,
        "reset by peer",
    );
    is_passing(
        &error(&Server::answering([Reply::TooLate])).await,
        "no answer",
    );
    for status in [200, 400, 500] {
        let reply = Reply::Bytes(status, b"<html>a proxy</html>".to_vec());
        let error = error(&Server::answering([reply])).await;
        if status == 400 {
            is_permanent(&error, "400", "mend the metric");
        } else {
            is_passing(&error, "");
        }
    }
}

#[tokio::test]
async fn a_question_takes_only_so_long() {
    let server = Server::answering([Reply::Never]);
    let source = server
        .impatient_source()
        .timeout(Duration::from_millis(2_500));
    let question = question(counters(), Shape::Events);
    let error = source.read(&question, window()).await.unwrap_err();
    is_passing(&error, "no answer in 2.5 s");
    assert_eq!(CloudWatch::TIMEOUT, Duration::from_secs(10));
}

/// The time-out is of one request, as it is of every source: an answer of several pages takes several.
#[tokio::test]
async fn each_page_of_a_question_has_its_time() {
    let slow = |page: Page| Reply::Slow(page);
    let more = |token: &str| slow(Page::of(both("PartialData")).next(token));
    let last = [
        Told::complete("m0", &[(BEGIN, 5.0)]),
        Told::complete("m1", &[]),
    ];
    let server = Server::answering([more("1"), more("2"), slow(Page::of(last))]);
    let source = server.source_that_waits(3);
    let question = question(counters(), Shape::Events);
    source.read(&question, window()).await.unwrap();
    assert_eq!(server.asked().len(), 3);
}

fn both(status: &'static str) -> [Told; 2] {
    [
        Told::with("m0", &[(BEGIN, 5.0)], status).saying("Why", "because"),
        Told::complete("m1", &[]),
    ]
}

#[tokio::test]
async fn a_status_that_is_not_complete_is_an_error() {
    let server = Server::pages([Page::of(both("Forbidden"))]);
    let forbidden = error(&server).await;
    let mend = "`cloudwatch:GetMetricData`";
    is_permanent(&forbidden, "it says Forbidden: Why: because", mend);
    for (status, said) in [
        ("InternalError", "it says InternalError: Why: because"),
        ("PartialData", "it says PartialData, and has no more pages"),
        ("Sleepy", "cannot be read: it says `Sleepy`"),
        ("", "cannot be read: it does not tell of all"),
    ] {
        let server = Server::pages([Page::of(both(status))]);
        is_passing(&error(&server).await, said);
    }
}

#[tokio::test]
async fn an_answer_to_something_else_is_none() {
    let complete = |points| Told::complete("m0", points);
    let failed = Told::complete("m1", &[]);
    let torn = Told {
        is_torn: true,
        ..complete(&[(BEGIN, 1.0)])
    };
    let before = Told {
        points: vec![(-60.0, 1.0)],
        ..complete(&[])
    };
    for (told, said) in [
        (vec![complete(&[])], "it does not tell of all"),
        (
            vec![complete(&[]), Told::complete("m7", &[])],
            "`m7`, which was not asked",
        ),
        (
            vec![complete(&[(BEGIN + 1, 1.0)]), failed.clone()],
            "where no period begins",
        ),
        (vec![before, failed.clone()], "where no period begins"),
        (vec![torn, failed.clone()], "1 times and 2 values"),
        (
            vec![complete(&[(BEGIN, 1.0)]), complete(&[(BEGIN, 2.0)]), failed],
            "twice",
        ),
    ] {
        let server = Server::pages([Page::of(told)]);
        is_passing(&error(&server).await, said);
    }
}

#[tokio::test]
async fn pages_without_end_are_given_up() {
    let page = |token: usize| Page::of(both("PartialData")).next(&token.to_string());
    let server = Server::pages((0..20).map(page));
    is_passing(&error(&server).await, "more than 10 pages");
    assert_eq!(server.asked().len(), 10);
}

#[tokio::test]
async fn more_than_so_many_datapoints_are_not_asked_for() {
    let mut metric = counters();
    metric["period"] = json!("1s");
    let question = question(metric, Shape::Events);
    // Two counters, and as many seconds each as make 100 800 together.
    for (seconds, is_asked) in [(50_400, true), (50_401, false)] {
        let none = [Told::complete("m0", &[]), Told::complete("m1", &[])];
        let server = Server::pages([Page::of(none)]);
        let window = Window {
            from: at(0),
            to: at(seconds),
        };
        let answer = server.source().read(&question, window).await;
        assert_eq!(server.asked().len(), usize::from(is_asked));
        if !is_asked {
            is_permanent(&answer.unwrap_err(), "100802 datapoints", "period longer");
        }
    }
}

#[tokio::test]
async fn a_window_off_the_grid_is_the_callers_mistake() {
    for (from, to) in [(1, 60), (0, 61)] {
        let window = Window {
            from: at(from),
            to: at(to),
        };
        let server = Server::pages([]);
        let question = question(counters(), Shape::Events);
        let error = server.source().read(&question, window).await.unwrap_err();
        assert!(matches!(error, SourceError::Invalid { .. }), "{error:?}");
        assert!(server.asked().is_empty());
    }
}

#[tokio::test]
async fn what_is_said_is_no_longer_than_a_person_reads() {
    let long: &'static str = Box::leak("x".repeat(10_000).into_boxed_str());
    let server = Server::answering([Reply::Refused(400, "ValidationError", long)]);
    assert!(error(&server).await.to_string().len() < 700);
    let told = Told::with("m0", &[], "Forbidden").saying("Why", long);
    let server = Server::pages([Page::of([told, Told::complete("m1", &[])])]);
    assert!(error(&server).await.to_string().len() < 800);
}

#[tokio::test]
async fn no_secret_is_shown() {
    let source = Server::pages([]).source();
    let shown = format!("{source:?} {}", source.name());
    assert!(shown.contains("cloudwatch in eu-central-1"), "{shown}");
    assert!(
        !shown.contains(SECRET) && !shown.contains("AKID"),
        "{shown}"
    );
}
