//! Short names for content.

use sha2::{Digest, Sha256};

/// The first hexadecimal digits of the SHA-256 of a text.
pub(crate) fn digest(text: &str, digits: usize) -> String {
    let hash = Sha256::digest(text);
    let mut hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    hex.truncate(digits);
    hex
}
