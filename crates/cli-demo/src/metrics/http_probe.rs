//! A prober as a rollout file names it: what it shows with every request, and which certificates count.

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HeaderName, TRANSFER_ENCODING, UPGRADE};
use strategy_metrics::MetricSource;
use strategy_metrics::source::HttpProbe as Source;

use super::http::{self, Wrong};
use super::secrets::{SecretAt, Secrets};
use super::{Aws, Kind, Problem};
use crate::file::metrics::HttpProbe;

/// What the client itself writes of each request.
const FRAMING: [HeaderName; 5] = [
    CONNECTION,
    CONTENT_LENGTH,
    EXPECT,
    TRANSFER_ENCODING,
    UPGRADE,
];

#[async_trait]
impl Kind for HttpProbe {
    fn word(&self) -> &'static str {
        "http-probe"
    }

    fn sound(&self) -> Result<(), Wrong> {
        http::sound_headers(&self.headers, |name| {
            FRAMING
                .contains(name)
                .then(|| "the client writes this header by itself; leave it out".to_owned())
        })?;
        http::sound_tls(self.tls.as_ref())?;
        http::sound_secrets(&self.secrets(), "PROBE_TOKEN")
    }

    fn secrets(&self) -> Vec<SecretAt> {
        http::secrets_of_tls(self.tls.as_ref())
            .chain(http::secrets_of_headers(&self.headers))
            .collect()
    }

    fn unasked(&self) -> Result<Arc<dyn MetricSource>, String> {
        let source = Source::new(http::offline());
        Ok(Arc::new(source.map_err(|error| http::causes(&error))?))
    }

    async fn connected(
        &self,
        secrets: &Secrets,
        _: &Aws,
    ) -> Result<Arc<dyn MetricSource>, Problem> {
        let builder = http::with_tls(http::client(), self.tls.as_ref(), secrets)?;
        let mut source = Source::new(builder).map_err(|error| http::unbuilt(&error))?;
        for (name, value) in &http::header_map(&self.headers, secrets)? {
            source = source.header(name.clone(), value.clone());
        }
        Ok(Arc::new(source))
    }
}
