#!/bin/sh
# Counts for a check: prints {"total": N, "failed": N}, how many of the alarms of CloudWatch that are named can say
# something, and how many of them are in ALARM. With `limit: 0%` and `min-events: 1` one is enough to go back.
#
# One that is in ALARM when the rollout begins fails it too. One without data (INSUFFICIENT_DATA) says nothing, and
# where none says anything that is no pass. Needs the AWS CLI, and leave to call cloudwatch:DescribeAlarms.
# Any status but 0 is a look that could not be taken; what is printed last says why.
set -eu

[ "$#" -gt 0 ] || { echo "name at least one alarm"; exit 1; }
states=$(aws cloudwatch describe-alarms --alarm-types MetricAlarm CompositeAlarm --alarm-names "$@" \
  --query '[MetricAlarms, CompositeAlarms][].StateValue' --output text)
known=0 total=0 failed=0
for state in $states; do
  known=$((known + 1))
  case $state in
    ALARM) total=$((total + 1)) failed=$((failed + 1)) ;;
    OK) total=$((total + 1)) ;;
  esac
done
# One that is misspelt would never ring.
[ "$known" -eq "$#" ] || { echo "$known of the $# alarms are there: $*"; exit 1; }
echo "{\"total\": $total, \"failed\": $failed}"
