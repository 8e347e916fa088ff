#!/bin/sh
# Counts for a check: prints {"total": N, "failed": N} of one track in one window, from CloudWatch's metrics of
# an Application Load Balancer.
#
# rollway gives the window in milliseconds since the epoch (ROLLWAY_FROM_MS, ROLLWAY_TO_MS), the track
# (ROLLWAY_TRACK: stable or candidate), the part and the check. Needs the AWS CLI, and leave to call
# cloudwatch:GetMetricStatistics.
# The load balancer reports each minute and some time after it, so the window is asked for DELAY seconds after
# its end: the check's `timeout` must be longer, and its `interval` whole minutes.
# Any status but 0 is a look that could not be taken; what is printed last says why.
set -eu

: "${LOAD_BALANCER:?set LOAD_BALANCER to the end of its ARN, such as app/shop/50dc6c495c0c9188}"
: "${STABLE_GROUP:?set STABLE_GROUP to the end of its ARN, such as targetgroup/web/6d0ecf831eec9f09}"
: "${CANDIDATE_GROUP:?set CANDIDATE_GROUP to the end of its ARN}"
case $ROLLWAY_TRACK in
  stable) group=$STABLE_GROUP ;;
  candidate) group=$CANDIDATE_GROUP ;;
esac
from=$((ROLLWAY_FROM_MS / 1000))
to=$((ROLLWAY_TO_MS / 1000))
wait=$((to + ${DELAY:-120} - $(date +%s)))
[ "$wait" -le 0 ] || sleep "$wait"

# The sum of one metric, 0 where nothing was reported.
count() {
  sum=$(aws cloudwatch get-metric-statistics --namespace AWS/ApplicationELB --metric-name "$1" \
    --dimensions "Name=LoadBalancer,Value=$LOAD_BALANCER" "Name=TargetGroup,Value=$group" \
    --start-time "$from" --end-time "$to" --period 60 --statistics Sum \
    --query 'sum(Datapoints[].Sum)' --output text)
  printf '%.0f' "$sum"
}

total=$(count RequestCount)
failed=$(count HTTPCode_Target_5XX_Count)
echo "{\"total\": $total, \"failed\": $failed}"
