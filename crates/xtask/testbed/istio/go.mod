// Istio's CRDs, which the API server of the test bed serves. Only downloaded: nothing here is compiled,
// so this file is not for `go mod tidy`.
module rollway.invalid/testbed/istio

go 1.26.0

require istio.io/api v1.31.1
