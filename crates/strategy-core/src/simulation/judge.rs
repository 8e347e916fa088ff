//! The promises, judged from what really happened in a world: a reference model that shares no code
//! with the machine.
