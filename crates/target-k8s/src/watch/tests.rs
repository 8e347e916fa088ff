//! How the loop of lists and watches behaves on a server that fails in one way all the time.

use std::collections::BTreeMap;

use http::{Request, Response};
use kube::client::Body;
use serde_json::json;
use tower::service_fn;

use super::*;

/// How often a server was asked, by verb.
type Asked = Arc<Mutex<BTreeMap<&'static str, u32>>>;

/// A server that lists nothing and answers every watch like this.
fn server(status: u16, answer: &'static str) -> (Client, Asked) {
    let asked = Asked::default();
    let count = Arc::clone(&asked);
    let client = Client::new(
        service_fn(move |request: Request<Body>| {
            let is_watch = request.uri().query().unwrap_or("").contains("watch=");
            let verb = if is_watch { "watch" } else { "list" };
            *count.lock().unwrap().entry(verb).or_default() += 1;
            let (status, body) = if is_watch {
                (status, answer.to_owned())
            } else {
                let list = json!({"metadata": {"resourceVersion": "7"}, "items": []});
                (200, list.to_string())
            };
            let response = Response::builder().status(status);
            async move { response.body(Body::from(body.into_bytes())) }
        }),
        "shop",
    );
    (client, asked)
}

fn times(asked: &Asked, verb: &str) -> u32 {
    asked.lock().unwrap().get(verb).copied().unwrap_or(0)
}

fn pods(client: Client) -> Arc<Running> {
    Watches::new(client, "shop").hold(&WatchKey::all("v1", "pods"))
}

async fn pass(seconds: u64) {
    for _ in 0..seconds * 20 {
        tokio::time::advance(Duration::from_millis(50)).await;
        tokio::task::yield_now().await;
    }
}

const FORBIDDEN: &str = r#"{"kind":"Status","status":"Failure","code":403,"reason":"Forbidden","message":"cannot watch resource \"pods\""}"#;
const THROTTLED: &str = r#"{"kind":"Status","status":"Failure","code":429,"reason":"TooManyRequests","message":"slow down"}"#;
const BROKEN: &str = r#"{"type":"ERROR","object":{"kind":"Status","status":"Failure","code":500,"reason":"InternalError","message":"no quorum"}}"#;
const BOOKMARK_AND_BROKEN: &str = r#"{"type":"BOOKMARK","object":{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"8"}}}
{"type":"ERROR","object":{"kind":"Status","status":"Failure","code":500,"reason":"InternalError","message":"no quorum"}}"#;

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_refused_is_an_error_all_the_time_and_asked_for_less_and_less() {
    for (status, answer, kind) in [
        (403, FORBIDDEN, TargetErrorKind::PermissionDenied),
        (429, THROTTLED, TargetErrorKind::RateLimited),
    ] {
        let (client, asked) = server(status, answer);
        let pods = pods(client);
        for _ in 0..60 {
            let error = pods.contents().await.unwrap_err();
            assert_eq!(error.kind, kind, "{error}");
            pass(1).await;
        }
        // 0.2, 0.4, 0.8, 1.6, 3.2, 6.4 and then 10 seconds apart.
        let lists = times(&asked, "list");
        assert!((8..=12).contains(&lists), "{lists} lists in a minute");
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_never_brings_anything_is_begun_less_and_less() {
    for answer in ["", BROKEN] {
        let (client, asked) = server(200, answer);
        let pods = pods(client);
        pods.contents().await.unwrap();
        pass(60).await;
        for verb in ["list", "watch"] {
            let number = times(&asked, verb);
            assert!(
                (8..=12).contains(&number),
                "{number} times {verb} in a minute"
            );
        }
        assert!(pods.contents().await.unwrap().age <= PAUSES.1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_brought_something_is_begun_again_soon() {
    let (client, asked) = server(200, BOOKMARK_AND_BROKEN);
    let pods = pods(client);
    pods.contents().await.unwrap();
    pass(10).await;
    assert!(times(&asked, "watch") >= 20, "{asked:?}");
    assert!(pods.contents().await.is_ok());
}
