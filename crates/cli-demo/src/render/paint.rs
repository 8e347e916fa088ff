//! Colours, on terminals that want them. Everything reads the same without.

use std::io::IsTerminal;

/// Whether and how words are coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint {
    on: bool,
}

/// What a colour stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Somebody should look.
    Warn,
    /// Not as it should be.
    Bad,
    /// Of less importance.
    Quiet,
    /// A heading.
    Strong,
}

impl Paint {
    /// No colours.
    pub const OFF: Self = Self { on: false };

    /// Colours if `stream` is a terminal, `NO_COLOR` is not set to anything, and the terminal is not
    /// a dumb one.
    pub fn for_stream(stream: &impl IsTerminal) -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        Self::decide(
            stream.is_terminal(),
            set("NO_COLOR").is_some(),
            set("TERM").is_some_and(|term| term == "dumb"),
        )
    }

    const fn decide(terminal: bool, no_color: bool, dumb: bool) -> Self {
        Self {
            on: terminal && !no_color && !dumb,
        }
    }

    /// The text in this tone.
    pub fn tone(self, tone: Tone, text: &str) -> String {
        if !self.on || text.is_empty() {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Good => "32",
            Tone::Warn => "33",
            Tone::Bad => "31",
            Tone::Quiet => "2",
            Tone::Strong => "1",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_that_want_them() {
        assert_eq!(Paint::decide(false, false, false), Paint::OFF);
        assert_eq!(Paint::decide(true, true, false), Paint::OFF);
        assert_eq!(Paint::decide(true, false, true), Paint::OFF);
        let on = Paint::decide(true, false, false);
        assert_eq!(on.tone(Tone::Bad, "no"), "\x1b[31mno\x1b[0m");
        assert_eq!(Paint::OFF.tone(Tone::Bad, "no"), "no");
    }
}
