//! Reads of whole load balancers.

use strategy_core::target::TargetError;

use super::Api;
use crate::config::resource;

impl Api {
    /// The listeners of a load balancer, by ARN.
    pub(crate) async fn listeners(&self, balancer: &str) -> Result<Vec<String>, TargetError> {
        const ACTION: &str = "elasticloadbalancing:DescribeListeners";
        let (mut listeners, mut marker) = (Vec::new(), None);
        loop {
            let call = self.account.balancers().describe_listeners();
            let call = call.load_balancer_arn(balancer).set_marker(marker);
            let answer = self.read(ACTION, resource(balancer), call.send()).await?;
            let some = answer.listeners.unwrap_or_default().into_iter();
            listeners.extend(some.filter_map(|listener| listener.listener_arn));
            match answer.next_marker {
                Some(more) if !more.is_empty() => marker = Some(more),
                Some(_) | None => return Ok(listeners),
            }
        }
    }
}
