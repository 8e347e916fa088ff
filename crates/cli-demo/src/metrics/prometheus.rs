//! A Prometheus as a rollout file names it: its address, who asks, and which certificates count.

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, HeaderName};
use reqwest::{ClientBuilder, Url};
use strategy_metrics::MetricSource;
use strategy_metrics::source::Prometheus as Source;

use super::http::{self, Wrong};
use super::secrets::{SecretAt, Secrets};
use super::{Aws, Kind, Problem};
use crate::file::Time;
use crate::file::metrics::{Prometheus, Tls};

const BEARER: &str = "bearer-token";
const PASSWORD: &str = "basic.password";

/// Where it answers.
fn address(text: &str) -> Result<Url, String> {
    http::address(
        text,
        "write one such as `http://prometheus.monitoring:9090`",
        "write `basic: {user: ..., password: {env: NAME}}`",
    )
}

impl Prometheus {
    fn by(&self, builder: ClientBuilder) -> Result<Source, Problem> {
        let address = address(&self.url).map_err(|what| Problem { field: "url", what })?;
        let source = Source::at(address, builder).map_err(|error| http::unbuilt(&error))?;
        Ok(match self.timeout {
            Some(Time(timeout)) => source.timeout(timeout),
            None => source,
        })
    }
}

#[async_trait]
impl Kind for Prometheus {
    fn word(&self) -> &'static str {
        "prometheus"
    }

    fn sound(&self) -> Result<(), Wrong> {
        let wrong = |name: &str, problem: String| Err((name.to_owned(), problem));
        let url = match address(&self.url) {
            Ok(url) => url,
            Err(problem) => return wrong("url", problem),
        };
        if self.bearer_token.is_some() && self.basic.is_some() {
            return wrong(
                "basic",
                "a server is shown a token or a password; keep one of the two".to_owned(),
            );
        }
        if let Some(basic) = &self.basic
            && (basic.user.contains(':') || basic.user.contains(char::is_control))
        {
            return wrong("basic.user", "no user has a `:` in the name".to_owned());
        }
        http::sound_timeout(self.timeout)?;
        let has_access = self.bearer_token.is_some() || self.basic.is_some();
        http::sound_headers(&self.headers, |name: &HeaderName| {
            (*name == AUTHORIZATION && has_access)
                .then(|| "`bearer-token` and `basic` write this header; keep one".to_owned())
        })?;
        http::sound_tls(self.tls.as_ref())?;
        let has_certificates = self.tls.as_ref().is_some_and(|tls| *tls != Tls::default());
        if has_certificates && url.scheme() != "https" {
            let problem = "the address has no certificates to be looked at; write `https://` there, or leave this out";
            return wrong("tls", problem.to_owned());
        }
        http::sound_secrets(&self.secrets(), "PROMETHEUS_TOKEN")
    }

    fn secrets(&self) -> Vec<SecretAt> {
        let basic = self.basic.as_ref().map(|basic| basic.password.clone());
        let named = [(BEARER, self.bearer_token.clone()), (PASSWORD, basic)].into_iter();
        let named = named.filter_map(|(field, secret)| {
            Some(SecretAt {
                field,
                secret: secret?,
            })
        });
        named
            .chain(http::secrets_of_tls(self.tls.as_ref()))
            .chain(http::secrets_of_headers(&self.headers))
            .collect()
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
        // What stands in the file is no secret, and may be told again: `shop` is part of many a query.
        let headers = http::header_map(&self.headers, secrets)?;
        let (secret, plain): (Vec<_>, Vec<_>) = headers
            .into_iter()
            .partition(|(_, value)| value.is_sensitive());
        let named = plain
            .into_iter()
            .filter_map(|(name, value)| Some((name?, value)));
        let builder = http::client().default_headers(named.collect());
        let builder = http::with_tls(builder, self.tls.as_ref(), secrets)?;
        let mut source = self.by(builder)?;
        if let Some(token) = &self.bearer_token {
            let token = secrets.line(BEARER, token)?;
            http::sendable(BEARER, token)?;
            source = source.bearer(token);
        }
        if let Some(basic) = &self.basic {
            source = source.basic(&basic.user, secrets.line(PASSWORD, &basic.password)?);
        }
        for (name, value) in secret {
            if let Some(name) = name {
                source = source.header(name, value);
            }
        }
        Ok(Arc::new(source))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use serde_json::json;
    use strategy_core::{Part, Track};
    use strategy_metrics::Shape;
    use strategy_metrics::source::Question;

    use super::*;
    use crate::file::Shorthand;
    use crate::file::metrics::Secret;

    /// A server that repeats the headers that it was sent, as a proxy for debugging does.
    #[tokio::test]
    async fn a_secret_header_that_a_server_repeats_is_not_told() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut read = [0; 4096];
                let _ = stream.read(&mut read);
                let body = r#"{"status":"error","errorType":"unauthorized","error":"no such key: open-sesame"}"#;
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 401 No\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
                );
                let _ = stream.write_all((head + body).as_bytes());
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "open-sesame").unwrap();
        let secret = Shorthand::Mapping(Secret::File(path));
        let given = Prometheus {
            url,
            bearer_token: None,
            basic: None,
            headers: [("x-api-key".to_owned(), secret)].into(),
            tls: None,
            timeout: None,
        };
        let secrets = Secrets::read(&given.secrets()).unwrap();
        let source = given.connected(&secrets, &None).await.unwrap();
        let metric = json!({ "requests": "a", "failed": "b" });
        let question = Question::new(metric, Shape::Events, Part::main(), Track::Candidate);
        let error = source.admit(&question).await.unwrap_err().to_string();
        assert!(!error.contains("open-sesame"), "{error}");
    }
}
