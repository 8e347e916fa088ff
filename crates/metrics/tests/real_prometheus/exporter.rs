//! What is scraped: a server on loopback whose pages depend on how often it was asked before.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

/// A page of the text format. <https://prometheus.io/docs/instrumenting/exposition_formats/>
const TEXT: &str = "text/plain; version=0.0.4";

/// What is told at a scrape.
#[derive(Debug)]
pub(crate) enum Page {
    /// Lines of the text format. The number of the scrape is added to them, as `scrape_number`.
    Text(String),
    /// A message in the format of protocol buffers.
    Message(Vec<u8>),
    /// Nobody answers.
    HangUp,
}

/// What is told at the scrape of this number, from 0.
pub(crate) type Pages = fn(u64) -> Page;

/// A target of a job: its labels, and what it tells.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) job: &'static str,
    /// The label `track`.
    pub(crate) track: &'static str,
    /// Further labels of the scrape.
    pub(crate) labels: &'static [(&'static str, &'static str)],
    pub(crate) pages: Pages,
}

impl Target {
    pub(crate) const fn new(job: &'static str, track: &'static str, pages: Pages) -> Self {
        Self {
            job,
            track,
            labels: &[],
            pages,
        }
    }

    pub(crate) const fn labels(mut self, labels: &'static [(&'static str, &'static str)]) -> Self {
        self.labels = labels;
        self
    }

    /// Listens from now to the end of the process, and says where.
    pub(crate) fn serve(self) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for (number, stream) in (0..).zip(listener.incoming()) {
                answer(stream.unwrap(), number, (self.pages)(number));
            }
        });
        port
    }
}

fn answer(mut stream: TcpStream, number: u64, page: Page) {
    let (kind, body) = match page {
        Page::Text(lines) => {
            let text = format!("scrape_number {number}\n{lines}\n");
            (TEXT, text.into_bytes())
        }
        Page::Message(bytes) => (
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
            bytes,
        ),
        Page::HangUp => return,
    };
    let mut lines = BufReader::new(&stream).lines();
    while lines
        .next()
        .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
    {}
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    // A server that is stopped in the middle of a scrape reads no answer.
    let _ = stream.write_all(&[head.as_bytes(), &body].concat());
}
