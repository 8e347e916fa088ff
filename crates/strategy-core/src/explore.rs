//! The search of everything that a plan can meet: every state that the machine can reach, whatever a
//! platform, a person or a crash does, each judged.
