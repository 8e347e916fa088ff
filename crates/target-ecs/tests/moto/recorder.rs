//! The SDK's own HTTP client, with a list of what was asked through it.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// Hands requests on, and keeps their actions in order.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    client: SharedHttpClient,
    actions: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    /// Without TLS, which nobody needs to talk to oneself.
    pub(crate) fn new() -> Self {
        Self {
            client: aws_smithy_http_client::Builder::new().build_http(),
            actions: Arc::default(),
        }
    }

    /// What was asked since this was asked last, as a policy calls it, such as `ecs:UpdateService`.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.actions.lock().unwrap())
    }

    /// The same without what only reads.
    pub(crate) fn take_writes(&self) -> Vec<String> {
        let mut actions = self.take();
        actions.retain(|action| !action.contains(":Describe") && !action.contains(":List"));
        actions
    }
}

impl HttpClient for Recorder {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.client.http_connector(settings, components);
        SharedHttpConnector::new(Connector {
            connector,
            actions: Arc::clone(&self.actions),
        })
    }
}

#[derive(Debug)]
struct Connector {
    connector: SharedHttpConnector,
    actions: Arc<Mutex<Vec<String>>>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.actions.lock().unwrap().extend(actions(&request));
        self.connector.call(request)
    }
}

/// What a call asks to be allowed: the action of its name, and tagging where it makes something with tags.
fn actions(request: &HttpRequest) -> Vec<String> {
    if let Some(target) = request.headers().get("x-amz-target") {
        let (service, operation) = target.split_once('.').unwrap();
        let prefix = match service {
            "AmazonEC2ContainerServiceV20141113" => "ecs",
            "AnyScaleFrontendService" => "application-autoscaling",
            other => panic!("{other}"),
        };
        return vec![format!("{prefix}:{operation}")];
    }
    if request.headers().get("smithy-protocol").is_some() {
        let operation = request.uri().rsplit('/').next().unwrap();
        return vec![format!("cloudwatch:{operation}")];
    }
    let body = std::str::from_utf8(request.body().bytes().unwrap()).unwrap();
    let operation = body.strip_prefix("Action=").unwrap().split('&').next();
    let mut actions = vec![format!("elasticloadbalancing:{}", operation.unwrap())];
    if body.contains("&Tags.member.1.") && !actions[0].contains("Tag") {
        actions.push("elasticloadbalancing:AddTags".to_owned());
    }
    actions
}
