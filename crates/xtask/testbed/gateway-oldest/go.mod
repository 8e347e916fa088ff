// The oldest CRDs of Gateway API with a version of HTTPRoute that is understood (v1beta1), which an API server of the test bed serves. Only downloaded: nothing here is
// compiled, so this file is not for `go mod tidy`.
module rollway.invalid/testbed/gateway-oldest

go 1.26.0

require sigs.k8s.io/gateway-api v0.5.0
