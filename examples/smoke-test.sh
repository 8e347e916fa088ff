#!/bin/sh
# A hook: a few requests to the idle slot before any user reaches it. Status 0 passes.
#
# rollway gives ROLLWAY_ROLLOUT, ROLLWAY_STAGE, ROLLWAY_HOOK, ROLLWAY_PART and more, and the whole
# request as JSON on standard input, the preview address of each part's idle slot in it. Needs curl and jq.
set -eu

address=$(jq --raw-output --arg part "$ROLLWAY_PART" '.previews[$part] // empty')
[ -n "$address" ] || { echo "part $ROLLWAY_PART has no preview address in the rollout file"; exit 1; }
for path in /healthz /version; do
  curl --silent --show-error --fail --max-time 10 --output /dev/null "$address$path"
done
echo "$address answers"
