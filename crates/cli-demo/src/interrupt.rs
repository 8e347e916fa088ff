//! Ctrl-C and SIGTERM: the first one is a wish, the second one an order.

use std::io;

/// Interrupts of this process, in the order in which they come.
#[derive(Debug)]
pub struct Interrupts {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Interrupts {
    /// Begins to listen; from now on an interrupt does not end the process by itself.
    ///
    /// # Errors
    /// When the operating system does not let us listen.
    #[cfg(unix)]
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Begins to listen; from now on an interrupt does not end the process by itself.
    ///
    /// # Errors
    /// When the operating system does not let us listen.
    #[cfg(not(unix))]
    pub fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Resolves with the next one. Cancel-safe.
    #[cfg(unix)]
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Resolves with the next one. Cancel-safe.
    #[cfg(not(unix))]
    pub async fn next(&mut self) {
        // Listening only fails where no signal can arrive, and then there is none to wait for.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
