//! Answers that are cut off or changed on the way: they are read, or they are an error that may pass, and nothing else.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use strategy_metrics::source::{CloudWatch, MetricSource, SourceError};
use strategy_metrics::{Data, Reading, Shape};
use tokio::runtime::Runtime;

use crate::answers::counters;
use crate::server::{BEGIN, Reply, Server, question, window};
use crate::wire::{Page, Told};

fn whole() -> Vec<u8> {
    let points: Vec<_> = (0..5).map(|of| (BEGIN + of * 60, 100.0)).collect();
    let requests = Told::complete("m0", &points).saying("Why", "because");
    Page::of([requests, Told::complete("m1", &points[2..])]).write()
}

/// What answers of these bytes become, one after the other: a client takes longer to make than to ask.
struct Reader {
    server: Server,
    source: CloudWatch,
    runtime: Runtime,
}

impl Reader {
    fn new() -> Self {
        let server = Server::answering([]);
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        Self {
            source: server.source(),
            server,
            runtime: runtime.unwrap(),
        }
    }

    fn read(&self, bytes: Vec<u8>) -> Result<Reading, SourceError> {
        self.server
            .answers_next([Reply::Bytes(200, bytes), Reply::Reset]);
        let question = question(counters(), Shape::Events);
        let answer = self.source.read(&question, window());
        self.runtime.block_on(answer).map(|answer| answer.reading)
    }
}

#[test]
fn an_answer_that_is_cut_off_is_an_error_that_may_pass() {
    let (reader, whole) = (Reader::new(), whole());
    for length in 0..whole.len() {
        let cut = reader.read(whole[..length].to_vec());
        let is_passing = matches!(cut, Err(SourceError::Passing { .. }));
        assert!(is_passing, "{length}: {cut:?}");
    }
    let read = reader.read(whole);
    assert!(matches!(read, Ok(Reading::Told(Data::Events(_)))));
}

/// So many answers are tried.
fn runner() -> TestRunner {
    TestRunner::new(ProptestConfig::with_cases(200))
}

#[test]
fn an_answer_that_is_changed_is_read_or_is_an_error() {
    let reader = Reader::new();
    let place = (any::<prop::sample::Index>(), any::<u8>());
    let tried = runner().run(&place, |(at, byte)| {
        let mut changed = whole();
        let at = at.index(changed.len());
        changed[at] = byte;
        let read = reader.read(changed);
        let is_told = matches!(
            read,
            Ok(Reading::Empty | Reading::NotANumber | Reading::Told(Data::Events(_)))
                | Err(SourceError::Passing { .. })
        );
        prop_assert!(is_told, "{:?}", read);
        Ok(())
    });
    tried.unwrap();
}

#[test]
fn what_is_no_answer_at_all_may_pass() {
    let reader = Reader::new();
    let bytes = prop::collection::vec(any::<u8>(), 0..64);
    let tried = runner().run(&bytes, |bytes| {
        let read = reader.read(bytes);
        let is_passing = matches!(read, Err(SourceError::Passing { .. }));
        prop_assert!(is_passing, "{:?}", read);
        Ok(())
    });
    tried.unwrap();
}
