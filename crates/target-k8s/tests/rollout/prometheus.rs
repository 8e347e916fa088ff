//! A Prometheus as a child process, which scrapes each second.

use std::fs;
use std::sync::{Arc, Mutex};

use strategy_metrics::source::Prometheus as Source;
use test_support::child::{Process, RunFolder, Watchdog, free_port, target_dir};

/// A server, ended when dropped or when the test's process ends.
#[derive(Debug)]
pub(crate) struct Prometheus {
    _process: Process,
    port: u16,
    // Last: the folder is removed when the server does not write to it any more.
    _folder: RunFolder,
}

impl Prometheus {
    /// One that scrapes these ports of loopback.
    pub(crate) fn scraping(ports: &[u16]) -> Self {
        let program = target_dir().join("prometheus/usr/bin/prometheus");
        assert!(
            program.is_file(),
            "{} is not there: `cargo xtask testbed build` installs it",
            program.display()
        );
        let folder = RunFolder::create(&target_dir().join("prometheus/run")).unwrap();
        let targets: Vec<_> = ports
            .iter()
            .map(|port| format!("'127.0.0.1:{port}'"))
            .collect();
        let config = format!(
            "global: {{ scrape_interval: 1s, scrape_timeout: 1s }}\nscrape_configs:\n- job_name: istio-proxies\n  \
             static_configs: [{{ targets: [{}] }}]\n",
            targets.join(",")
        );
        fs::write(folder.path().join("prometheus.yml"), config).unwrap();
        let port = free_port().unwrap();
        let arguments = [
            "--config.file=prometheus.yml".to_owned(),
            "--storage.tsdb.path=data".to_owned(),
            "--log.level=warn".to_owned(),
            format!("--web.listen-address=127.0.0.1:{port}"),
        ];
        let watchdog = Arc::new(Mutex::new(Watchdog::start(folder.path()).unwrap()));
        let process = Process::start("prometheus", &program, &arguments, folder.path(), &watchdog);
        Self {
            _process: process.unwrap(),
            port,
            _folder: folder,
        }
    }

    pub(crate) fn source(&self) -> Source {
        // Only the first test of the process finds none installed.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy();
        let address = format!("http://127.0.0.1:{}", self.port);
        Source::at(address.parse().unwrap(), client).unwrap()
    }
}
