//! Starts that could not be gone back to, or would never be effective, are found before anything is
//! written.
