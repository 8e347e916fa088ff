//! Progressive delivery as a library.
