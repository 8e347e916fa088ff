//! supersede
