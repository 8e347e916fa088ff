//! A target that remembers what it was asked.
