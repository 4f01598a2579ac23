#!/bin/bash
# Objects of a user that are named like the server's and stand first in the search_path: what slowdive asks of the
# catalogue is read without them, the statement it advises on with them.
. "$(dirname "$0")/../cli/tap.bash"
place=$(mktemp -d "${TMPDIR:-/tmp}/slowdive-path.XXXXXX") || exit 1
chmod 755 "$place"
trap '"$root/contrib/private-postgres" stop "$place/pg" >/dev/null 2>&1; rm -rf "$place" "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
eval "$("$root/contrib/private-postgres" start "$place/pg" --with $$)" || exit 1
unset PGHOST PGPORT PGUSER PGDATABASE
db=${PGURL%/postgres}/shadow
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }
sql "$PGURL" -c 'CREATE DATABASE shadow'
sql "$db" -c 'CREATE EXTENSION hypopg' 2>/dev/null || { echo "1..0 # SKIP HypoPG is not installed"; exit 0; }
sql "$db" <<'SQL'
CREATE SCHEMA app;
CREATE TYPE app.state AS ENUM ('new', 'done');
CREATE TABLE app.item (id int, owner int, state app.state, note text);
INSERT INTO app.item SELECT g, g % 5000, CASE WHEN g % 50 = 0 THEN 'new' ELSE 'done' END::app.state, 'n' || g FROM generate_series(1, 50000) g;
VACUUM ANALYZE app.item;
CREATE SCHEMA evil;
CREATE FUNCTION evil.no(oid, oid) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RAISE 'a function of a user ran'; END$$;
CREATE FUNCTION evil.no(name, name) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RAISE 'a function of a user ran'; END$$;
CREATE FUNCTION evil.no(name, text) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RAISE 'a function of a user ran'; END$$;
CREATE FUNCTION evil.no("char", "char") RETURNS bool LANGUAGE plpgsql AS $$BEGIN RAISE 'a function of a user ran'; END$$;
CREATE FUNCTION evil.no(int8, int4) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RAISE 'a function of a user ran'; END$$;
CREATE OPERATOR evil.= (FUNCTION = evil.no, LEFTARG = oid, RIGHTARG = oid);
CREATE OPERATOR evil.= (FUNCTION = evil.no, LEFTARG = name, RIGHTARG = name);
CREATE OPERATOR evil.!~ (FUNCTION = evil.no, LEFTARG = name, RIGHTARG = text);
CREATE OPERATOR evil.= (FUNCTION = evil.no, LEFTARG = "char", RIGHTARG = "char");
CREATE OPERATOR evil.<> (FUNCTION = evil.no, LEFTARG = name, RIGHTARG = text);
CREATE FUNCTION evil.unnest(oid[]) RETURNS SETOF oid LANGUAGE plpgsql AS $$BEGIN RAISE 'a function of a user ran'; END$$;
CREATE FUNCTION evil.chr(int4) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE 'a function of a user ran'; END$$;
CREATE DOMAIN evil.int8 AS text CHECK (VALUE = 'no number');
CREATE DOMAIN evil.float8 AS text CHECK (VALUE = 'no number');
CREATE ROLE monitor LOGIN;
GRANT USAGE ON SCHEMA app, evil TO monitor;
GRANT SELECT ON ALL TABLES IN SCHEMA app TO monitor;
ALTER DATABASE shadow SET search_path = evil, app, pg_catalog;
SQL
db=${db/postgres@/monitor@}
ok "they would run in a statement of ours that meets them" \
    grep -q 'a function of a user ran' <<<"$(sql "$db" -c "SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace" 2>&1)"
"$program" explain --db "$db" --format json - <<<"SELECT * FROM item WHERE owner = 5" >out 2>err
sed -n 's/.*"ddl":[[:space:]]*"\(.*\)",\{0,1\}$/\1/p' out >ddl
ok "the catalogue is read without a user's operators" grep -q 'CREATE INDEX CONCURRENTLY item_owner_idx ON app.item (owner)' ddl
echo "SELECT * FROM item WHERE owner = 5" >one.sql
"$program" advise "$db" --workload one.sql >out 2>err
ok "and for a workload" grep -q 'CREATE INDEX CONCURRENTLY item_owner_idx ON app.item (owner)' out
finish
