//! A server on loopback that gives one answer after the other, and keeps what it was asked.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test uses what it needs"
)]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use reqwest::{Client, ClientBuilder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a question.
pub enum Reply {
    /// A status and a body.
    Body(u16, String),
    /// A status, lines of a head and a body.
    Headed(u16, String, String),
    /// A status and a body that ends before it is over.
    Cut(u16, String),
    /// What is no HTTP.
    Raw(&'static str),
    /// A body of so many bytes without sense.
    Endless(usize),
    /// It reads the question, and says nothing.
    Silence,
    /// It ends the connection.
    HangUp,
}

pub struct Server {
    pub address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub async fn answering(replies: impl IntoIterator<Item = Reply>) -> Self {
        let mut replies: VecDeque<_> = replies.into_iter().collect();
        Self::saying(move |_| replies.pop_front().unwrap_or(Reply::HangUp)).await
    }

    /// What a test says to each question, one question after the other.
    pub async fn saying(mut reply: impl FnMut(&str) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut silent = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let question = question(&mut stream).await;
                let reply = reply(&question);
                kept.lock().unwrap().push(question);
                let said = match reply {
                    Reply::Body(status, body) => bytes(status, "", body.as_bytes(), 0),
                    Reply::Headed(status, head, body) => bytes(status, &head, body.as_bytes(), 0),
                    Reply::Cut(status, body) => bytes(status, "", body.as_bytes(), 1),
                    Reply::Raw(text) => text.as_bytes().to_vec(),
                    Reply::Endless(length) => bytes(200, "", &vec![b' '; length], 0),
                    Reply::Silence => {
                        silent.push(stream);
                        continue;
                    }
                    Reply::HangUp => continue,
                };
                let _ = stream.write_all(&said).await;
            }
        });
        Self { address, asked }
    }

    /// What it was asked, head and body.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// A client that asks loopback and nobody else.
pub fn client() -> Client {
    builder().build().unwrap()
}

/// The same, not built yet.
pub fn builder() -> ClientBuilder {
    // Only the first test of the process finds none installed.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Client::builder().no_proxy()
}

/// An answer that announces so many bytes more than it has.
fn bytes(status: u16, more: &str, body: &[u8], missing: usize) -> Vec<u8> {
    let length = body.len() + missing;
    let head = format!(
        "HTTP/1.1 {status} OK\r\ncontent-length: {length}\r\nconnection: close\r\n{more}\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// The head, and the body that it announces.
async fn question(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_lowercase();
            let length = length
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
            if body.len() >= length {
                return text;
            }
        }
        match stream.read(&mut chunk).await.unwrap() {
            0 => return text,
            more => read.extend_from_slice(&chunk[..more]),
        }
    }
}
