//! Plain tables: columns aligned by what stands in them.

/// A table under construction.
#[derive(Clone, Debug)]
pub struct Table {
    align: Vec<Align>,
    rows: Vec<Vec<String>>,
}

/// On which side the words of a column stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

impl Table {
    /// A table with these headings.
    pub fn new<const COLUMNS: usize>(headings: [(&str, Align); COLUMNS]) -> Self {
        Self {
            align: headings.iter().map(|(_, align)| *align).collect(),
            rows: vec![
                headings
                    .iter()
                    .map(|(name, _)| (*name).to_owned())
                    .collect(),
            ],
        }
    }

    /// One row more. Words that are missing are empty; words beyond the last heading are dropped.
    pub fn row<W: Into<String>>(&mut self, words: impl IntoIterator<Item = W>) {
        let mut row: Vec<_> = words.into_iter().map(Into::into).collect();
        row.resize(self.align.len(), String::new());
        self.rows.push(row);
    }

    /// The lines, two spaces between columns and none at the end.
    pub fn lines(&self) -> Vec<String> {
        let widths: Vec<_> = (0..self.align.len())
            .map(|column| {
                let width = |row: &Vec<String>| row.get(column).map_or(0, |word| wide(word));
                self.rows.iter().map(width).max().unwrap_or(0)
            })
            .collect();
        let line = |row: &Vec<String>| {
            let words: Vec<_> = row
                .iter()
                .zip(&self.align)
                .zip(&widths)
                .map(|((word, align), width)| pad(word, *align, *width))
                .collect();
            words.join("  ").trim_end().to_owned()
        };
        self.rows.iter().map(line).collect()
    }
}

/// The word with spaces up to a width.
pub fn pad(word: &str, align: Align, width: usize) -> String {
    let space = " ".repeat(width.saturating_sub(wide(word)));
    match align {
        Align::Left => format!("{word}{space}"),
        Align::Right => format!("{space}{word}"),
    }
}

fn wide(word: &str) -> usize {
    word.chars().count()
}

/// A number with a space between groups of three digits: `12 345`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_have_no_tail() {
        let mut table = Table::new([
            ("track", Align::Left),
            ("requests", Align::Right),
            ("note", Align::Left),
        ]);
        table.row(["stable", "12 345", "é"]);
        table.row(["candidate", "7"]);
        assert_eq!(
            table.lines(),
            [
                "track      requests  note",
                "stable       12 345  é",
                "candidate         7"
            ]
        );
    }

    #[test]
    fn large_numbers_are_grouped() {
        let grouped = [0, 999, 1000, 12_345, 1_234_567].map(grouped);
        assert_eq!(grouped, ["0", "999", "1 000", "12 345", "1 234 567"]);
    }
}
