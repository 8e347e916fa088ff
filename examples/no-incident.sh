#!/bin/sh
# A gate: asked again and again until it says yes.
# Status 0 opens it, 1 keeps it closed for now, 2 refuses for good; the last line says why.
#
# Here an incident is a file, which whoever is on call makes and removes.
set -eu

flag=${INCIDENT_FLAG:-/var/run/incident}
if [ -e "$flag" ]; then
  echo "an incident is open: $flag"
  exit 1
fi
echo "no incident"
