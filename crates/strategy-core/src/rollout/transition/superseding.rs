//! The way to no exposure, for a successor.

use super::Flow;
use crate::release::Part;
use crate::rollout::Rollout;
use crate::rollout::outcome::{Outcome, Reason};
use crate::rollout::state::Superseding;
use crate::rollout::step::{Direction, Until};
use crate::rollout::walk::Course;
use crate::target::Routing;
use crate::track::{Revision, Track};

impl Rollout {
    pub(super) fn superseding(&mut self, superseding: &Superseding) -> Flow {
        let now = self.now();
        let reached = self.walk_all(Self::course_without_exposure);
        // What hooks did for this release is nothing that its successor begins with.
        if reached && superseding.undoing.is_none() && self.undo_next() {
            return Flow::Again;
        }
        let undone = self.decided.to_undo.is_empty() && superseding.undoing.is_none();
        if reached && undone && self.fenced() {
            self.settle(
                Outcome::Superseded {
                    by: superseding.by.clone(),
                },
                false,
            );
            return Flow::Again;
        }
        // An undo under way has a limit of its own, and is not begun twice.
        if now >= superseding.deadline && superseding.undoing.is_none() {
            let message = format!(
                "exposure could not be taken to 0 for {}: {}",
                superseding.by,
                self.waiting_in_words()
            );
            let part = self
                .part_names()
                .into_iter()
                .next()
                .unwrap_or_else(Part::main);
            self.roll_back(Reason::Refused { part, message });
            return Flow::Again;
        }
        Flow::Rest
    }

    /// Recorded traffic, and capacities as they are. Where a platform shifts by itself the release goes with
    /// its traffic: a release without any is no step of what it is at.
    fn course_without_exposure(&self, part: &Part) -> Option<Course> {
        let mut course = self.course_home(part, true)?;
        if self.fixed.found.part(part)?.capabilities.routing == Routing::Native {
            return Some(course);
        }
        if let Some(seen) = self.latest.parts.get(part)?.observation.as_ref()
            && let Some(written) = &seen.candidate.written
        {
            let candidate = course.goal.track_mut(Track::Candidate);
            candidate.replicas = written.replicas;
            if !written.revision.recorded {
                candidate.revision = Revision::Release(written.revision.images.clone());
            }
        }
        course.direction = Direction::Back;
        course.until = Until::Effective;
        Some(course)
    }
}
