//! Which task definition each track is to run: found again if it is registered, registered once if it is not.

use strategy_core::target::{Desired, TargetError};
use strategy_core::{Images, Revision, Track, Tracks};

use super::OwnedWeightsTarget;
use crate::asked::{Asked, asked};
use crate::binding::Bound;
use crate::changes::{Definition, no_definitions};
use crate::task_definition::{Made, Unregistered, release};
use crate::view::{State, definition};

impl OwnedWeightsTarget {
    /// What the desired revisions mean, as far as they are registered, and whether that took a look.
    pub(super) async fn definitions(
        &self,
        bound: &Bound,
        state: &State,
        desired: &Desired,
    ) -> Result<(Tracks<Definition>, bool), TargetError> {
        let (mut definitions, mut looked) = (no_definitions(), false);
        for track in Track::ALL {
            let revision = &desired.track(track).revision;
            if *revision == Revision::Absent && state.active(track).is_none() {
                continue;
            }
            let asked = asked(bound, track, revision)?;
            *definitions.of_mut(track) = match asked {
                Asked::Nothing => Definition::None,
                Asked::Recorded(arn) => Definition::Known(arn.to_owned()),
                Asked::Named(name) => {
                    looked = true;
                    let (base, about) = (Self::base(bound, track), bound.service(track));
                    self.api.named(base, name, &about).await?
                }
                Asked::Release(images) => {
                    let made = self.made(bound, track, images).await?;
                    let own = self.own(bound, state, track, images, &made).await?;
                    match (own, made) {
                        (Some(arn), _) => Definition::Known(arn),
                        (None, Made::Base) => {
                            Definition::Known(Self::base(bound, track).to_owned())
                        }
                        (None, Made::Other(made)) => {
                            let known = self.known(state, track, made, &mut looked);
                            known.await?
                        }
                    }
                }
            };
        }
        Ok((definitions, looked))
    }

    /// The task definition that a release of a track is made from: what was found on it, or stable's.
    fn base(bound: &Bound, track: Track) -> &str {
        let of = |track| bound.tracks.of(track).recorded();
        of(track).or_else(|| of(Track::Stable)).unwrap_or_default()
    }

    async fn made(
        &self,
        bound: &Bound,
        track: Track,
        images: &Images,
    ) -> Result<Made, TargetError> {
        let base = self.api.definition(Self::base(bound, track)).await?;
        let stable = Self::base(bound, Track::Stable);
        let stable = self.api.definition(stable).await?;
        release(&base, &stable, images).map_err(|none| none.error(&base))
    }

    /// What runs on the track itself, where that is the release.
    ///
    /// There it needs no tag: ECS may tell fields in another order than they were given, and somebody may
    /// clean tags up. While requests come, what has the images of the release is left as it is, as whoever
    /// asks takes it for the release by them; whose hand it was is told by its field.
    async fn own(
        &self,
        bound: &Bound,
        state: &State,
        track: Track,
        images: &Images,
        made: &Made,
    ) -> Result<Option<String>, TargetError> {
        let Some(own) = state.active(track) else {
            return Ok(None);
        };
        let arn = definition(own);
        let own = self.api.definition(arn).await?;
        let seen = own.seen(bound.tracks.of(track).recorded());
        let is_taken_for_it = Revision::Release(images.clone()).is(&seen);
        let is_it = made.would_be(&own) || is_taken_for_it && state.reaches(bound, track);
        Ok(is_it.then(|| arn.to_owned()))
    }

    /// Looked for in what runs, then, which takes a look, among the newest of its family.
    async fn known(
        &self,
        state: &State,
        track: Track,
        made: Box<Unregistered>,
        looked: &mut bool,
    ) -> Result<Definition, TargetError> {
        let other = state.active(track.other());
        let other: Vec<String> = other
            .map(|of| definition(of).to_owned())
            .into_iter()
            .collect();
        if let Some(arn) = self.api.registered(&made, &other).await? {
            return Ok(Definition::Known(arn));
        }
        *looked = true;
        self.api.release(made, &[]).await
    }

    /// Registers what is not there yet. Nothing runs it before the calls that follow.
    pub(super) async fn register(
        &self,
        definitions: &mut Tracks<Definition>,
    ) -> Result<bool, TargetError> {
        let mut registered: Vec<(String, String)> = Vec::new();
        for track in [Track::Candidate, Track::Stable] {
            let definition = definitions.of_mut(track);
            let Definition::New(made) = definition else {
                continue;
            };
            let known = registered.iter().find(|(key, _)| *key == made.key);
            let arn = match known {
                Some((_, arn)) => arn.clone(),
                None => self.api.register(made).await?,
            };
            registered.push((made.key.clone(), arn.clone()));
            *definition = Definition::Known(arn);
        }
        Ok(!registered.is_empty())
    }
}
