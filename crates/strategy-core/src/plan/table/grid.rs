//! Rows and columns of text, folded to a width.

/// The narrowest a column is folded to.
const NARROWEST: usize = 10;
const GAP: &str = "  ";

/// A table with a head and cells that may have several lines.
pub(super) struct Grid<const N: usize> {
    head: [&'static str; N],
    rows: Vec<[Vec<String>; N]>,
}

impl<const N: usize> Grid<N> {
    pub(super) const fn new(head: [&'static str; N]) -> Self {
        Self {
            head,
            rows: Vec::new(),
        }
    }

    pub(super) fn row(&mut self, cells: [Vec<String>; N]) {
        self.rows.push(cells);
    }

    /// As text. A column in which no row has anything is left out; the widest are folded first.
    pub(super) fn print(&self, width: usize) -> String {
        let columns: Vec<usize> = (0..N)
            .filter(|column| self.rows.iter().any(|row| !row[*column].is_empty()))
            .collect();
        let widths = self.widths(&columns, width);
        let mut text = String::new();
        let head: Vec<Vec<String>> = columns
            .iter()
            .map(|column| vec![self.head[*column].to_owned()])
            .collect();
        print_row(&mut text, &head, &widths);
        for row in &self.rows {
            let folded: Vec<Vec<String>> = columns
                .iter()
                .zip(&widths)
                .map(|(column, width)| {
                    let lines = &row[*column];
                    if lines.is_empty() {
                        return vec!["-".to_owned()];
                    }
                    lines.iter().flat_map(|line| fold(line, *width)).collect()
                })
                .collect();
            print_row(&mut text, &folded, &widths);
        }
        text
    }

    fn widths(&self, columns: &[usize], width: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = columns
            .iter()
            .map(|column| {
                let cells = self.rows.iter().flat_map(|row| &row[*column]);
                let widest = cells.map(|line| line.chars().count()).max().unwrap_or(0);
                widest.max(self.head[*column].len())
            })
            .collect();
        let room = width.saturating_sub(GAP.len() * columns.len().saturating_sub(1));
        while widths.iter().sum::<usize>() > room {
            let Some(widest) = widths.iter_mut().max() else {
                break;
            };
            if *widest <= NARROWEST {
                break;
            }
            *widest -= 1;
        }
        widths
    }
}

fn print_row(text: &mut String, cells: &[Vec<String>], widths: &[usize]) {
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    for line in 0..height {
        let mut printed = String::new();
        for (index, (cell, width)) in cells.iter().zip(widths).enumerate() {
            if index > 0 {
                printed.push_str(GAP);
            }
            let content = cell.get(line).map_or("", String::as_str);
            printed.push_str(content);
            let missing = width.saturating_sub(content.chars().count());
            printed.extend(std::iter::repeat_n(' ', missing));
        }
        text.push_str(printed.trim_end());
        text.push('\n');
    }
}

/// A line under a table, folded with an indent.
pub(super) fn fold_line(line: &str, width: usize) -> String {
    let mut text = String::new();
    for (index, part) in fold(line, width.saturating_sub(2)).iter().enumerate() {
        if index > 0 {
            text.push_str("  ");
        }
        text.push_str(part);
        text.push('\n');
    }
    text
}

/// Folded between words, and within a word only where it is longer than the width.
fn fold(line: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut now = String::new();
    let mut length = 0;
    for word in line.split(' ') {
        let mut word: Vec<char> = word.chars().collect();
        if length > 0 && length + 1 + word.len() > width {
            lines.push(std::mem::take(&mut now));
            length = 0;
        }
        while word.len() > width {
            let rest = word.split_off(width);
            lines.push(word.into_iter().collect());
            word = rest;
        }
        if length > 0 {
            now.push(' ');
            length += 1;
        }
        length += word.len();
        now.extend(word);
    }
    lines.push(now);
    lines
}
