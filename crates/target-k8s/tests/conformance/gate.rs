//! A way to the API server that can be cut.

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) port: u16,
    way: JoinHandle<()>,
}

impl Gate {
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self {
            port: listener.local_addr().unwrap().port(),
            way: tokio::spawn(async move {
                let mut connections = JoinSet::new();
                loop {
                    let (mut from, _) = listener.accept().await.unwrap();
                    connections.spawn(async move {
                        let mut to = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                        let _ended = copy_bidirectional(&mut from, &mut to).await;
                    });
                }
            }),
        }
    }

    pub(crate) fn cut(&self) {
        self.way.abort();
    }
}
