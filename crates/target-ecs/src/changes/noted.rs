//! The note that goes before a write.

use strategy_core::Track;
use strategy_core::target::{Apply, TargetError};

use super::{Change, Situation};
use crate::config::RuleConfig;
use crate::forward::Forward;
use crate::note::{Stamp, Text};
use crate::owned::Fields;
use crate::previews::Short;
use crate::routes;

impl Situation<'_> {
    /// The note to be written before anything else, if the one that is there does not say it.
    pub(super) fn note(
        &self,
        request: &Apply,
        [now, wanted]: [&Fields; 2],
        forwards: &[(RuleConfig, Forward)],
        changes: &[Change],
    ) -> Result<Option<Text>, TargetError> {
        let Some(stable) = self
            .state
            .active(Track::Stable)
            .filter(|_| !changes.is_empty())
        else {
            return Ok(None);
        };
        let routed = routes::read(self.bound.groups(), forwards)?;
        let read = (routed.traffic(&self.bound.rules, forwards), routed.agree);
        let (from, _) = self.state.told(self.bound, now, read);
        let traffic = [&from, &request.desired.traffic].map(Short::of);
        let text = Text::new(Stamp::of(request), [now, wanted], traffic);
        Ok((Text::of(stable) != text).then_some(text))
    }
}
