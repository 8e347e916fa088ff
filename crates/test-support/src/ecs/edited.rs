//! Answers that are not as AWS would give them: what somebody makes of one that leaves something out.

use std::fmt;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use super::Fake;

/// Changes the text of an answer, of which it is told the request: the operation as its header names it, and what it
/// asks. `None`: the answer stays as it is.
type Edit = dyn Fn(&str, &str, &str) -> Option<String> + Send + Sync;

/// The fake, behind whose back answers are changed. Made by [`Fake::edited`].
#[derive(Clone)]
pub struct Edited {
    fake: Fake,
    edit: Arc<Edit>,
}

impl Fake {
    /// An HTTP client for the SDK whose answers are changed on their way.
    ///
    /// `edit` is told the operation (`AmazonEC2ContainerServiceV20141113.DescribeTasks`; empty where the protocol names
    /// it in the request), the request and the answer.
    pub fn edited(
        &self,
        edit: impl Fn(&str, &str, &str) -> Option<String> + Send + Sync + 'static,
    ) -> Edited {
        Edited {
            fake: self.clone(),
            edit: Arc::new(edit),
        }
    }
}

impl fmt::Debug for Edited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Edited").field(&self.fake).finish()
    }
}

impl HttpClient for Edited {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Edited {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let operation = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = operation.to_owned();
        let asked = request.body().bytes().unwrap_or_default();
        let asked = String::from_utf8_lossy(asked).into_owned();
        let edit = Arc::clone(&self.edit);
        let answer = HttpConnector::call(&self.fake, request);
        HttpConnectorFuture::new(async move {
            let mut answer = answer.await?;
            let told = answer.body().bytes().unwrap_or_default();
            let told = String::from_utf8_lossy(told).into_owned();
            if let Some(text) = edit(&operation, &asked, &told) {
                *answer.body_mut() = text.into();
                answer.headers_mut().remove("content-length");
            }
            Ok(answer)
        })
    }
}
