//! The promises of every source, kept on a store that answers by CloudWatch's own rules.

use serde_json::json;
use strategy_core::analysis::Window;
use strategy_metrics::Shape;
use strategy_metrics::conformance::source::{Subject, keeps_every_promise};

use crate::server::{BEGIN, Server, at, question};
use crate::store::Store;

#[tokio::test]
async fn every_promise_is_kept() {
    for (per_page, period, seconds) in [
        (0, "60s", 600),
        (7, "60s", 600),
        (0, "5m", 1_200),
        (100, "10s", 70),
        (0, "1s", 63),
    ] {
        let mut store = Store::default();
        store.per_page = per_page;
        for second in 0..3_000 {
            let at = BEGIN - 300 + second;
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
        let metric = json!({ "application-load-balancer": {}, "period": period });
        let begin = if period == "5m" {
            at(300 - BEGIN % 300)
        } else {
            at(0)
        };
        let window = Window {
            from: begin,
            to: begin + std::time::Duration::from_secs(seconds),
        };
        let meaningless = json!({ "namespace": "AWS/ApplicationELB" });
        let subject = Subject::new(
            &source,
            question(metric, Shape::Events),
            window,
            meaningless,
        );
        let kept = keeps_every_promise(&subject).await;
        assert_eq!(kept, Ok(()), "{per_page} {period}");
    }
}
