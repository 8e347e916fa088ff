//! Text of others on a terminal: names, reasons and messages as what they are, never as orders to it.

use std::borrow::Cow;

/// The text with every control character written out: `\u{1b}` for the one that begins an escape
/// sequence, `\r` and `\n` for those that begin a line.
///
/// What reaches a terminal came from elsewhere: a command's actor and reason, the words of a program,
/// the names of objects. Only this program moves the cursor and chooses colours.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        if char.is_control() {
            plain.extend(char.escape_default());
        } else {
            plain.push(char);
        }
    }
    Cow::Owned(plain)
}

/// As [`plain`], line by line. Only the first line begins at the margin, so that none of the others
/// can be taken for something that this program says by itself.
pub fn paragraph(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(plain).collect();
    lines.join("\n  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_control_character_is_left() {
        assert_eq!(plain("5% of `api`, größer"), "5% of `api`, größer");
        for (text, shown) in [
            (
                "ev\x1b[31mil\x1b]0;pwn\x07",
                r"ev\u{1b}[31mil\u{1b}]0;pwn\u{7}",
            ),
            (
                "ok\x1b[2J\r\n   0:00 promoted",
                r"ok\u{1b}[2J\r\n   0:00 promoted",
            ),
            ("\u{9b}31m\u{7f}\0", r"\u{9b}31m\u{7f}\u{0}"),
        ] {
            assert_eq!(plain(text), shown);
        }
        assert_eq!(
            paragraph("it says:\r\nerror: \x1b[2Jnothing"),
            "it says:\n  error: \\u{1b}[2Jnothing"
        );
    }
}
