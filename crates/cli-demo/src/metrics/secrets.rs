//! What is secret, and what lies in files: read from where the rollout file says, and shown nowhere.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::Problem;
use crate::file::metrics::Secret;

/// No token or chain of certificates is so long.
const LIMIT: u64 = 256 * 1024;

/// A secret, and the setting that says where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SecretAt {
    pub(super) field: &'static str,
    pub(super) secret: Secret,
}

/// What was read of each setting that says where something is.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secrets(BTreeMap<(&'static str, String), Vec<u8>>);

impl Secrets {
    /// Reads them all.
    pub(super) fn read(wanted: &[SecretAt]) -> Result<Self, Problem> {
        let mut read = BTreeMap::new();
        for SecretAt { field, secret } in wanted {
            let text = match secret {
                Secret::Env(name) => from_environment(name),
                Secret::File(path) => from_file(path),
            };
            let text = text.map_err(|what| Problem { field, what })?;
            read.insert((*field, place(secret)), text);
        }
        Ok(Self(read))
    }

    /// The bytes of a file.
    pub(super) fn bytes(&self, field: &'static str, path: &Path) -> &[u8] {
        let place = place(&Secret::File(path.to_owned()));
        self.0.get(&(field, place)).map_or(&[], Vec::as_slice)
    }

    /// One line of text, without the space around it.
    pub(super) fn line(&self, field: &'static str, secret: &Secret) -> Result<&str, Problem> {
        let problem = |what: &str| Problem {
            field,
            what: format!("{} {what}", described(secret)),
        };
        let bytes = self.0.get(&(field, place(secret)));
        let text = std::str::from_utf8(bytes.map_or(&[], Vec::as_slice));
        let text = text.map_err(|_| problem("holds no text; write the secret alone into it"))?;
        let text = text.trim();
        if text.is_empty() {
            return Err(problem("is empty; write the secret into it"));
        }
        if text.contains(char::is_control) {
            return Err(problem(
                "holds more than one line; write the secret alone into it",
            ));
        }
        Ok(text)
    }
}

/// Where they are, and nothing of what they are.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn place(secret: &Secret) -> String {
    match secret {
        Secret::Env(name) => format!("${name}"),
        Secret::File(path) => path.display().to_string(),
    }
}

fn described(secret: &Secret) -> String {
    match secret {
        Secret::Env(name) => format!("the environment variable {name}"),
        Secret::File(path) => format!("the file {}", path.display()),
    }
}

fn from_environment(name: &str) -> Result<Vec<u8>, String> {
    match std::env::var(name) {
        Ok(text) => Ok(text.into_bytes()),
        Err(std::env::VarError::NotPresent) => Err(format!(
            "the environment variable {name} is not set; set it where `rollway` is called"
        )),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(format!("the environment variable {name} holds no text"))
        }
    }
}

fn from_file(path: &Path) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| {
        format!(
            "cannot read {}: {error}; paths are from the folder where `rollway` is called",
            path.display()
        )
    };
    let file = File::open(path).map_err(failed)?;
    // Reading a pipe would wait for somebody who writes to it.
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(format!("{} is no regular file", path.display()));
    }
    let mut bytes = Vec::new();
    file.take(LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LIMIT {
        return Err(format!("{} has more than 256 KiB", path.display()));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELD: &str = "bearer-token";

    fn line(secret: &Secret) -> Result<String, String> {
        let wanted = [SecretAt {
            field: FIELD,
            secret: secret.clone(),
        }];
        let secrets = Secrets::read(&wanted).map_err(|problem| problem.what)?;
        assert!(!format!("{secrets:?}").contains("open-sesame"));
        let line = secrets.line(FIELD, secret);
        line.map(str::to_owned).map_err(|problem| problem.what)
    }

    #[test]
    fn a_secret_is_what_stands_in_its_file_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let secret = Secret::File(path.clone());
        assert!(line(&secret).unwrap_err().contains("cannot read"));
        for (text, said) in [
            (&b"open-sesame\n"[..], Ok("open-sesame")),
            (b" open-sesame\r\n", Ok("open-sesame")),
            (b"\n", Err("is empty")),
            (b"open-sesame\nmore", Err("more than one line")),
            (b"\xff", Err("no text")),
        ] {
            std::fs::write(&path, text).unwrap();
            match (line(&secret), said) {
                (Ok(line), Ok(said)) => assert_eq!(line, said),
                (Err(problem), Err(said)) => {
                    assert!(problem.contains(said), "{problem}");
                    assert!(!problem.contains("sesame"), "{problem}");
                }
                other => panic!("{other:?}"),
            }
        }
        std::fs::write(&path, vec![b'x'; 300_000]).unwrap();
        assert!(line(&secret).unwrap_err().contains("more than 256 KiB"));
        let folder = Secret::File(folder.path().to_owned());
        assert!(line(&folder).is_err());
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let problem = line(&Secret::Env("ROLLWAY_NO_SUCH_TOKEN".to_owned())).unwrap_err();
        assert!(
            problem.contains("ROLLWAY_NO_SUCH_TOKEN is not set"),
            "{problem}"
        );
        assert!(!line(&Secret::Env("PATH".to_owned())).unwrap().is_empty());
    }
}
