//! A Prometheus that scrapes what the tests serve, and its raw samples.

use std::fmt::Write as _;
use std::process::Command;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Url};
use serde_json::Value;
use strategy_core::Timestamp;
use strategy_metrics::source::{Prometheus as Source, SourceError};
use test_support::Prometheus as Server;
use test_support::programs::prometheus as program;

use crate::exporter::Target;
use crate::{counters, gone, histograms, natives, queries, ready_made};

/// How often what is waited for is looked at, and how long; a server begins to scrape some seconds after its start.
const LOOK: Duration = Duration::from_millis(100);
const LOOKS: usize = 300;

/// A server, ended when dropped or when the test's process ends, whatever ended that.
#[derive(Debug)]
pub(crate) struct Prometheus {
    server: Server,
}

impl Prometheus {
    /// One for all tests that do not stop it.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Prometheus> = OnceLock::new();
        SHARED.get_or_init(|| {
            let jobs = [
                counters::TARGETS,
                gone::TARGETS,
                histograms::TARGETS,
                natives::TARGETS,
                queries::TARGETS,
                ready_made::TARGETS,
            ];
            Self::scraping(&jobs.concat())
        })
    }

    /// One that scrapes these.
    pub(crate) fn scraping(targets: &[Target]) -> Self {
        let version = Command::new(program().unwrap()).arg("--version").output();
        let version = version.unwrap();
        let version = String::from_utf8(version.stdout).unwrap();
        println!("{}", version.lines().next().unwrap());
        let mut config =
            "global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs:\n".to_owned();
        for jobs in targets.chunk_by(|one, other| one.job == other.job) {
            writeln!(config, "- job_name: {}\n  static_configs:", jobs[0].job).unwrap();
            for target in jobs {
                let (port, track) = (target.serve(), target.track);
                writeln!(config, "  - targets: ['127.0.0.1:{port}']").unwrap();
                writeln!(config, "    labels:\n      track: '{track}'").unwrap();
                for (name, value) in target.labels {
                    writeln!(config, "      {name}: '{value}'").unwrap();
                }
            }
        }
        Self::start(&config, &[])
    }

    /// One with two jobs that scrape this one target.
    pub(crate) fn scraping_twice(jobs: [&str; 2], target: Target) -> Self {
        let port = target.serve();
        let mut config =
            "global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs:\n".to_owned();
        for job in jobs {
            writeln!(config, "- job_name: {job}").unwrap();
            writeln!(
                config,
                "  static_configs: [{{ targets: ['127.0.0.1:{port}'] }}]"
            )
            .unwrap();
        }
        Self::start(&config, &[])
    }

    /// One that lets in whom `web.yml` among these files lets in.
    pub(crate) fn guarded(files: &[(&str, &str)]) -> Self {
        Self::start("scrape_configs: []\n", files)
    }

    fn start(config: &str, files: &[(&str, &str)]) -> Self {
        let mut arguments = vec!["--enable-feature=native-histograms"];
        if files.iter().any(|(name, _)| *name == "web.yml") {
            arguments.push("--web.config.file=web.yml");
        }
        Self {
            server: Server::start(config, files, &arguments).unwrap(),
        }
    }

    /// Starts it on the storage that is there, and returns when it listens; it may not be ready to be asked then.
    pub(crate) fn start_again(&self) {
        self.server.start_again().unwrap();
    }

    /// Kills it.
    pub(crate) fn stop(&self) {
        self.server.stop().unwrap();
    }

    pub(crate) fn address(&self) -> Url {
        self.server.url().parse().unwrap()
    }

    pub(crate) fn source(&self) -> Source {
        Source::at(self.address(), builder()).unwrap()
    }

    /// When a job's track was scraped, with the number of each scrape, as soon as one has at least this number.
    ///
    /// Read from the raw samples, without the source.
    pub(crate) async fn scrapes(
        &self,
        job: &str,
        track: &str,
        number: u64,
    ) -> Vec<(Timestamp, u64)> {
        let selector = format!("scrape_number{{job=\"{job}\",track=\"{track}\"}}");
        let is_there =
            |scrapes: &[(Timestamp, u64)]| scrapes.last().is_some_and(|(_, last)| *last >= number);
        self.until(&selector, is_there).await
    }

    /// The raw samples of one series as soon as they are as said.
    #[expect(
        clippy::disallowed_methods,
        reason = "what is waited for is another process"
    )]
    pub(crate) async fn until(
        &self,
        selector: &str,
        is_there: impl Fn(&[(Timestamp, u64)]) -> bool,
    ) -> Vec<(Timestamp, u64)> {
        for _ in 0..LOOKS {
            let samples = self.samples(selector).await;
            if is_there(&samples) {
                return samples;
            }
            self.server.check_alive().unwrap();
            thread::sleep(LOOK);
        }
        panic!(
            "{selector} was waited for in vain:\n{}",
            self.server.log_tail()
        );
    }

    /// Asks until the answer is another than that it may be asked later; it listens before it can answer.
    #[expect(
        clippy::disallowed_methods,
        reason = "what is waited for is another process"
    )]
    pub(crate) async fn answer<T>(
        &self,
        ask: impl AsyncFn() -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        for _ in 0..LOOKS {
            match ask().await {
                Err(SourceError::Passing { .. }) => self.server.check_alive().unwrap(),
                told => return told,
            }
            thread::sleep(LOOK);
        }
        panic!("Prometheus does not get ready:\n{}", self.server.log_tail());
    }

    /// All samples of one series of whole numbers; none while the server is not ready.
    async fn samples(&self, selector: &str) -> Vec<(Timestamp, u64)> {
        let mut url = self.address().join("api/v1/query").unwrap();
        url.query_pairs_mut()
            .append_pair("query", &format!("{selector}[10m]"));
        let answer = client().get(url).send().await.unwrap();
        let Ok(answer) = serde_json::from_str::<Value>(&answer.text().await.unwrap()) else {
            return Vec::new();
        };
        let result = answer["data"]["result"].as_array().unwrap();
        assert!(result.len() <= 1, "{selector}: {answer}");
        let samples = result
            .iter()
            .flat_map(|series| series["values"].as_array().unwrap());
        samples
            .map(|sample| {
                (
                    instant(&sample[0]),
                    sample[1].as_str().unwrap().parse().unwrap(),
                )
            })
            .collect()
    }
}

/// Seconds with a fraction, as they are written: no number of floating point is in between.
fn instant(seconds: &Value) -> Timestamp {
    let text = seconds.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, "0"));
    let millis: u64 = format!("{fraction:0<3}").parse().unwrap();
    Timestamp::from_millis(whole.parse::<u64>().unwrap() * 1000 + millis)
}

pub(crate) fn client() -> Client {
    builder().build().unwrap()
}

/// With the cryptography that the tests bring, and no proxy of the person at the keyboard.
pub(crate) fn builder() -> ClientBuilder {
    // Only the first test of the process finds none installed.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Client::builder().no_proxy()
}
