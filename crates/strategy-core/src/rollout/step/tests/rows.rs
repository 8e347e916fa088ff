//! One test per row of the routed table; each also shows that without its row the answer is another.

mod capacity;
mod give_up;
mod revision;
mod traffic;

/// Blue-green: an idle slot with last week's release, warm.
const IDLE: &str = "S v0x2; C v2x2; w0";
