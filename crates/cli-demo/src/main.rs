//! cli-demo
fn main() {}
