//! What cannot be told, and whether it may pass.

use std::time::Duration;

use serde_json::{Value, json};
use strategy_metrics::Shape;
use strategy_metrics::source::{MetricSource, SourceError};

use crate::loopback::{Reply, Server};
use crate::question::{question_about, requests, source, window};

fn errors(status: u16, said: &str) -> Reply {
    Reply::Body(status, json!({ "errors": [said] }).to_string())
}

fn data(attributes: Value) -> Reply {
    let data = json!({ "type": "timeseries_response", "attributes": attributes });
    Reply::Body(200, json!({ "data": data }).to_string())
}

async fn error_of(reply: Reply) -> SourceError {
    // Nine megabytes take their time where many tests run at once.
    let timeout = if matches!(reply, Reply::Silence) {
        Duration::from_millis(500)
    } else {
        Duration::from_secs(30)
    };
    let server = Server::answering([reply]).await;
    let source = source(&server).timeout(timeout);
    let question = question_about(requests(), Shape::Events);
    source.read(&question, window()).await.unwrap_err()
}

#[tokio::test]
async fn an_error_that_may_pass_is_told_from_one_that_will_not() {
    let wide = json!({ "series": [{ "query_index": 2 }], "times": [], "values": [[]] });
    for (reply, passes, named) in [
        // Recorded with Datadog's own client.
        (
            errors(400, "API input validation failed: Invalid type."),
            false,
            "400 Bad Request: API input validation",
        ),
        (errors(401, "Unauthorized"), false, "`timeseries_query`"),
        (
            errors(403, "Forbidden"),
            false,
            "an application key of this site",
        ),
        (
            errors(404, "Not found"),
            false,
            "the address of the site's API",
        ),
        (
            errors(422, "unknown function"),
            false,
            "unknown function; mend the query",
        ),
        (errors(500, "oops"), true, "500 Internal Server Error: oops"),
        (Reply::Body(503, "<html>".to_owned()), true, "503"),
        (Reply::Body(408, String::new()), true, "408"),
        (
            Reply::Body(200, json!({ "errors": "query too heavy" }).to_string()),
            false,
            "query too heavy; mend",
        ),
        (
            Reply::Body(200, json!({ "data": {}, "errors": "partial" }).to_string()),
            false,
            "partial",
        ),
        (
            Reply::Body(200, "<html>".to_owned()),
            true,
            "cannot be read",
        ),
        (
            Reply::Body(200, "{}".to_owned()),
            true,
            "a success without data",
        ),
        (
            Reply::Body(200, r#"{"data":{}}"#.to_owned()),
            true,
            "data without attributes",
        ),
        (
            Reply::Cut(200, "{".to_owned()),
            true,
            "the connection broke",
        ),
        (
            data(json!({ "times": [2, 1], "series": [], "values": [] })),
            true,
            "not in order",
        ),
        (
            data(json!({ "times": [1, 1], "series": [], "values": [] })),
            true,
            "not in order",
        ),
        (
            data(json!({ "times": [-1], "series": [], "values": [] })),
            true,
            "cannot be read",
        ),
        (
            data(json!({ "times": [1], "series": [{}], "values": [] })),
            true,
            "1 series have 0 lists",
        ),
        (
            data(json!({ "times": [1], "series": [{}], "values": [[1, 2]] })),
            true,
            "2 values at 1 times",
        ),
        (
            data(json!({ "times": [1], "series": [{}, {}], "values": [[1], [1]] })),
            true,
            "two series of one query have the same tags",
        ),
        (data(wide), true, "of query 2, which was not asked"),
        (
            Reply::Endless(9 * 1024 * 1024),
            false,
            "more than 8388608 bytes",
        ),
        (Reply::Silence, true, "no answer in 0.5 s"),
        (Reply::HangUp, true, "connection"),
    ] {
        let found = error_of(reply).await;
        let is_passing = matches!(found, SourceError::Passing { .. });
        assert_eq!(is_passing, passes, "{found}");
        let text = found.to_string();
        assert!(text.contains(named), "{text}: {named}");
        assert!(text.len() < 1_000, "{text}");
        assert!(text.starts_with("datadog at http://127.0.0.1:"), "{text}");
    }
}

#[tokio::test]
async fn what_is_said_of_limits_is_told_with_the_time_to_wait() {
    let limits = "X-RateLimit-Limit: 100\r\nX-RateLimit-Period: 60\r\nX-RateLimit-Remaining: 0\r\n";
    for (headers, named) in [
        (
            format!("{limits}X-RateLimit-Reset: 12\r\n"),
            "; it takes 100 requests in 60 s; ask again in 12 s",
        ),
        (
            limits.to_owned(),
            "; it takes 100 requests in 60 s; ask again in 60 s",
        ),
        (
            "X-RateLimit-Reset: 7\r\n".to_owned(),
            "429 Too Many Requests: Rate limited; ask again in 7 s",
        ),
        (
            "X-RateLimit-Reset: soon; drop table\r\n".to_owned(),
            "Rate limited; ask less often",
        ),
        (String::new(), "Rate limited; ask less often"),
    ] {
        let body = json!({ "errors": ["Rate limited"] }).to_string();
        let error = error_of(Reply::Headed(429, headers, body)).await;
        assert!(matches!(error, SourceError::Passing { .. }), "{error:?}");
        assert!(error.to_string().ends_with(named), "{error}: {named}");
    }
}

/// JSON has no NaN and no infinity: <https://www.rfc-editor.org/rfc/rfc8259#section-6>. What stands for them is
/// `null`, and what does not stand there is no answer.
#[tokio::test]
async fn no_number_of_an_answer_is_nan_or_infinite() {
    for number in ["NaN", "Infinity", "1e999", "\"1\""] {
        let body = format!(
            r#"{{"data":{{"attributes":{{"series":[{{}}],"times":[1000000],"values":[[{number}]]}}}}}}"#
        );
        let error = error_of(Reply::Body(200, body)).await;
        assert!(matches!(error, SourceError::Passing { .. }), "{error:?}");
        assert!(
            error.to_string().contains("cannot be read"),
            "{number}: {error}"
        );
    }
}

#[tokio::test]
async fn an_answer_may_be_as_large_as_said_and_no_larger() {
    let empty = json!({ "data": { "attributes": {} } }).to_string();
    for (more, refused) in [(0, false), (1, true)] {
        let spaces = " ".repeat(8 * 1024 * 1024 + more - empty.len());
        let server = Server::answering([Reply::Body(200, format!("{empty}{spaces}"))]).await;
        let source = source(&server).timeout(Duration::from_secs(30));
        let question = question_about(requests(), Shape::Events);
        let answer = source.read(&question, window()).await;
        assert_eq!(answer.is_err(), refused, "{more}: {answer:?}");
    }
}

#[tokio::test]
async fn more_series_than_are_read_are_refused() {
    for (count, refused) in [(2_000, false), (2_001, true)] {
        let series: Vec<_> = (0..count)
            .map(|n| json!({ "group_tags": [format!("pod:{n}")] }))
            .collect();
        let values = vec![json!([1]); count];
        let reply = data(json!({ "series": series, "times": [1_000_000], "values": values }));
        let server = Server::answering([reply]).await;
        let question = question_about(requests(), Shape::Events);
        let answer = source(&server).read(&question, window()).await;
        assert_eq!(answer.is_err(), refused, "{count}");
        if let Err(error) = answer {
            assert!(matches!(error, SourceError::Permanent { .. }), "{error:?}");
            assert!(
                error.to_string().contains("at most 2000 are read"),
                "{error}"
            );
        }
    }
}

#[tokio::test]
async fn a_list_of_errors_is_told_in_part() {
    let said: Vec<_> = (1..=9).map(|n| format!("wrong {n}")).collect();
    let error = error_of(Reply::Body(400, json!({ "errors": said }).to_string())).await;
    let named = "wrong 4; wrong 5; and 4 more; mend the query";
    assert!(error.to_string().ends_with(named), "{error}");
}
