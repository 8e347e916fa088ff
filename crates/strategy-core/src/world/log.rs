//! What really happened in a part of the world, in order: every write, what was shown to whoever read,
//! and what users were served by. Nothing in it comes from the machine.
