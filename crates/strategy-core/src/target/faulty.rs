//! A target that fails on purpose.
