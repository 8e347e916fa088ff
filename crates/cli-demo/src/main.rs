//! The binary `rollway`.

fn main() {}
