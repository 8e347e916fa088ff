//! A server that speaks TLS and lets in who shows a certificate of its authority.
//!
//! The certificates and their keys are of nothing but this test: made once by openssl, for 127.0.0.1, a hundred years.

use reqwest::{Certificate, ClientBuilder, Identity};
use serde_json::json;
use strategy_core::Timestamp;
use strategy_metrics::source::{MetricSource as _, Prometheus as Source, SourceError};
use strategy_metrics::{Reading, Shape};

use crate::question::{question, window};
use crate::server::{Prometheus, builder};

const AUTHORITY: &str = "\
-----BEGIN CERTIFICATE-----
MIIBqDCCAU+gAwIBAgIUJUiYSqKQbPkRHEEKHo7xAxkjwXIwCgYIKoZIzj0EAwIw
ITEfMB0GA1UEAwwWUm9sbHdheSB0ZXN0IGF1dGhvcml0eTAgFw0yNjExMzAwNzI2
NDdaGA8yMTI2MTEwNjA3MjY0N1owITEfMB0GA1UEAwwWUm9sbHdheSB0ZXN0IGF1
dGhvcml0eTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABELkR2RAcQO5kkZeCkFb
lrFbL8gLQRNu3xBG3BLbQjPijF+02vMNFYGan3uLMQJC9iZ1XhZUVC1MH/Mdq4On
QcqjYzBhMB0GA1UdDgQWBBSqzkE2t0U9555TZ4bJDV3nzaSP0DAfBgNVHSMEGDAW
gBSqzkE2t0U9555TZ4bJDV3nzaSP0DAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB
/wQEAwICBDAKBggqhkjOPQQDAgNHADBEAiB4tWDlFRkWQQJJI6BV0KjF5RMcqKaY
kFinob60r03SIwIgFQC8uhExFhycMrU0JcJxXBof5RXP5K40dk3tvbSVUfc=
-----END CERTIFICATE-----
";

const SERVER: &str = "\
-----BEGIN CERTIFICATE-----
MIIBtjCCAVygAwIBAgIUMIvqR1u5vyW7UcGREcdvDcgL7jswCgYIKoZIzj0EAwIw
ITEfMB0GA1UEAwwWUm9sbHdheSB0ZXN0IGF1dGhvcml0eTAgFw0yNjExMzAwNzI2
NDdaGA8yMTI2MTEwNjA3MjY0N1owHjEcMBoGA1UEAwwTUm9sbHdheSB0ZXN0IHNl
cnZlcjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABO0K1pDVuUpbav+JSLnhwbk3
3kAoT9JirGlAMzGoyvLip3rFzdD97GH5Xm4t02Y1CE6k1zMKdQuPDPVafIcJtbuj
czBxMAkGA1UdEwQCMAAwDwYDVR0RBAgwBocEfwAAATATBgNVHSUEDDAKBggrBgEF
BQcDATAdBgNVHQ4EFgQUkEspczrfUciflHvYoI+pls+UfRswHwYDVR0jBBgwFoAU
qs5BNrdFPeeeU2eGyQ1d582kj9AwCgYIKoZIzj0EAwIDSAAwRQIgSzA9vDBgRKvw
YZL4JcRFVZkkTM6xlKKrhJbCdhSt1NQCIQCZWNCERBq1Jbc9N1VO8bLa7Fe1ywmn
Kq/fSzxF2pwykw==
-----END CERTIFICATE-----
";

const SERVER_KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBEyOlcnrGpZYbWn7
u3abnxy8ltwlb5aK8tWEZxq7hDihRANCAATtCtaQ1blKW2r/iUi54cG5N95AKE/S
YqxpQDMxqMry4qd6xc3Q/exh+V5uLdNmNQhOpNczCnULjwz1WnyHCbW7
-----END PRIVATE KEY-----
";

const CLIENT: &str = "\
-----BEGIN CERTIFICATE-----
MIIBtzCCAV6gAwIBAgIUMIvqR1u5vyW7UcGREcdvDcgL7jwwCgYIKoZIzj0EAwIw
ITEfMB0GA1UEAwwWUm9sbHdheSB0ZXN0IGF1dGhvcml0eTAgFw0yNjExMzAwNzI2
NDdaGA8yMTI2MTEwNjA3MjY0N1owHjEcMBoGA1UEAwwTUm9sbHdheSB0ZXN0IGNs
aWVudDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHltbU4QH76sNSyeKdaPSDUE
O6b+kevpvHxx1L+zGHgChI28knWJkhs7Cdxfhe5LpfH0zwqpqvQtw5KfiAMx6iOj
dTBzMAkGA1UdEwQCMAAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwEQYDVR0RBAowCIIG
Y2xpZW50MB0GA1UdDgQWBBRYOLhRA2AjdA7x7QPL0NMJs1GcNjAfBgNVHSMEGDAW
gBSqzkE2t0U9555TZ4bJDV3nzaSP0DAKBggqhkjOPQQDAgNHADBEAiB97i/J07+l
NM2EyN4A8ihpz5gqYkOALXkrHUggbkIEdQIgCNEwwA8uKhQg9/eQVKQ37N//kmlH
kSjmqVZkxtn5qNE=
-----END CERTIFICATE-----
";

const CLIENT_KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg8XS1kD8E/dOeOgzJ
pxvYMqkX/EmGy3XSFytxu8JGsw2hRANCAAR5bW1OEB++rDUsninWj0g1BDum/pHr
6bx8cdS/sxh4AoSNvJJ1iZIbOwncX4XuS6Xx9M8Kqar0LcOSn4gDMeoj
-----END PRIVATE KEY-----
";

const WEB: &str = "\
tls_server_config:
  cert_file: server.pem
  key_file: server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: authority.pem
";

async fn told(
    server: &Prometheus,
    with: impl Fn(ClientBuilder) -> ClientBuilder,
) -> Result<Reading, SourceError> {
    let mut address = server.address();
    address.set_scheme("https").unwrap();
    let client = with(builder());
    let source = Source::at(address, client.build().unwrap());
    let metric = json!({ "query": "no_such_metric" });
    let question = question(metric, Shape::Values, "candidate");
    let (from, to) = (Timestamp::from_millis(1_000), Timestamp::from_millis(2_000));
    source
        .read(&question, window(from, to))
        .await
        .map(|answer| answer.reading)
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn who_shows_a_certificate_is_let_in_and_nobody_else_is() {
    let files = [
        ("web.yml", WEB),
        ("authority.pem", AUTHORITY),
        ("server.pem", SERVER),
        ("server.key", SERVER_KEY),
    ];
    let server = Prometheus::guarded(&files);
    let trusting = |client: ClientBuilder| {
        let authority = Certificate::from_pem(AUTHORITY.as_bytes()).unwrap();
        client.tls_certs_only([authority])
    };
    let identity = || Identity::from_pem(format!("{CLIENT}{CLIENT_KEY}").as_bytes()).unwrap();
    let known = |client| trusting(client).identity(identity());
    let let_in = server.answer(async || told(&server, known).await).await;
    assert_eq!(let_in.unwrap(), Reading::Empty);
    // TLS tells a client whom it refuses no more than a lost connection would: both may pass.
    let stranger = told(&server, trusting).await.unwrap_err();
    assert!(
        matches!(stranger, SourceError::Passing { .. }),
        "{stranger:?}"
    );
    let distrusting = told(&server, |client| client.identity(identity())).await;
    let distrusting = distrusting.unwrap_err();
    assert!(
        matches!(distrusting, SourceError::Passing { .. }),
        "{distrusting:?}"
    );
}
