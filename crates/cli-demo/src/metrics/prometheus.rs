//! A Prometheus as a rollout file names it: its address, who asks, and which certificates count.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{
    AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHORIZATION,
};
use reqwest::{Certificate, Client, ClientBuilder, Identity, Url, redirect};
use strategy_metrics::MetricSource;
use strategy_metrics::source::Prometheus as Source;

use super::secrets::{SecretAt, Secrets};
use super::{Kind, Problem};
use crate::file::metrics::{Prometheus, Secret, Tls};
use crate::file::{Mistake, Shorthand, Time};

const BEARER: &str = "bearer-token";
const PASSWORD: &str = "basic.password";
const HEADERS: &str = "headers";
const CA: &str = "tls.ca";
const CERTIFICATE: &str = "tls.certificate";
const KEY: &str = "tls.key";

/// A connection that is not there by then will not be.
const CONNECT: Duration = Duration::from_secs(5);

/// Whether it can be meant; `field` is where it stands.
fn sound(given: &Prometheus, field: &str) -> Result<(), Mistake> {
    let wrong = |name: &str, problem: String| Err(Mistake::new(format!("{field}.{name}"), problem));
    let url = match address(&given.url) {
        Ok(url) => url,
        Err(problem) => return wrong("url", problem),
    };
    if given.bearer_token.is_some() && given.basic.is_some() {
        return wrong(
            "basic",
            "a server is shown a token or a password; keep one of the two".to_owned(),
        );
    }
    if let Some(basic) = &given.basic
        && (basic.user.contains(':') || basic.user.contains(char::is_control))
    {
        return wrong("basic.user", "no user has a `:` in the name".to_owned());
    }
    if given.timeout.is_some_and(|Time(timeout)| timeout.is_zero()) {
        return wrong(
            "timeout",
            "nothing can be asked in no time; write `10s`".to_owned(),
        );
    }
    for (name, value) in &given.headers {
        if let Err(problem) = header(given, name, value) {
            return wrong(&format!("headers.{name}"), problem);
        }
    }
    let tls = given.tls.clone().unwrap_or_default();
    match (&tls.certificate, &tls.key) {
        (Some(_), None) => return wrong("tls", "a certificate needs its `key`; add it".to_owned()),
        (None, Some(_)) => return wrong("tls", "a key needs its `certificate`; add it".to_owned()),
        (Some(_), Some(_)) | (None, None) => {}
    }
    if tls != Tls::default() && url.scheme() != "https" {
        let problem = "the address has no certificates to be looked at; write `https://` there, or leave this out";
        return wrong("tls", problem.to_owned());
    }
    let secrets = given.secrets();
    for SecretAt { field: of, secret } in &secrets {
        let what = match secret {
            Secret::Env(name) if name.is_empty() || name.contains(['=', '\0', ' ']) => {
                "this cannot name an environment variable; write one such as `PROMETHEUS_TOKEN`"
            }
            Secret::File(path) if path.as_os_str().is_empty() => "this names no file; write a path",
            Secret::Env(_) | Secret::File(_) => continue,
        };
        return wrong(of, what.to_owned());
    }
    Ok(())
}

/// A header that can be sent, whose value stands where it may.
fn header(given: &Prometheus, name: &str, value: &Shorthand<String, Secret>) -> Result<(), String> {
    let name: HeaderName = name
        .parse()
        .map_err(|_| "this cannot name a header; write one such as `X-Scope-OrgID`".to_owned())?;
    let has_access = given.bearer_token.is_some() || given.basic.is_some();
    if name == AUTHORIZATION && has_access {
        return Err("`bearer-token` and `basic` write this header; keep one".to_owned());
    }
    let Shorthand::Word(value) = value else {
        return Ok(());
    };
    if [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION].contains(&name) {
        return Err(
            "what is secret does not stand in a file that many read; write `{env: NAME}` or `{file: PATH}`"
                .to_owned(),
        );
    }
    HeaderValue::from_str(value)
        .map(|_| ())
        .map_err(|_| "this cannot be sent as a header; write plain text".to_owned())
}

