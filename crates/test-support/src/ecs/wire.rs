//! What goes over the wire: a call as a tree of values, and what an answer or a refusal looks like in each protocol.

pub(crate) mod cbor;
mod fields;
mod json;
mod query;
mod xml;

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

pub(crate) use fields::Fields;

use super::log::Service;
use super::rules::Rule;

/// One call: the service, the operation, and its input. In the query protocol every scalar is text.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) service: Service,
    pub(crate) operation: String,
    pub(crate) input: Value,
}

/// Why a call is refused, as the service would say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) rule: Option<Rule>,
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Refusal {
    /// Refused by `rule` with HTTP status 400.
    pub(crate) fn by(rule: Rule, code: &str, message: impl Into<String>) -> Self {
        Self {
            rule: Some(rule),
            ..Self::plain(code, message)
        }
    }

    /// Refused for something that no rule of ours speaks of, with HTTP status 400.
    pub(crate) fn plain(code: &str, message: impl Into<String>) -> Self {
        Self {
            rule: None,
            status: 400,
            code: code.to_owned(),
            message: message.into(),
        }
    }

    pub(crate) fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }
}

/// What a handler gives back.
pub(crate) type Answer = Result<Value, Refusal>;

impl Call {
    /// Reads what a client of the SDK sent; `Err` says what is odd about it.
    pub(crate) fn read(request: &HttpRequest) -> Result<Self, String> {
        let body = request
            .body()
            .bytes()
            .ok_or("the body is a stream: these services send small bodies only")?;
        if request.headers().get("smithy-protocol").is_some() {
            return cbor::read(request.uri(), body);
        }
        match request.headers().get("x-amz-target") {
            Some(target) => json::read(target, body),
            None => query::read(body),
        }
    }

    /// The HTTP response that says `answer`.
    pub(crate) fn respond(&self, answer: &Answer, request_id: &str) -> HttpResponse {
        let text = |text: String| text.into_bytes();
        let (status, body) = match (answer, self.service) {
            (Ok(output), Service::LoadBalancing) => {
                (200, text(xml::answer(&self.operation, output, request_id)))
            }
            (Ok(output), Service::Ecs | Service::Autoscaling) => (200, text(output.to_string())),
            (Ok(output), Service::Alarms) => (200, cbor::answer(output)),
            (Err(refusal), Service::LoadBalancing) => {
                (refusal.status, text(xml::refusal(refusal, request_id)))
            }
            (Err(refusal), Service::Ecs | Service::Autoscaling) => {
                (refusal.status, text(json::refusal(refusal)))
            }
            (Err(refusal), Service::Alarms) => (refusal.status, cbor::refusal(refusal)),
        };
        let status = StatusCode::try_from(status).unwrap_or_else(|_| {
            unreachable!("every status that is given to a refusal is between 400 and 599")
        });
        let mut response = HttpResponse::new(status, SdkBody::from(body));
        response
            .headers_mut()
            .insert("x-amzn-requestid", request_id.to_owned());
        if self.service == Service::Alarms {
            response
                .headers_mut()
                .insert("smithy-protocol", "rpc-v2-cbor");
        }
        response
    }
}
