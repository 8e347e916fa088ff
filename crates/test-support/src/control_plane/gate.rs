//! Requests of one client that wait before they are sent, as if their sender had been suspended there.

use std::sync::Arc;

use http::{Method, Request};
use kube::Client;
use kube::client::Body;
use tokio::sync::watch;

use super::{ControlPlane, ControlPlaneError};

/// Holds back what a client sends, between its decision to write and the write.
///
/// Open at first. Clones are the same gate.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Method and end of the path of what waits.
    closed: Arc<watch::Sender<Option<(Method, String)>>>,
    waiting: Arc<watch::Sender<u32>>,
}

impl ControlPlane {
    /// As [`client`](Self::client), with a gate that every request of it passes.
    ///
    /// # Errors
    /// As [`client`](Self::client).
    pub fn gated_client(&self, user_agent: &str) -> Result<(Client, Gate), ControlPlaneError> {
        let client = self.client(user_agent)?;
        let gate = Gate {
            closed: Arc::new(watch::Sender::new(None)),
            waiting: Arc::new(watch::Sender::new(0)),
        };
        let through = gate.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let (client, gate) = (client.clone(), through.clone());
            async move {
                gate.pass(request.method(), request.uri().path()).await;
                client.send(request).await
            }
        });
        Ok((Client::new(service, "default"), gate))
    }
}

impl Gate {
    /// From now on requests with this method to a path that ends so wait; all others pass.
    pub fn close(&self, method: Method, path_end: &str) {
        self.closed
            .send_replace(Some((method, path_end.to_owned())));
    }

    /// Resolves when a request waits.
    pub async fn held(&self) {
        // The sender lives as long as this gate.
        let _ = self
            .waiting
            .subscribe()
            .wait_for(|waiting| *waiting > 0)
            .await;
    }

    /// Lets go what waits, and everything after it.
    pub fn open(&self) {
        self.closed.send_replace(None);
    }

    async fn pass(&self, method: &Method, path: &str) {
        let passes = |closed: &Option<(Method, String)>| {
            closed
                .as_ref()
                .is_none_or(|(held, end)| held != method || !path.ends_with(end))
        };
        let mut closed = self.closed.subscribe();
        if passes(&closed.borrow_and_update()) {
            return;
        }
        self.waiting.send_modify(|waiting| *waiting += 1);
        // The sender lives as long as this gate.
        let _ = closed.wait_for(passes).await;
        self.waiting.send_modify(|waiting| *waiting -= 1);
    }
}
