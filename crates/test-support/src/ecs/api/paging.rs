//! Lists in pages.

use serde_json::{Value, json};

use crate::ecs::rules::Rule;
use crate::ecs::wire::{Fields as _, Refusal};
use crate::ecs::world::World;

/// Where a page begins is told by this and a number; nobody else is to look into it.
const TOKEN: &str = "page-";

impl World {
    /// One page of `items` and where the next begins. `size` is what the caller asked for, `most` what
    /// the service gives at once.
    pub(crate) fn page<T>(
        &mut self,
        items: Vec<T>,
        token: Option<&str>,
        size: Option<i64>,
        most: usize,
        code: &str,
    ) -> Result<(Vec<T>, Option<String>), Refusal> {
        let from = match token {
            None => 0,
            Some(token) => token
                .strip_prefix(TOKEN)
                .and_then(|number| number.parse().ok())
                .ok_or_else(|| Refusal::by(Rule::PageTokens, code, "Invalid token"))?,
        };
        let asked = match size {
            None => most,
            Some(size) => usize::try_from(size)
                .ok()
                .filter(|size| (1..=most).contains(size))
                .ok_or_else(|| {
                    let message = format!("The page size must be between 1 and {most}");
                    Refusal::by(Rule::PageSizes, code, message)
                })?,
        };
        let size = asked.min(self.settings.page_size.unwrap_or(most)).max(1);
        let is_more = items.len() > from + size;
        if is_more {
            self.note(Rule::Pages);
        }
        let page = items.into_iter().skip(from).take(size).collect();
        Ok((page, is_more.then(|| format!("{TOKEN}{}", from + size))))
    }

    /// A page of an answer of Elastic Load Balancing.
    pub(crate) fn balancing_page(
        &mut self,
        input: &Value,
        name: &str,
        items: Vec<Value>,
    ) -> Result<Value, Refusal> {
        let (token, size) = (input.text("Marker"), input.whole("PageSize"));
        let (page, next) = self.page(items, token, size, 400, "ValidationError")?;
        Ok(json!({ name: page, "NextMarker": next }))
    }

    /// A page of an answer of Amazon ECS.
    pub(crate) fn ecs_page(
        &mut self,
        input: &Value,
        name: &str,
        items: Vec<Value>,
    ) -> Result<Value, Refusal> {
        let (token, size) = (input.text("nextToken"), input.whole("maxResults"));
        let (page, next) = self.page(items, token, size, 100, "InvalidParameterException")?;
        Ok(match next {
            Some(next) => json!({ name: page, "nextToken": next }),
            None => json!({ name: page }),
        })
    }
}
