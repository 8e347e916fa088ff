//! Datadog as a rollout file names it: its site, and the two keys that it is shown.

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::{ClientBuilder, Url};
use strategy_metrics::MetricSource;
use strategy_metrics::source::Datadog as Source;

use super::http::{self, Wrong};
use super::secrets::{SecretAt, Secrets};
use super::{Aws, Kind, Problem};
use crate::file::Time;
use crate::file::metrics::Datadog;

const API_KEY: &str = "api-key";
const APPLICATION_KEY: &str = "application-key";

/// That of most organisations.
const SITE: &str = "datadoghq.com";

impl Datadog {
    /// Where its API answers.
    fn address(&self) -> Result<Url, Wrong> {
        let site = match (&self.site, &self.url) {
            (Some(_), Some(_)) => {
                return Err((
                    "url".to_owned(),
                    "`site` says already where it answers; keep one of the two".to_owned(),
                ));
            }
            (None, Some(url)) => {
                let address = http::address(
                    url,
                    "write one such as `https://api.datadoghq.com`",
                    "write `api-key: {env: NAME}`",
                );
                return address.map_err(|problem| ("url".to_owned(), problem));
            }
            (Some(site), None) => site.as_str(),
            (None, None) => SITE,
        };
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
        let no_site = || {
            let problem =
                "this is no site of Datadog; write one such as `datadoghq.eu`, without `https://`";
            ("site".to_owned(), problem.to_owned())
        };
        if !site.contains('.') || !site.bytes().all(fits) || site.starts_with("api.") {
            return Err(no_site());
        }
        Url::parse(&format!("https://api.{site}")).map_err(|_| no_site())
    }

    fn by(&self, builder: ClientBuilder) -> Result<Source, Problem> {
        let address = self.address().map_err(|(_, what)| Problem {
            field: "site",
            what,
        })?;
        let source = Source::at(address, builder).map_err(|error| http::unbuilt(&error))?;
        Ok(match self.timeout {
            Some(Time(timeout)) => source.timeout(timeout),
            None => source,
        })
    }
}

#[async_trait]
impl Kind for Datadog {
    fn word(&self) -> &'static str {
        "datadog"
    }

    fn sound(&self) -> Result<(), Wrong> {
        self.address()?;
        http::sound_timeout(self.timeout)?;
        http::sound_secrets(&self.secrets(), "DATADOG_API_KEY")
    }

    fn secrets(&self) -> Vec<SecretAt> {
        let named = [
            (API_KEY, &self.api_key),
            (APPLICATION_KEY, &self.application_key),
        ];
        named
            .map(|(field, secret)| SecretAt {
                field,
                secret: secret.clone(),
            })
            .to_vec()
    }

    fn unasked(&self) -> Result<Arc<dyn MetricSource>, String> {
        let source = self.by(http::offline());
        Ok(Arc::new(source.map_err(|problem| problem.what)?))
    }

    async fn connected(
        &self,
        secrets: &Secrets,
        _: &Aws,
    ) -> Result<Arc<dyn MetricSource>, Problem> {
        let api = secrets.line(API_KEY, &self.api_key)?;
        http::sendable(API_KEY, api)?;
        let application = secrets.line(APPLICATION_KEY, &self.application_key)?;
        http::sendable(APPLICATION_KEY, application)?;
        Ok(Arc::new(self.by(http::client())?.keys(api, application)))
    }
}
