//! Free ports of the loopback interface.

use std::net::{Ipv4Addr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

use super::ChildError;

/// Below the range from which Linux takes the ports of outgoing connections: while a server is
/// stopped, no client's connection can take its port away or, worse, connect to itself there.
const FROM: u16 = 20_000;
const TO: u16 = 32_000;

/// A port that nobody listens on at this moment.
///
/// # Errors
/// [`ChildError::NoPort`] when all are in use.
pub fn free_port() -> Result<u16, ChildError> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let span = TO - FROM;
    // Processes that start at the same time begin at different places.
    let offset =
        u16::try_from(process::id().wrapping_mul(37) % u32::from(span)).unwrap_or_default();
    for _ in 0..span {
        let step = NEXT.fetch_add(1, Ordering::Relaxed) % span;
        let port = FROM + (offset + step) % span;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(ChildError::NoPort { from: FROM, to: TO })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_passed_over() {
        let first = free_port().unwrap();
        let _held: Vec<TcpListener> = (first + 1..first + 3)
            .filter_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok())
            .collect();
        let next = free_port().unwrap();
        assert!(!(first..first + 3).contains(&next), "{next}");
        assert!((FROM..TO).contains(&next));
    }
}
