//! A Gateway, and routes of Gateway API to the shop.

use serde_json::{Value, json};

pub(crate) fn gateway() -> Value {
    json!({
        "kind": "Gateway",
        "metadata": {"name": "shop"},
        "spec": {
            "gatewayClassName": "example",
            "listeners": [{"name": "web", "port": 80, "protocol": "HTTP"}],
        },
    })
}

pub(crate) fn http_route() -> Value {
    json!({
        "kind": "HTTPRoute",
        "metadata": {"name": "api", "labels": {"team": "shop"}},
        "spec": {
            "hostnames": ["shop.example.org"],
            "parentRefs": [{"name": "shop", "sectionName": "web"}],
            "rules": [
                {
                    "matches": [{"path": {"type": "PathPrefix", "value": "/static"}}],
                    "backendRefs": [{"name": "files", "port": 80}],
                },
                {
                    "matches": [{"path": {"type": "PathPrefix", "value": "/v2"}, "method": "POST"}],
                    "backendRefs": [
                        {"name": "api-canary", "port": 80, "weight": 0},
                        {"name": "api", "port": 80},
                    ],
                },
                {
                    "timeouts": {"request": "10s"},
                    "filters": [{
                        "type": "RequestHeaderModifier",
                        "requestHeaderModifier": {"set": [{"name": "x-edge", "value": "gateway"}]},
                    }],
                    "backendRefs": [
                        {"name": "api", "port": 80, "weight": 9},
                        {"name": "api-canary", "port": 80, "weight": 0},
                    ],
                },
            ],
        },
    })
}

pub(crate) fn grpc_route() -> Value {
    json!({
        "kind": "GRPCRoute",
        "metadata": {"name": "api"},
        "spec": {
            "parentRefs": [{"name": "shop"}],
            "rules": [{"backendRefs": [
                {"name": "api", "port": 80},
                {"name": "api-canary", "port": 80, "weight": 0},
            ]}],
        },
    })
}
