#!/bin/sh
# A hook that changes a database. `./migrate.sh --contract` drops what the old version needed.
#
# ROLLWAY_KEY is the same whenever the same hook runs again after a crash: who has done it already says
# so and changes nothing, which is what `rerun: only-with-key` promises. Needs psql.
set -eu

: "${DATABASE_URL:?set DATABASE_URL, such as postgres://checkout@db/checkout}"
[ "${1:-}" = --contract ] || { echo "usage: migrate.sh --contract"; exit 64; }

# One transaction: the key is recorded if and only if the change is made.
psql "$DATABASE_URL" --quiet --set ON_ERROR_STOP=1 --set key="$ROLLWAY_KEY" <<'SQL'
BEGIN;
CREATE TABLE IF NOT EXISTS migrations_done (key text PRIMARY KEY);
INSERT INTO migrations_done VALUES (:'key') ON CONFLICT DO NOTHING;
ALTER TABLE orders DROP COLUMN IF EXISTS legacy_total;
COMMIT;
SQL
echo "contracted"
