//! A fake of Amazon ECS behind a socket, as the AWS SDK finds it by `AWS_ENDPOINT_URL`.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use strategy_core::Timestamp;
use strategy_core::world::{VirtualClock, block_on};
use test_support::ecs::Fake;

/// Answers from now on, until the test's process ends.
pub(crate) fn serve(fake: &Fake) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let fake = fake.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (fake, stream) = (fake.clone(), stream.unwrap());
            thread::spawn(move || converse(&fake, &stream));
        }
    });
    address
}

/// One request after the other, until the client closes the connection.
fn converse(fake: &Fake, stream: &TcpStream) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        // Nothing of the fake waits unless it is told to, so any clock will do.
        let clock = VirtualClock::starting_at(Timestamp::from_millis(0));
        let answer = block_on(&clock, fake.call(request)).unwrap();
        write(stream, &answer.unwrap());
    }
}

fn read(reader: &mut impl BufRead) -> Option<HttpRequest> {
    let line = line(reader)?;
    let mut words = line.split(' ');
    let mut request = http::Request::builder()
        .method(words.next()?)
        .uri(words.next()?);
    let mut length = 0;
    loop {
        let header = self::line(reader)?;
        let Some((name, value)) = header.split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap();
        }
        request = request.header(name, value.trim());
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let request = request.body(SdkBody::from(body)).unwrap();
    Some(request.try_into().unwrap())
}

/// Without its end; `None`: the connection was closed.
fn line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    let read = reader.read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim_end().to_owned())
}

fn write(mut stream: &TcpStream, answer: &HttpResponse) {
    let body = answer.body().bytes().unwrap();
    let mut text = format!(
        "HTTP/1.1 {} x\r\ncontent-length: {}\r\n",
        answer.status().as_u16(),
        body.len()
    );
    for (name, value) in answer.headers() {
        text += &format!("{name}: {value}\r\n");
    }
    text += "\r\n";
    // The program may have been ended in between.
    let _ = stream.write_all(&[text.as_bytes(), body].concat());
}
