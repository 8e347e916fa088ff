//! What sources over HTTP have in common: an address, headers, certificates, and a client that has them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::{
    AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHORIZATION,
};
use reqwest::{Certificate, Client, ClientBuilder, Identity, Url, redirect};

use super::Problem;
use super::secrets::{SecretAt, Secrets};
use crate::file::metrics::{Secret, Tls};
use crate::file::{Shorthand, Time};

pub(super) const HEADERS: &str = "headers";
const CA: &str = "tls.ca";
const CERTIFICATE: &str = "tls.certificate";
const KEY: &str = "tls.key";

/// A connection that is not there by then will not be.
const CONNECT: Duration = Duration::from_secs(5);

/// Headers as a file has them.
pub(super) type Headers = BTreeMap<String, Shorthand<String, Secret>>;

/// Which setting cannot be meant, from its source on, and why.
pub(super) type Wrong = (String, String);

/// What every client of ours does: it follows nobody to another server, who would be shown the token as well.
pub(super) fn client() -> ClientBuilder {
    Client::builder()
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT)
        .user_agent(concat!("rollway/", env!("CARGO_PKG_VERSION")))
}

/// For a source that connects to nobody, and so trusts nobody.
pub(super) fn offline() -> ClientBuilder {
    client().tls_certs_only([])
}

/// Where a server answers. `mend` says how to write such an address, `secret` where what is secret in it belongs.
pub(super) fn address(text: &str, mend: &str, secret: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("this is no address ({error}); {mend}"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(format!("this is no address of a server; {mend}"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!(
            "a password does not stand in a file that many read; {secret}"
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("an address ends before `?` and `#`; leave that out".to_owned());
    }
    Ok(url)
}

/// A time that something may take.
pub(super) fn sound_timeout(timeout: Option<Time>) -> Result<(), Wrong> {
    match timeout {
        Some(Time(timeout)) if timeout.is_zero() => Err((
            "timeout".to_owned(),
            "nothing can be asked in no time; write `10s`".to_owned(),
        )),
        Some(_) | None => Ok(()),
    }
}

/// Headers that can be sent, whose values stand where they may; `refused` says what else is wrong with a name.
pub(super) fn sound_headers(
    headers: &Headers,
    refused: impl Fn(&HeaderName) -> Option<String>,
) -> Result<(), Wrong> {
    for (name, value) in headers {
        let checked = sound_header(name, value, &refused);
        checked.map_err(|problem| (format!("{HEADERS}.{name}"), problem))?;
    }
    Ok(())
}

fn sound_header(
    name: &str,
    value: &Shorthand<String, Secret>,
    refused: impl Fn(&HeaderName) -> Option<String>,
) -> Result<(), String> {
    let name: HeaderName = name
        .parse()
        .map_err(|_| "this cannot name a header; write one such as `X-Scope-OrgID`".to_owned())?;
    if let Some(problem) = refused(&name) {
        return Err(problem);
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

/// Certificates that belong together.
pub(super) fn sound_tls(tls: Option<&Tls>) -> Result<(), Wrong> {
    let missing = |what: &str| Err(("tls".to_owned(), what.to_owned()));
    match tls.map(|tls| (&tls.certificate, &tls.key)) {
        Some((Some(_), None)) => missing("a certificate needs its `key`; add it"),
        Some((None, Some(_))) => missing("a key needs its `certificate`; add it"),
        Some((Some(_), Some(_)) | (None, None)) | None => Ok(()),
    }
}

/// Secrets that say where they are; `variable` is one that could be named.
pub(super) fn sound_secrets(secrets: &[SecretAt], variable: &str) -> Result<(), Wrong> {
    for SecretAt { field: of, secret } in secrets {
        let what = match secret {
            Secret::Env(name) if name.is_empty() || name.contains(['=', '\0', ' ']) => {
                format!("this cannot name an environment variable; write one such as `{variable}`")
            }
            Secret::File(path) if path.as_os_str().is_empty() => {
                "this names no file; write a path".to_owned()
            }
            Secret::Env(_) | Secret::File(_) => continue,
        };
        return Err(((*of).to_owned(), what));
    }
    Ok(())
}

/// What of headers is secret.
pub(super) fn secrets_of_headers(headers: &Headers) -> impl Iterator<Item = SecretAt> + '_ {
    headers.values().filter_map(|value| match value {
        Shorthand::Word(_) => None,
        Shorthand::Mapping(secret) => Some(SecretAt {
            field: HEADERS,
            secret: secret.clone(),
        }),
    })
}

/// The files of certificates.
pub(super) fn secrets_of_tls(tls: Option<&Tls>) -> impl Iterator<Item = SecretAt> + '_ {
    let files = |tls: &Tls| {
        [
            (CA, tls.ca.clone()),
            (CERTIFICATE, tls.certificate.clone()),
            (KEY, tls.key.clone()),
        ]
    };
    let named = tls.map(files).into_iter().flatten();
    named.filter_map(|(field, path): (_, Option<PathBuf>)| {
        Some(SecretAt {
            field,
            secret: Secret::File(path?),
        })
    })
}

/// Headers as they are sent; those that are secret are sensitive.
pub(super) fn header_map(headers: &Headers, secrets: &Secrets) -> Result<HeaderMap, Problem> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let problem = |what: &str| Problem {
            field: HEADERS,
            what: format!("`{name}`: {what}"),
        };
        let (text, is_secret) = match value {
            Shorthand::Word(text) => (text.as_str(), false),
            Shorthand::Mapping(secret) => (secrets.line(HEADERS, secret)?, true),
        };
        let mut value = HeaderValue::from_str(text)
            .map_err(|_| problem("what was read cannot be sent as a header"))?;
        value.set_sensitive(is_secret);
        let name: HeaderName = name.parse().map_err(|_| problem("it names no header"))?;
        map.insert(name, value);
    }
    Ok(map)
}

/// A client with these certificates.
pub(super) fn with_tls(
    mut builder: ClientBuilder,
    tls: Option<&Tls>,
    secrets: &Secrets,
) -> Result<ClientBuilder, Problem> {
    let Some(tls) = tls else {
        return Ok(builder);
    };
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
    Ok(builder)
}

/// Why no client could be built.
pub(super) fn unbuilt(error: &reqwest::Error) -> Problem {
    Problem {
        field: "tls",
        what: format!(
            "no connection can be made with these certificates: {}",
            causes(error)
        ),
    }
}

/// What is shown to a server, once it is known that it can be sent.
pub(super) fn sendable(field: &'static str, text: &str) -> Result<(), Problem> {
    HeaderValue::from_str(text)
        .map(|_| ())
        .map_err(|_| Problem {
            field,
            what: "what was read cannot be sent as a token".to_owned(),
        })
}

/// An error and what lies behind it.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}
