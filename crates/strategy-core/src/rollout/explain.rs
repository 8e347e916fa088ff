//! News in words, for logs and people.

use super::event::News;

pub(super) fn news(news: &News) -> String {
    format!("{news:?}")
}
