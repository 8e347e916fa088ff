#!/bin/sh
# Counts for a check: prints {"total": N, "failed": N} of one track in one window, from Prometheus.
#
# rollway gives the window in milliseconds since the epoch (ROLLWAY_FROM_MS, ROLLWAY_TO_MS), the track
# (ROLLWAY_TRACK: stable or candidate), the part and the check. Needs curl and jq.
# Any status but 0 is a look that could not be taken; what is printed last says why.
set -eu

: "${PROMETHEUS_URL:?set PROMETHEUS_URL, such as http://prometheus.monitoring:9090}"
namespace=${NAMESPACE:-shop}
stable=${DEPLOYMENT:-api}
case $ROLLWAY_TRACK in
  stable) workload=$stable ;;
  candidate) workload=$stable-canary ;;
esac
window=$(( (ROLLWAY_TO_MS - ROLLWAY_FROM_MS) / 1000 ))s
at=$(( ROLLWAY_TO_MS / 1000 ))

# One number, 0 where no request was seen.
count() {
  curl --silent --show-error --fail --max-time 20 --get "$PROMETHEUS_URL/api/v1/query" \
    --data-urlencode "time=$at" \
    --data-urlencode "query=sum(increase(istio_requests_total{$1}[$window]))" |
    jq '(.data.result[0].value[1] // "0") | tonumber | floor'
}

which="reporter=\"destination\",destination_workload_namespace=\"$namespace\",destination_workload=\"$workload\""
total=$(count "$which")
failed=$(count "$which,response_code=~\"5..\"")
echo "{\"total\": $total, \"failed\": $failed}"
