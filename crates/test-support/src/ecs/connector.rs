//! The HTTP client that the SDK talks to instead of a socket.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use super::faults::Fault;
use super::lag;
use super::log::{self, CallRecord, Outcome};
use super::rules::Rule;
use super::wire::{Call, Refusal};
use super::{Fake, State};

/// What a call comes to, before time passes.
enum Reply {
    Answer(Box<HttpResponse>),
    Reset,
    /// Nothing comes for so long.
    Hang(Duration),
}

impl HttpClient for Fake {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Fake {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let fake = self.clone();
        HttpConnectorFuture::new(async move {
            let latency = fake.settings().latency;
            if latency > Duration::ZERO {
                fake.sleep(latency).await;
            }
            match fake.answer(&request)? {
                Reply::Answer(response) => Ok(*response),
                Reply::Reset => Err(ConnectorError::io("connection reset by peer".into())),
                Reply::Hang(time) => {
                    fake.sleep(time).await;
                    Err(ConnectorError::timeout("the answer did not come".into()))
                }
            }
        })
    }
}

impl Fake {
    async fn sleep(&self, time: Duration) {
        let until = self.clock().now() + time;
        self.clock().sleep_until(until).await;
    }

    fn answer(&self, request: &HttpRequest) -> Result<Reply, ConnectorError> {
        let call = Call::read(request).map_err(|why| ConnectorError::user(why.into()))?;
        let mut state = self.state();
        let now = self.clock().now();
        lag::advance(&mut state, now);
        let index = state.log.len();
        let actions = log::actions(&call);
        let request_id = format!("00000000-0000-0000-0000-{index:012}");
        let fault = state.faults.hit(index, &call.operation);
        let refused = spent(&mut state, &call).or_else(|| {
            let denied = state.faults.denied(&call, &actions);
            denied.map(|refusal| (refusal, Rule::DeniedCodes))
        });
        let (reply, outcome) = match (fault, refused) {
            (Some(fault), _) => {
                if fault.is_applied() && denied_is_none(&state, &call, &actions) {
                    // Whether it was refused nobody will hear.
                    let _ = lag::perform(&mut state, &call);
                }
                if fault == Fault::TimeoutThenDone && denied_is_none(&state, &call, &actions) {
                    lag::later(&mut state, &call);
                }
                if fault == Fault::Throttled {
                    state.world.note(Rule::ThrottlingCodes);
                }
                let reply = match (fault.refusal(call.service), fault) {
                    (Some(refusal), _) => answered(call.respond(&Err(refusal), &request_id)),
                    (None, Fault::TimeoutBefore | Fault::TimeoutAfter | Fault::TimeoutThenDone) => {
                        Reply::Hang(state.world.settings.hang)
                    }
                    (None, _) => Reply::Reset,
                };
                (reply, Outcome::Faulty(fault))
            }
            (None, Some((refusal, rule))) => {
                state.world.note(rule);
                if rule == Rule::DeniedCodes
                    && actions.iter().any(|action| action == "iam:PassRole")
                {
                    state.world.note(Rule::RolesArePassed);
                }
                let outcome = Outcome::Refused {
                    code: refusal.code.clone(),
                    rule: Some(rule),
                };
                (answered(call.respond(&Err(refusal), &request_id)), outcome)
            }
            (None, None) => {
                let answer = lag::perform(&mut state, &call);
                let outcome = match &answer {
                    Ok(_) => Outcome::Answered,
                    Err(refusal) => {
                        if let Some(rule) = refusal.rule {
                            state.world.note(rule);
                        }
                        Outcome::Refused {
                            code: refusal.code.clone(),
                            rule: refusal.rule,
                        }
                    }
                };
                (answered(call.respond(&answer, &request_id)), outcome)
            }
        };
        state.log.push(CallRecord {
            index,
            at: now,
            service: call.service,
            operation: call.operation.clone(),
            resource: log::resource(&call),
            actions,
            outcome,
        });
        Ok(reply)
    }
}

/// The refusal of a call that finds no token.
fn spent(state: &mut State, call: &Call) -> Option<(Refusal, Rule)> {
    let now = state.world.now;
    let is_open = !state.world.settings.published_buckets
        || state.buckets.take(call.service, &call.operation, now);
    let refusal = Fault::Throttled.refusal(call.service);
    refusal
        .filter(|_| !is_open)
        .map(|refusal| (refusal, Rule::PublishedBuckets))
}

fn answered(response: HttpResponse) -> Reply {
    Reply::Answer(Box::new(response))
}

fn denied_is_none(state: &State, call: &Call, actions: &[String]) -> bool {
    state.faults.denied(call, actions).is_none()
}
