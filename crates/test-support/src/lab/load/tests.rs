//! The load client against sockets.
