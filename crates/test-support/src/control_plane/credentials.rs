//! Keys and certificates of one run; all of it is worthless outside the machine and after the run.

use std::fs;
use std::path::Path;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::ControlPlaneError;

/// File names in the folder of the run.
pub(crate) const SERVICE_ACCOUNT_KEY: &str = "service-account.key";
pub(crate) const SERVICE_ACCOUNT_PUBLIC_KEY: &str = "service-account.pub";
pub(crate) const TOKENS: &str = "tokens.csv";
pub(crate) const CERTIFICATES: &str = "certificates";

/// A new pair of keys for service account tokens, as PEM.
pub(crate) struct ServiceAccountKeys {
    /// Signs (PKCS #8).
    pub(crate) private: String,
    /// Verifies (X.509 SubjectPublicKeyInfo).
    pub(crate) public: String,
}

impl ServiceAccountKeys {
    pub(crate) fn generate() -> Result<Self, ControlPlaneError> {
        let failed = |_| ControlPlaneError::Credentials {
            attempt: "make a service account key",
            reason: "the cryptography library could not generate or encode it".to_owned(),
        };
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(failed)?;
        let private = key.to_pkcs8v1().map_err(failed)?;
        let public = key.public_key().as_der().map_err(failed)?;
        Ok(Self {
            private: pem("PRIVATE KEY", private.as_ref()),
            public: pem("PUBLIC KEY", public.as_ref()),
        })
    }
}

/// The certificates that the API server made for itself: its own and the authority's that signed
/// it.
///
/// # Errors
/// When the API server has not come so far as to write them.
pub(crate) fn server_certificates(folder: &Path) -> Result<String, ControlPlaneError> {
    let path = folder.join(CERTIFICATES).join("apiserver.crt");
    fs::read_to_string(&path).map_err(ControlPlaneError::file("read the certificate", &path))
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut lines = vec![format!("-----BEGIN {label}-----")];
    for start in (0..text.len()).step_by(64) {
        lines.push(text[start..text.len().min(start + 64)].to_owned());
    }
    lines.push(format!("-----END {label}-----\n"));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_has_lines_of_64_characters_and_decodes_to_its_input() {
        let der: Vec<u8> = (0..100).collect();
        let text = pem("PRIVATE KEY", &der);
        let body: Vec<&str> = text.lines().filter(|line| !line.starts_with('-')).collect();
        assert!(
            body.iter().rev().skip(1).all(|line| line.len() == 64),
            "{text}"
        );
        assert_eq!(STANDARD.decode(body.concat()).unwrap(), der);
        assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        assert!(text.ends_with("-----END PRIVATE KEY-----\n"));
    }
}
