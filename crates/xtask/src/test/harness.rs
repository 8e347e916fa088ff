//! Understands what `cargo test` prints.

/// The counts of one `cargo test`, and the tests that it passed over.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Harness {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: Vec<Ignored>,
    binary: String,
}

/// A test that is run only when something is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ignored {
    /// As cargo calls the binary, for example `unittests src/lib.rs`.
    pub(crate) binary: String,
    /// Its path within the binary.
    pub(crate) name: String,
    /// Why, as its attribute says; empty if it does not say.
    pub(crate) reason: String,
}

impl Ignored {
    /// The arguments with which cargo builds its binary and no other of its package: what a profile of its own
    /// has to build takes minutes.
    ///
    /// All targets of the package, where cargo's name for the binary is not understood.
    pub(crate) fn selection(&self) -> Vec<&str> {
        let path = self.binary.strip_prefix("tests/");
        let test = path.and_then(|path| {
            path.strip_suffix("/main.rs")
                .or_else(|| path.strip_suffix(".rs"))
        });
        match test {
            Some(test) => vec!["--test", test],
            None if self.binary == "unittests src/lib.rs" => vec!["--lib"],
            None => vec!["--lib", "--bins", "--tests"],
        }
    }
}

impl Harness {
    /// Takes in one line of the output.
    pub(crate) fn line(&mut self, line: &str) {
        let line = line.trim_end();
        if let Some(binary) = line.trim_start().strip_prefix("Running ") {
            self.binary = binary.split(" (").next().unwrap_or(binary).to_owned();
        } else if let Some(library) = line.trim_start().strip_prefix("Doc-tests ") {
            self.binary = format!("documentation of {library}");
        } else if let Some(counts) = line.strip_prefix("test result: ") {
            self.passed += count(counts, "passed");
            self.failed += count(counts, "failed");
        } else if let Some((name, reason)) = ignored(line) {
            let (name, reason) = (name.to_owned(), reason.to_owned());
            self.ignored.push(Ignored {
                binary: self.binary.clone(),
                name,
                reason,
            });
        }
    }

    /// Takes in how the command ended: without a test to blame, the failure is that it did not
    /// build or was killed.
    pub(crate) fn ended(&mut self, is_success: bool) {
        if !is_success && self.failed == 0 {
            self.failed = 1;
        }
    }
}

/// The number before `word` in `ok. 14 passed; 0 failed; ...`.
fn count(counts: &str, word: &str) -> u64 {
    let part = counts
        .split([';', '.'])
        .find_map(|part| part.trim().strip_suffix(word));
    part.and_then(|number| number.trim().parse().ok())
        .unwrap_or(0)
}

/// `test NAME ... ignored, REASON` or `test NAME ... ignored`.
fn ignored(line: &str) -> Option<(&str, &str)> {
    let (name, outcome) = line.strip_prefix("test ")?.split_once(" ... ")?;
    let reason = outcome.strip_prefix("ignored")?;
    Some((name, reason.strip_prefix(", ").unwrap_or(reason)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "
   Compiling a v0.1.0
     Running unittests src/lib.rs (target/debug/deps/a-29a6)

running 3 tests
test one ... ok
test two::three ... FAILED
test four ... ignored, needs a control plane: cargo xtask test
test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.03s

     Running tests/b.rs (target/debug/deps/b-29a6)
test five ... ignored
test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.03s

   Doc-tests a
test src/lib.rs - (line 8) ... ok
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.03s
";

    #[test]
    fn counts_are_summed_and_ignored_tests_listed() {
        let mut harness = Harness::default();
        OUTPUT.lines().for_each(|line| harness.line(line));
        harness.ended(false);
        assert_eq!((harness.passed, harness.failed), (14, 1));
        let ignored = |binary: &str, name: &str, reason: &str| Ignored {
            binary: binary.to_owned(),
            name: name.to_owned(),
            reason: reason.to_owned(),
        };
        assert_eq!(
            harness.ignored,
            [
                ignored(
                    "unittests src/lib.rs",
                    "four",
                    "needs a control plane: cargo xtask test"
                ),
                ignored("tests/b.rs", "five", ""),
            ]
        );
    }

    #[test]
    fn a_test_is_built_without_the_others_of_its_package() {
        let selection = |binary: &str| {
            let ignored = Ignored {
                binary: binary.to_owned(),
                name: String::new(),
                reason: String::new(),
            };
            ignored.selection().join(" ")
        };
        assert_eq!(selection("unittests src/lib.rs"), "--lib");
        assert_eq!(selection("tests/faults.rs"), "--test faults");
        assert_eq!(selection("tests/trials/main.rs"), "--test trials");
        assert_eq!(selection("unittests src/main.rs"), "--lib --bins --tests");
    }

    #[test]
    fn what_does_not_build_is_one_failure() {
        let mut harness = Harness::default();
        harness.line("error: could not compile `a`");
        harness.ended(false);
        assert_eq!(harness.failed, 1);
        let mut harness = Harness::default();
        harness.ended(true);
        assert_eq!(harness.failed, 0);
    }
}
