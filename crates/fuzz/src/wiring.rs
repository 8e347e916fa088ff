//! A wiring file of any bytes.

use std::fs;

use cli_demo::error::CliError;
use cli_demo::kubernetes;
use cli_demo::wiring::Wiring;

use crate::scratch;

/// What lies beside a journal and says how the cluster is reached.
///
/// It is refused, naming the file, or is what it is when it is written and read again.
pub fn wiring(bytes: &[u8]) {
    let folder = scratch::folder();
    let journal = folder.path().join("a.journal");
    fs::write(Wiring::beside(&journal), bytes).unwrap();
    match Wiring::read(&journal) {
        Ok(wiring) => {
            let copy = folder.path().join("b.journal");
            wiring.write(&copy).unwrap();
            assert_eq!(Wiring::read(&copy).unwrap(), wiring);
            for role in wiring.roles.keys() {
                let members = &wiring.roles[role];
                assert!(
                    members
                        .iter()
                        .all(|actor| wiring.roles_of(actor).contains(role))
                );
            }
            let role = kubernetes::permissions(&wiring.parts);
            assert_eq!(role.is_none(), wiring.parts.is_empty());
        }
        Err(error) => {
            assert!(matches!(error, CliError::Io { .. }), "{error}");
            assert!(
                error.in_words().contains("a.wiring.json"),
                "{}",
                error.in_words()
            );
        }
    }
}
