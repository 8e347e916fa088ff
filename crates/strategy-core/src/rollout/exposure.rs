//! Which track may be reached by users, and what still drains.

use super::Rollout;
use super::step::Exposure;
use crate::release::Part;
use crate::target::Routing;
use crate::track::Track;

impl Rollout {
    /// What may reach each track now, by what is written and what is effective.
    ///
    /// Time alone can change it: traffic that cannot be verified becomes effective, and drains end.
    pub(super) fn update_exposure(&mut self, part: &Part) {
        let Some(observation) = self
            .latest
            .parts
            .get(part)
            .and_then(|latest| latest.observation.clone())
        else {
            return;
        };
        let now = self.now();
        let routing = self
            .fixed
            .found
            .part(part)
            .map(|found| found.capabilities.routing);
        // While a write is under way, and until a look that began after it, what is effective is anybody's
        // guess.
        let ticket = self.latest.parts.get(part).map(|latest| latest.ticket);
        let guessed = self
            .decided
            .parts
            .get(part)
            .is_some_and(|state| state.flight.is_some() || ticket < Some(state.min_ticket));
        // That a track is reached is believed at once; that it is not, only when it is known.
        let shown = self.effective(part, &observation);
        let effective = shown.clone().filter(|_| !guessed);
        let written = &observation.traffic.written;
        let linger = observation.traffic.drain.max(observation.traffic.sticky);
        let Some(state) = self.decided.parts.get(part) else {
            return;
        };
        // What was given up may land at any moment until the fence stands, and be taken back unseen, whatever
        // was seen or written since: until then no track that it may have exposed begins to drain.
        let may_land = state.fence || state.claiming.is_some();
        let before = (state.exposure, state.share, state.lost_share_drains);
        let (mut exposures, mut shares, mut lost_share_drains) = before;
        for track in Track::ALL {
            let reaches = |traffic: &crate::Traffic| match track {
                Track::Stable => traffic.reaches_stable(),
                Track::Candidate => traffic.reaches_candidate(),
            };
            let exposure = exposures.of_mut(track);
            let reached = match routing {
                Some(Routing::FollowsReadiness) => observation.track(track).ready() > 0,
                Some(Routing::Routed | Routing::Native) | None => {
                    let unknown = may_land || effective.is_none();
                    reaches(written)
                        || shown.as_ref().is_some_and(reaches)
                        || unknown && *exposure == Exposure::Exposed
                }
            };
            *exposure = match (*exposure, reached) {
                (_, true) => Exposure::Exposed,
                (Exposure::Exposed, false) => Exposure::Draining {
                    until: now + linger,
                },
                (Exposure::Draining { until }, false) if until <= now => Exposure::Clean,
                (Exposure::Draining { until }, false) => Exposure::Draining { until },
                (Exposure::Clean, false) => Exposure::Clean,
            };
            let share = |traffic: &crate::Traffic| match track {
                Track::Stable => traffic.weight.rest(),
                Track::Candidate => traffic.candidate_share(),
            };
            let before = *shares.of(track);
            let shown = effective.as_ref().map(share).unwrap_or_default();
            let unknown = may_land || effective.is_none();
            let still = if unknown { before } else { crate::Weight::ZERO };
            let reaching = share(written).max(shown).max(still);
            let drains = lost_share_drains.of_mut(track);
            if reaching < before {
                *drains = Some(now + linger);
            } else if drains.is_some_and(|until| until <= now) {
                *drains = None;
            }
            *shares.of_mut(track) = reaching;
        }
        let after = (exposures, shares, lost_share_drains);
        if after != before
            && let Some(state) = self.decided.parts.get_mut(part)
        {
            (state.exposure, state.share, state.lost_share_drains) = after;
        }
    }

    /// Traffic that was written, or may have been, reached users, whoever took it back before a look.
    pub(super) fn may_have_exposed(&mut self, part: &Part, traffic: &crate::Traffic) {
        let found = self.fixed.found.part(part);
        let routing = found.map(|found| found.capabilities.routing);
        let Some(state) = self.decided.parts.get_mut(part) else {
            return;
        };
        // There who is ready is who is reached, whatever weight is asked for.
        if routing == Some(Routing::FollowsReadiness) {
            return;
        }
        for track in Track::ALL {
            let (reaches, share) = match track {
                Track::Stable => (traffic.reaches_stable(), traffic.weight.rest()),
                Track::Candidate => (traffic.reaches_candidate(), traffic.candidate_share()),
            };
            if reaches {
                *state.exposure.of_mut(track) = Exposure::Exposed;
                let before = state.share.of_mut(track);
                *before = (*before).max(share);
            }
        }
    }
}
