//! Pods on addresses of the loopback interface, as the load client sees them.
