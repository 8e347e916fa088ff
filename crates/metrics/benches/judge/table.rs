//! Tables in Markdown, the intervals of shares, and the page that the tables stand on.

use crate::dice::number;

/// One table of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    /// Its name on the page.
    pub(crate) name: &'static str,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    /// Without rows.
    pub(crate) fn new(name: &'static str, columns: &[&str]) -> Self {
        Self {
            name,
            columns: columns.iter().map(|column| (*column).to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let mut text = line(&self.columns);
        text += &format!("|{}\n", "---|".repeat(self.columns.len()));
        self.rows.iter().for_each(|row| text += &line(row));
        text
    }

    /// What stands before and behind it on the page.
    pub(crate) fn marks(name: &str) -> (String, String) {
        (
            format!("<!-- begins: {name}, written by `cargo xtask bench judge` -->\n"),
            format!("<!-- ends: {name} -->\n"),
        )
    }

    /// The page with this table in its place.
    ///
    /// # Errors
    /// When the page has no such place.
    pub(crate) fn put(&self, page: &str) -> Result<String, String> {
        let (begins, ends) = Self::marks(self.name);
        let parts = page
            .split_once(&begins)
            .and_then(|(before, rest)| rest.split_once(&ends).map(|(_, after)| (before, after)));
        let Some((before, after)) = parts else {
            return Err(format!("the page has no place for `{}`", self.name));
        };
        let table = self.markdown();
        Ok(format!("{before}{begins}\n{table}\n{ends}{after}"))
    }
}

/// Where the true share lies with 95%, in the score interval (Wilson, Journal of the American Statistical
/// Association 22, 1927): it holds also where nothing or everything was seen.
pub(crate) fn interval(part: u64, whole: u64) -> (f64, f64) {
    let z = 1.959_964;
    let (n, p) = (number(whole), number(part) / number(whole));
    let centre = p + z * z / (2.0 * n);
    let spread = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    (
        ((centre - spread) / scale).max(0.0),
        ((centre + spread) / scale).min(1.0),
    )
}

/// In per cent, with as many digits as tell it from 1%.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent >= 9.95 {
        format!("{percent:.0}%")
    } else {
        format!("{percent:.1}%")
    }
}

/// A share with its interval.
pub(crate) fn with_interval(part: u64, whole: u64) -> String {
    let (low, high) = interval(part, whole);
    let share = number(part) / number(whole);
    format!(
        "{:.2}% ({:.2} to {:.2})",
        share * 100.0,
        low * 100.0,
        high * 100.0
    )
}
