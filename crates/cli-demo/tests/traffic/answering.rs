//! One server that is all pods: it answers with the version of the pod whose address was asked.

use std::net::Ipv4Addr;
use std::sync::OnceLock;
use std::thread;

use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt};
use test_support::Lab;
use test_support::lab::POD_PORT;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

/// Answers from now on, until the test's process ends.
pub(crate) fn start(lab: &'static Lab) {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        let listener = std::net::TcpListener::bind((Ipv4Addr::UNSPECIFIED, POD_PORT)).unwrap();
        listener.set_nonblocking(true).unwrap();
        // The runtime of a test ends with it.
        let mut runtime = Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        let serve = async move {
            let listener = TcpListener::from_std(listener).unwrap();
            let client = lab.plane().client("pods").unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(converse(stream, client.clone()));
            }
        };
        thread::spawn(move || runtime.block_on(serve));
    });
}

/// Answers every request of a connection; hangs up where there is no pod.
async fn converse(stream: TcpStream, client: Client) {
    let address = stream.local_addr().unwrap().ip();
    let pods: Api<Pod> = Api::all(client);
    let here = ListParams::default().fields(&format!("status.podIP={address}"));
    let Ok(pods) = pods.list(&here).await else {
        return;
    };
    let Some(version) = pods
        .items
        .iter()
        .find_map(|pod| pod.labels().get("version"))
    else {
        return;
    };
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{version}",
        version.len()
    );
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
        if line.trim().is_empty() && stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        line.clear();
    }
}
