//! target-k8s
