// The newest CRDs of Gateway API, which an API server of the test bed serves. Only downloaded: nothing here is
// compiled, so this file is not for `go mod tidy`.
module rollway.invalid/testbed/gateway-newest

go 1.26.0

require sigs.k8s.io/gateway-api v1.6.3