/// Where it answers.
fn address(text: &str) -> Result<Url, String> {
    let mend = "write one such as `http://prometheus.monitoring:9090`";
    let url = Url::parse(text).map_err(|error| format!("this is no address ({error}); {mend}"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(format!("this is no address of a server; {mend}"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "a password does not stand in a file that many read; write `basic: {user: ..., password: {env: NAME}}`"
                .to_owned(),
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("an address ends before `?` and `#`; leave that out".to_owned());
    }
    Ok(url)
}

/// What every client of ours does: it follows nobody to another server, who would be shown the token as well.
fn client() -> ClientBuilder {
    Client::builder()
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT)
        .user_agent(concat!("rollway/", env!("CARGO_PKG_VERSION")))
}

impl Prometheus {
    fn at(&self, client: Client) -> Result<Source, String> {
        let source = Source::at(address(&self.url)?, client);
        Ok(match self.timeout {
            Some(Time(timeout)) => source.timeout(timeout),
            None => source,
        })
    }

    /// The client with its headers and certificates.
    fn client(&self, secrets: &Secrets) -> Result<Client, Problem> {
        let mut builder = client().default_headers(self.header_map(secrets)?);
        let tls = self.tls.clone().unwrap_or_default();
        let pem = |field: &'static str, path: &Path, error: &dyn std::fmt::Display| Problem {
            field,
            what: format!("{} holds no PEM of the kind: {error}", path.display()),
        };
        if let Some(path) = &tls.ca {
            let authorities = Certificate::from_pem_bundle(secrets.bytes(CA, path));
            let authorities = authorities.map_err(|error| pem(CA, path, &error))?;
            if authorities.is_empty() {
                return Err(pem(CA, path, &"it has no certificate"));
            }
            builder = builder.tls_certs_only(authorities);
        }
        if let (Some(certificate), Some(key)) = (&tls.certificate, &tls.key) {
            let both = [
                secrets.bytes(CERTIFICATE, certificate),
                b"\n",
                secrets.bytes(KEY, key),
            ];
            let identity = Identity::from_pem(&both.concat());
            builder =
                builder.identity(identity.map_err(|error| pem(CERTIFICATE, certificate, &error))?);
        }
        builder.build().map_err(|error| Problem {
            field: "tls",
            what: format!(
                "no connection can be made with these certificates: {}",
                causes(&error)
            ),
        })
    }

    fn header_map(&self, secrets: &Secrets) -> Result<HeaderMap, Problem> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let problem = |what: &str| Problem {
                field: HEADERS,
                what: format!("`{name}`: {what}"),
            };
            let text = match value {
                Shorthand::Word(text) => text.as_str(),
                Shorthand::Mapping(secret) => secrets.line(HEADERS, secret)?,
            };
            let mut value = HeaderValue::from_str(text)
                .map_err(|_| problem("what was read cannot be sent as a header"))?;
            value.set_sensitive(true);
            let name: HeaderName = name.parse().map_err(|_| problem("it names no header"))?;
            headers.insert(name, value);
        }
        Ok(headers)
    }
}

#[async_trait]
impl Kind for Prometheus {
    fn word(&self) -> &'static str {
        "prometheus"
    }

    fn sound(&self, field: &str) -> Result<(), Mistake> {
        sound(self, field)
    }

    fn secrets(&self) -> Vec<SecretAt> {
        let tls = self.tls.clone().unwrap_or_default();
        let file = |path: &Option<std::path::PathBuf>| path.clone().map(Secret::File);
        let basic = self.basic.as_ref().map(|basic| basic.password.clone());
        let named = [
            (BEARER, self.bearer_token.clone()),
            (PASSWORD, basic),
            (CA, file(&tls.ca)),
            (CERTIFICATE, file(&tls.certificate)),
            (KEY, file(&tls.key)),
        ];
        let named = named.into_iter();
        let named = named.filter_map(|(field, secret)| Some((field, secret?)));
        let headers = self.headers.values().filter_map(|value| match value {
            Shorthand::Word(_) => None,
            Shorthand::Mapping(secret) => Some((HEADERS, secret.clone())),
        });
        let all = named.chain(headers);
        all.map(|(field, secret)| SecretAt { field, secret })
            .collect()
    }

    fn unasked(&self) -> Result<Arc<dyn MetricSource>, String> {
        // It connects to nobody, so it trusts nobody.
        let client = client().tls_certs_only([]).build();
        let client = client.map_err(|error| causes(&error))?;
        Ok(Arc::new(self.at(client)?))
    }

    async fn connected(&self, secrets: &Secrets) -> Result<Arc<dyn MetricSource>, Problem> {
        let client = self.client(secrets)?;
        let url = |what| Problem { field: "url", what };
        let mut source = self.at(client).map_err(url)?;
        if let Some(token) = &self.bearer_token {
            let token = secrets.line(BEARER, token)?;
            if HeaderValue::from_str(token).is_err() {
                let what = "what was read cannot be sent as a token".to_owned();
                return Err(Problem {
                    field: BEARER,
                    what,
                });
            }
            source = source.bearer(token);
        }
        if let Some(basic) = &self.basic {
            source = source.basic(&basic.user, secrets.line(PASSWORD, &basic.password)?);
        }
        Ok(Arc::new(source))
    }
}

/// An error and what lies behind it.
fn causes(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}
