//! A page: a story as it is told, compared with the one that people have read.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::plan::{Plan, Policies, Stage};
use crate::rollout::tests::acting::seconds;
use crate::rollout::tests::kind_world::{KindWorld, Run};
use crate::rollout::tests::{begin, canary, plan};

/// A story that is being told.
pub(super) struct Page {
    name: &'static str,
    text: String,
    pub(super) run: Run,
    events: usize,
}

impl Page {
    pub(super) fn of(name: &'static str, plan: Plan, world: KindWorld) -> Self {
        let mut page = Self {
            name,
            text: String::new(),
            run: begin(plan, world),
            events: 0,
        };
        page.then("it begins", |_| {});
        page
    }

    pub(super) fn canary(name: &'static str, change: impl FnOnce(&mut Vec<Stage>)) -> Self {
        let mut stages = canary();
        change(&mut stages);
        let plan = plan(stages, Policies::default());
        Self::of(name, plan, KindWorld::new(("v0", 4), None))
    }

    /// What happens, and all that comes of it at that time.
    pub(super) fn then(&mut self, what: &str, happens: impl FnOnce(&mut Run)) -> &mut Self {
        happens(&mut self.run);
        self.run.settle_now();
        let page = &mut self.text;
        writeln!(page, "# {what}").unwrap();
        for event in &self.run.events[self.events..] {
            writeln!(page, "{event}").unwrap();
        }
        self.events = self.run.events.len();
        for effect in &self.run.others {
            writeln!(page, "not answered: {:?}", effect.kind()).unwrap();
        }
        let status = serde_json::to_string(&self.run.rollout.status()).unwrap();
        writeln!(page, "{status}").unwrap();
        if let Some(at) = self.run.rollout.poll_timeout() {
            writeln!(page, "wakes up at {at}").unwrap();
        }
        writeln!(page).unwrap();
        self
    }

    pub(super) fn waits(&mut self, time: u64) -> &mut Self {
        self.then(&format!("{time} s pass"), |run| run.wait(seconds(time)))
    }

    pub(super) fn ends(&mut self) {
        self.then("it ends", |run| run.run(Duration::from_secs(24 * 3600)));
        assert!(self.run.rollout.is_settled(), "{}", self.text);
        // What a plan is called has tests of its own.
        let digest = self.run.rollout.plan().digest().as_str().to_owned();
        self.text = self.text.replace(&digest, "DIGEST");
        self.text = self.text.replace(&digest[..12], "DIGEST");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/told");
        let path = folder.join(format!("{}.txt", self.name));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, &self.text).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap();
        assert_eq!(self.text, expected, "{} differs", path.display());
    }
}
