//! What is about to be told the service, noted in a tag before it is: what from what to what, and which
//! deployment was its primary one then, so that one which began since can be told from it.

use super::hooks::Answer;
use crate::note::{self, Note, Stamp};
use crate::owned::Fields;

/// The primary deployment before the write.
const PRIMARY: &str = "p";
/// The hook that was answered last, and the step that was let go by that.
const HOOK: &str = "h";
const STEP: &str = "k";

/// The note of one write, and what it says of deployments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Noted {
    pub(crate) note: Note,
    /// The id of the primary deployment before the write.
    pub(crate) primary: Option<String>,
    /// The last answer to a hook: given, or about to be.
    pub(crate) answer: Option<Answer>,
}

/// The text of a note: `id=2.17 d=ab12:cd34 n=4 p=ecs-svc/0123`.
pub(crate) fn text(
    stamp: Stamp,
    now: &Fields,
    wanted: &Fields,
    primary: &str,
    answer: Option<&Answer>,
) -> String {
    let text = note::text(stamp, now, wanted);
    let text = format!("{text} {PRIMARY}={primary}");
    match answer {
        Some(Answer { hook, step }) => format!("{text} {HOOK}={hook} {STEP}={step}"),
        None => text,
    }
}

impl Noted {
    /// `None` if it is no note.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (mut primary, mut hook, mut step) = (None, None, None);
        let mut rest = Vec::new();
        for word in text.split_whitespace() {
            match word.split_once('=') {
                Some((PRIMARY, id)) => primary = Some(id.to_owned()),
                Some((HOOK, id)) => hook = Some(id.to_owned()),
                Some((STEP, number)) => step = number.parse().ok(),
                Some(_) | None => rest.push(word),
            }
        }
        let note = Note::read(&rest.join(" "))?;
        let answer = hook.zip(step).map(|(hook, step)| Answer { hook, step });
        Some(Self {
            note,
            primary,
            answer,
        })
    }

    /// From which task definition to which; `None`: nothing was noted.
    pub(crate) fn definition(&self) -> Option<(&str, &str)> {
        self.note.step(super::situation::DEFINITION)
    }
}

#[cfg(test)]
mod tests {
    use strategy_core::target::EffectId;

    use super::*;

    #[test]
    fn a_note_says_what_was_there_before_and_fits_into_a_tag() {
        use super::super::situation::{BALANCING, CONFIGURATION, COUNT, DEFINITION, LEFT};
        // Every field that is noted, at its longest and from one value to another.
        let fields = |digest: &str, count: &str| {
            let pairs = [
                (DEFINITION, digest),
                (CONFIGURATION, digest),
                (BALANCING, digest),
                (COUNT, count),
                (LEFT, count),
            ];
            let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
            Fields(pairs.into())
        };
        let (now, wanted) = (fields("0123456789", "5000"), fields("9876543210", "4999"));
        // As the developer guide shows them.
        let answer = Answer {
            hook: format!("ecs-pause-{}", "_aZ9".repeat(11)),
            step: 34,
        };
        let primary = "ecs-svc/9223370362164355417";
        let stamp = Stamp {
            epoch: 99_999,
            id: EffectId(u64::MAX),
        };
        let text = text(stamp, &now, &wanted, primary, Some(&answer));
        assert!(text.len() <= 256, "{text}");
        let allowed = |c: char| c.is_ascii_alphanumeric() || " +-=._:/@".contains(c);
        assert!(text.chars().all(allowed), "{text}");
        let read = Noted::read(&text).unwrap();
        assert_eq!(read.definition(), Some(("0123456789", "9876543210")));
        assert_eq!(read.answer, Some(answer));
        assert_eq!(read.primary.as_deref(), Some("ecs-svc/9223370362164355417"));
        assert!(read.note.leads_to(&wanted) && !read.note.leads_to(&now));
        assert_eq!(Noted::read("somebody was here"), None);
        assert_eq!(Noted::read("").unwrap().definition(), None);
    }
}
