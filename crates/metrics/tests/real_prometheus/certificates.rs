//! A server that speaks TLS and lets in who shows a certificate of its authority.
//!
//! Certificates and keys are made by the test, and are on no disk but in the folder of its server.

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use reqwest::{Certificate, ClientBuilder, Identity};
use serde_json::json;
use strategy_core::Timestamp;
use strategy_metrics::source::{MetricSource as _, Prometheus as Source, SourceError};
use strategy_metrics::{Reading, Shape};

use crate::question::{question, window};
use crate::server::{Prometheus, builder};

/// An authority, and what it has signed.
struct Made {
    authority: String,
    server: Signed,
    client: Signed,
}

/// A certificate and its key, as PEM.
struct Signed {
    certificate: String,
    key: String,
}

fn made() -> Made {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority = params.self_signed(&key).unwrap();
    let issuer = Issuer::from_params(&params, &key);
    let signed = |name: &str, purpose| {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.extended_key_usages = vec![purpose];
        let certificate = params.signed_by(&key, &issuer).unwrap();
        Signed {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    };
    Made {
        authority: authority.pem(),
        server: signed("127.0.0.1", ExtendedKeyUsagePurpose::ServerAuth),
        client: signed("rollway", ExtendedKeyUsagePurpose::ClientAuth),
    }
}

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
    let source = Source::at(address, with(builder())).unwrap();
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
    let Made {
        authority,
        server,
        client,
    } = made();
    let files = [
        ("web.yml", WEB),
        ("authority.pem", &authority),
        ("server.pem", &server.certificate),
        ("server.key", &server.key),
    ];
    let server = Prometheus::guarded(&files);
    let trusting = |client: ClientBuilder| {
        let authority = Certificate::from_pem(authority.as_bytes()).unwrap();
        client.tls_certs_only([authority])
    };
    let shown = format!("{}{}", client.certificate, client.key);
    let identity = || Identity::from_pem(shown.as_bytes()).unwrap();
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
