//! The promises of every source, kept on a store that answers by CloudWatch's own rules.

use serde_json::json;
use strategy_core::analysis::Window;
use strategy_metrics::Shape;
use strategy_metrics::conformance::source::{Subject, keeps_every_promise};

use crate::server::{BEGIN, SECRET, Server, at, question};
use crate::store::Store;

#[tokio::test]
async fn every_promise_is_kept() {
    for (per_page, period, seconds) in [
        (0, 60, 600),
        (7, 60, 600),
        (0, 300, 1_200),
        (100, 10, 70),
        (0, 1, 63),
    ] {
        // In the second period nobody asks.
        let begin = 300;
        let is_quiet = |at| (BEGIN + begin + period..BEGIN + begin + 2 * period).contains(&at);
        let mut store = Store::default();
        store.per_page = per_page;
        for second in 0..3_000 {
            let at = BEGIN - 300 + second;
            store.count("Nothing", "web-canary", at, f64::NAN);
            if is_quiet(at) {
                continue;
            }
            store.count("RequestCount", "web-canary", at, 10.0);
            if second % 7 == 0 {
                store.count("HTTPCode_Target_5XX_Count", "web-canary", at, 2.0);
            }
            if second % 31 == 0 {
                store.count("TargetConnectionErrorCount", "web-canary", at, 1.0);
            }
        }
        let server = Server::holding(store);
        let source = server.source();
        let metric = json!({ "application-load-balancer": {}, "period": format!("{period}s") });
        let number = |metric: &str| {
            let query = json!({
                "namespace": "AWS/ApplicationELB", "metric": metric, "statistic": "Sum",
                "dimensions": { "LoadBalancer": "{{LoadBalancer}}", "TargetGroup": "{{TargetGroup}}" },
            });
            let metric = json!({ "query": query, "period": format!("{period}s") });
            question(metric, Shape::Values)
        };
        let window = |from, to| Window {
            from: at(begin + from),
            to: at(begin + to),
        };
        let meaningless = json!({ "namespace": "AWS/ApplicationELB" });
        let subject = Subject::new(
            &source,
            question(metric, Shape::Events),
            window(0, seconds),
            meaningless,
        )
        .other(number("RequestCount"))
        .quiet(window(period, 2 * period))
        .numberless(number("Nothing"))
        .secret(SECRET)
        .without("histogram")
        .without("units");
        assert_eq!(subject.left_out(), ["histogram", "units"]);
        let kept = keeps_every_promise(&subject).await;
        assert_eq!(kept, Ok(()), "{per_page} {period}");
    }
}
