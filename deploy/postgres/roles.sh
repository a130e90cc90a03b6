#!/bin/sh
# A role and a schema for each lane in the database `jejak`, so that no lane can read another's. Run as often as you like: it makes what is
# missing, and takes over a password that has changed. Each lane's address, with its password, is a secret: /run/secrets/store-<lane>.
set -eu
export PGHOST=postgres PGUSER=postgres PGDATABASE=jejak PGPASSWORD
PGPASSWORD=$(cat /run/secrets/postgres)

run() { psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 "$@"; }

run <<'SQL'
REVOKE ALL ON DATABASE jejak FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
SQL

for address in /run/secrets/store-*; do
    lane=${address##*/store-}
    password=$(sed -n 's|^postgresql://[^:]*:\([^@]*\)@.*|\1|p' "$address")
    [ -n "$password" ] || { echo "$address holds no address postgresql://user:password@host/database" >&2; exit 1; }
    run --set role="jejak_$lane" --set password="$password" <<'SQL'
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') AS missing \gset
\if :missing
CREATE ROLE :"role" LOGIN;
\endif
ALTER ROLE :"role" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
GRANT CONNECT ON DATABASE jejak TO :"role";
CREATE SCHEMA IF NOT EXISTS :"role" AUTHORIZATION :"role";
SQL
    echo "role and schema jejak_$lane: ready"
done
