//! Connections to pods.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until};

use super::answers::Answer;
use super::process::{Process, Run, Taken};
use super::server::Shared;
use super::tally::Served;
use super::{POD_HEADER, VERSION_HEADER};

/// More than any request of the lab has.
const LONGEST_BODY: usize = 1024 * 1024;

/// A request that is not answered: its connection ends.
#[derive(Debug, thiserror::Error)]
#[error("the connection ends instead of an answer")]
struct Broken;

/// Takes connections, for ever.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => take(stream, &shared),
            // No socket is left, or the client is gone already.
            Err(_) => sleep_until(Instant::now() + Duration::from_millis(10)).await,
        }
    }
}

fn take(stream: TcpStream, shared: &Arc<Shared>) {
    let Ok(local) = stream.local_addr() else {
        return;
    };
    match shared.find(local.ip()) {
        Ok((process, taken)) => {
            tokio::spawn(connection(stream, process, taken, Arc::clone(shared)));
        }
        Err(nobody) => {
            shared.count(&nobody.name, &nobody.version, Served::Refused);
            reset(stream);
        }
    }
}

/// Ends a connection so that the other side cannot take it for a regular end.
fn reset(stream: TcpStream) {
    // If it cannot be set, the connection has ended already.
    let _set: std::io::Result<()> = stream.set_zero_linger();
    drop(stream);
}

async fn connection(
    stream: TcpStream,
    process: Arc<Process>,
    mut taken: Taken,
    shared: Arc<Shared>,
) {
    let run = taken.run;
    // Small answers are not to wait for more.
    let _set: std::io::Result<()> = stream.set_nodelay(true);
    let service = service_fn(|request: Request<Incoming>| {
        let asked = Asked {
            process: Arc::clone(&process),
            shared: Arc::clone(&shared),
            run,
            is_counted: false,
        };
        asked.answer(request)
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // How it ended has been counted with its last request.
    let is_to_break = tokio::select! {
        biased;
        () = taken.ended() => true,
        result = &mut connection => result.is_err_and(|error| error.is_user()),
    };
    if is_to_break {
        reset(connection.into_parts().io.into_inner());
    }
}

/// A request that is being answered. It is counted once, whatever becomes of it.
struct Asked {
    process: Arc<Process>,
    shared: Arc<Shared>,
    run: Run,
    is_counted: bool,
}

impl Asked {
    async fn answer(mut self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Broken> {
        let (head, body) = request.into_parts();
        // To its end, or the connection could not serve another request.
        let body = Limited::new(body, LONGEST_BODY).collect().await;
        body.map_err(|_| Broken)?;
        let began = Instant::now();
        let moment = self.shared.age();
        let (wait, status) = match self.process.answer(head.uri.path(), began, moment) {
            Answer::Good { wait } => (wait, Some(StatusCode::OK)),
            Answer::Error { wait } => (wait, Some(StatusCode::INTERNAL_SERVER_ERROR)),
            Answer::Reset { wait } => (wait, None),
            Answer::Hang => pending().await,
        };
        if !wait.is_zero() {
            sleep_until(began + wait).await;
        }
        let Some(status) = status else {
            self.count(Served::Reset);
            return Err(Broken);
        };
        let version = &self.process.behaviour.version;
        let mut response = Response::new(Full::from(format!("{status} from {version}\n")));
        *response.status_mut() = status;
        for (name, value) in [(VERSION_HEADER, version), (POD_HEADER, &self.process.pod)] {
            // Tags and names have nothing that a header cannot have; what has is told by nobody.
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(name, value);
            }
        }
        self.count(Served::Answered(status.as_u16()));
        Ok(response)
    }

    fn count(&mut self, served: Served) {
        self.is_counted = true;
        let version = &self.process.behaviour.version;
        self.shared.count(&self.process.pod, version, served);
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if !self.is_counted {
            let has_ended = self.process.run() != self.run;
            self.count(if has_ended {
                Served::Reset
            } else {
                Served::Abandoned
            });
        }
    }
}
