#!/bin/bash
# The index beside a plan: each kind of statement against a real server, with HypoPG and
# without it; what is refused and why; in a recording.
. "$(dirname "$0")/../cli/tap.bash"
place=$(mktemp -d "${TMPDIR:-/tmp}/slowdive-advice.XXXXXX") || exit 1
chmod 755 "$place"
trap '"$root/contrib/private-postgres" stop "$place/pg" >/dev/null 2>&1; rm -rf "$place" "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
eval "$("$root/contrib/private-postgres" start "$place/pg" --with $$)" || exit 1
unset PGHOST PGPORT PGUSER PGDATABASE
db=${PGURL%/postgres}/kinds
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }
sql "$PGURL" -c 'CREATE DATABASE kinds' && sql "$db" -f "$root/tests/data/advise/kinds.sql" >/dev/null || exit 1
sql "$db" -c 'CREATE EXTENSION pg_trgm' 2>/dev/null && trigrams=yes || trigrams=
sql "$db" -c 'CREATE EXTENSION hypopg' 2>/dev/null || { echo "1..0 # SKIP HypoPG is not installed"; exit 0; }
# Covering indexes live by the visibility map, which an older transaction (of autovacuum,
# too) holds back: until it is there.
for _ in $(seq 100); do
    sql "$db" -c 'VACUUM orders' -c 'VACUUM customers'
    [ "$(sql "$db" -c "SELECT bool_and(relallvisible >= relpages * 0.95) FROM pg_class
                       WHERE relname IN ('orders', 'customers')")" = t ] && break
    sql "$db" -c 'SELECT pg_sleep(0.1)' >/dev/null
done

# ask SQL: explains it; the file out holds JSON, `ddls` what follows ON, a line each, sorted
ask() {
    timeout 30 "$program" explain --db "$db" --format json - <<<"$1" >out 2>err
    status=$?
    sed -n 's/.*"ddl":[[:space:]]*"CREATE INDEX CONCURRENTLY [^ ]* ON public\.\(.*\)",\{0,1\}$/\1/p' out | sed 's/\\"/"/g' | sort >ddls
}
# is SQL TABLE (KEYS)...: exactly these are suggested
is() {
    local query=$1
    shift
    ask "$query"
    printf '%s\n' "$@" | sort >wanted
    ok "$query" diff wanted ddls
}
# none SQL SENTENCE: nothing is suggested, and why
none() {
    ask "$1"
    ok "$1" is_none "$2"
}
is_none() { [ "$status" = 0 ] && [ ! -s ddls ] && grep '"no_suggestion"' out | grep -qF -- "$1"; }

is "SELECT * FROM orders WHERE customer_id = 5" "orders (customer_id)"
is "SELECT * FROM orders WHERE customer_id = \$1 AND placed >= \$2 ORDER BY placed DESC LIMIT \$3" "orders (customer_id, placed)"
is "SELECT * FROM orders WHERE placed BETWEEN '2024-03-01' AND '2024-03-02'" "orders (placed)"
is "SELECT * FROM orders WHERE customer_id IN (\$1, \$2) AND status = \$3" "orders (customer_id, status)"
is "SELECT * FROM orders ORDER BY shipped DESC NULLS LAST LIMIT 20" "orders (shipped DESC NULLS LAST)"
is "SELECT * FROM orders ORDER BY status, placed DESC LIMIT 20" "orders (status, placed DESC)"
is "SELECT * FROM orders WHERE status = 'open' ORDER BY placed LIMIT 20" "orders (placed) WHERE status = 'open'"
is "SELECT * FROM customers WHERE lower(email) = 'user5@example.org'" "customers (lower(email))"
is "SELECT customer_id, sum(total) FROM orders WHERE placed > '2024-08-01' GROUP BY customer_id" \
    "orders (placed) INCLUDE (customer_id, total)"
is "SELECT customer_id, sum(total) FROM orders GROUP BY customer_id" "orders (customer_id) INCLUDE (total)"
is "SELECT max(placed) FROM orders WHERE customer_id = 7" "orders (customer_id, placed)"
ask "SELECT * FROM open_orders WHERE buyer = 7"
ok "SELECT * FROM open_orders WHERE buyer = 7" grep -q "^orders (customer_id" ddls
is "WITH x AS (SELECT * FROM orders WHERE customer_id = \$1) SELECT count(*) FROM x WHERE status = \$2" \
    "orders (customer_id, status)"
is "SELECT * FROM (SELECT customer_id AS who, placed FROM orders) s WHERE who = 5" "orders (customer_id)"
is "SELECT o.id FROM orders AS o JOIN customers AS k ON k.id = o.customer_id WHERE k.email = 'User77@Example.org'" \
    "orders (customer_id)" "customers (email)"
is "SELECT * FROM orders WHERE customer_id = '5'::int" "orders (customer_id)"
# HypoPG 1.3 knows an index of an expression only of the first table.
is "SELECT k.city, o.* FROM orders o JOIN customers k ON o.customer_id = k.id WHERE lower(k.email) = 'user5@example.org'" \
    "customers (lower(email))" "orders (customer_id)"
is "UPDATE orders SET note = 'x' WHERE customer_id = 9" "orders (customer_id)"
ask "SELECT * FROM orders WHERE customer_id = 5"
ok "it is proven" grep -q '"unproven":[[:space:]]*false' out
ok "and has a size" grep -Eq '"size_bytes":[[:space:]]*[0-9]{5,}' out
ok "and a price" grep -Eq '"write_overhead":[[:space:]]*0\.[0-9]+' out
ok "and costs" grep -Eq '"cost_after":[[:space:]]*[0-9.]+' out
ok "the finding names the same index" grep -q '"advice":.*Create it: CREATE INDEX CONCURRENTLY orders_customer_id_idx' out
sql "$db" -c "$(sed -n 's/.*"ddl":[[:space:]]*"\(.*\)",\{0,1\}$/\1/p' out)"
ok "the statement runs" [ "$(sql "$db" -c "SELECT count(*) FROM pg_indexes WHERE indexname = 'orders_customer_id_idx'")" = 1 ]
none "SELECT * FROM orders WHERE customer_id = 5" "exists already"
sql "$db" -c "DROP INDEX orders_customer_id_idx"

is "SELECT * FROM orders WHERE doc @> '{\"kind\": \"k7\"}'" "orders USING gin (doc)"
ok "GIN is unproven: HypoPG does not know it" grep -q '"unproven":[[:space:]]*true' out
is "SELECT * FROM orders WHERE tags @> ARRAY['t7']" "orders USING gin (tags)"
is "SELECT * FROM orders WHERE words @@ to_tsquery('english', 'word & abc')" "orders USING gin (words)"
[ -z "$trigrams" ] || is "SELECT * FROM orders WHERE note LIKE '%abcdef12%'" "orders USING gin (note gin_trgm_ops)"

# Ranges, places, long values, forms of conditions.
sql "$db" <<'SQL' >/dev/null
CREATE TABLE booking (id int PRIMARY KEY, during int4range, place point, body text COLLATE "C", code varchar(30), tags int[]);
INSERT INTO booking SELECT g, int4range(g * 10, g * 10 + 9), point(g % 300, g / 300),
    (SELECT string_agg(md5((g * 100 + i)::text), '') FROM generate_series(1, 100 + g % 3) i), 'c' || g, ARRAY[g % 900, g % 700]
    FROM generate_series(1, 6000) g;
VACUUM ANALYZE booking;
SQL
is "SELECT id FROM booking WHERE during && int4range(500, 505)" "booking USING gist (during)"
ok "GiST is unproven: HypoPG does not know it" grep -q '"unproven":[[:space:]]*true' out
is "SELECT id FROM booking ORDER BY place <-> point(3, 4) LIMIT 5" "booking USING gist (place)"
is "SELECT id FROM booking WHERE body = 'abc'" "booking USING hash (body)"
sql "$db" -c "$(sed -n 's/.*"ddl":[[:space:]]*"\(.*\)",\{0,1\}$/\1/p' out)"
ok "values of more than 2704 bytes can be built into it" \
    [ "$(sql "$db" -c "SELECT indisvalid FROM pg_index WHERE indexrelid = 'booking_body_idx'::regclass")" = t ]
none "SELECT id FROM booking WHERE body > 'abc' ORDER BY body LIMIT 3" "too long for a B-tree"
none "SELECT code FROM booking WHERE id::text = '77'" "its index booking_pkey is not used"
none "SELECT code FROM booking WHERE 7 = ANY (tags)" "tags @> ARRAY[value]"
is "SELECT code FROM booking WHERE code ~ '^c77'" "booking (code varchar_pattern_ops)"
is "SELECT * FROM orders WHERE (customer_id, status) IN ((1, 'open'), (2, 'open'), (3, 'done'))" "orders (customer_id, status)"
is "SELECT * FROM orders WHERE customer_id = ANY (ARRAY(SELECT id FROM customers WHERE id < 3))" "orders (customer_id)"
is 'SELECT * FROM orders ORDER BY note COLLATE "en-x-icu" LIMIT 5' 'orders (note COLLATE "en-x-icu")'
sql "$db" -c "CREATE INDEX booking_code_old ON booking (code)" -c "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'booking_code_old'::regclass"
ask "SELECT * FROM booking WHERE code = 'c77'"
ok "an invalid index in its place is made valid" grep -q '"ddl":.*"REINDEX INDEX CONCURRENTLY public.booking_code_old"' out
ok "none is created beside it" [ ! -s ddls ]
ok "and it is said why" grep -q '"why":.*There is an index on it, public.booking_code_old, but it is invalid' out
echo "SELECT * FROM booking WHERE code = 'c77'" >one.sql
"$program" advise "$db" --workload one.sql --format json >out
ok "and by advise" grep -q '"ddl":.*REINDEX INDEX CONCURRENTLY public.booking_code_old"' out
ok "which does not say to drop it" [ "$(grep -c 'DROP INDEX.*booking_code_old' out)" = 0 ]
sql "$db" -c "$(sed -n 's/.*"ddl":[[:space:]]*"\(REINDEX.*\)",\{0,1\}$/\1/p' out)"
ok "the statement runs as it is printed, and makes it valid" \
    [ "$(sql "$db" -c "SELECT indisvalid FROM pg_index WHERE indexrelid = 'booking_code_old'::regclass")" = t ]
sql "$db" -c "DROP INDEX booking_code_old" -c "CREATE INDEX booking_code_old ON booking (code) WHERE id > 5" \
    -c "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'booking_code_old'::regclass"
is "SELECT * FROM booking WHERE code = 'c77'" "booking (code)"
sql "$db" -c "DROP INDEX booking_code_old" -c "CREATE UNIQUE INDEX booking_code_old ON booking (code)" \
    -c "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'booking_code_old'::regclass"
is "SELECT * FROM booking WHERE code = 'c77'" "booking (code)"
ok "a unique one probably failed for equal values" grep -q 'DROP INDEX CONCURRENTLY public.booking_code_old, unless these can be removed' out
sql "$db" -c "DROP INDEX booking_code_old" -c "CREATE INDEX booking_code_old ON booking (code)" \
    -c "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'booking_code_old'::regclass"
ask "SELECT * FROM booking WHERE code > 'c5' ORDER BY code LIMIT 3"
ok "for an order as well" grep -q '"ddl":.*"REINDEX INDEX CONCURRENTLY public.booking_code_old"' out
sql "$db" -c "DROP TABLE booking"

# A statement that reads no table, a list as long as an ORM makes it, bytes that are no SQL.
echo "SELECT now(); SELECT count(*) FROM pg_class" >one.sql
"$program" advise "$db" --workload one.sql >out 2>err
ok "nothing to advise is an answer" [ $? = 0 ]
ok "which is said" grep -q 'there is nothing to advise' out
{ printf 'SELECT * FROM orders WHERE customer_id = 5 AND id IN (0'; seq -f ',%.0f' -s '' 50000; echo ')'; } >long.sql
"$program" explain --db "$db" --format json long.sql >out 2>err
ok "a statement of 100,000 tokens is planned" grep -q '"ddl"' out
{ printf 'SELECT * FROM orders WHERE customer_id = $1 AND id IN ($2'; seq -f ',$%.0f' -s '' 3 3000; echo ')'; } >long.sql
"$program" advise "$db" --workload long.sql >out 2>err
ok "and one of 3000 parameters" grep -q 'CREATE INDEX CONCURRENTLY' out
printf 'SELECT 1;\0 SELECT 2' >nul.sql
"$program" explain --db "$db" nul.sql >out 2>err
ok "a file with a NUL byte is refused" [ $? = 2 ]
ok "as a whole, with the reason" grep -q 'nul.sql holds a NUL byte' err

none "SELECT * FROM orders" "reads all of public.orders"
none "SELECT * FROM orders WHERE status = 'done'" "% of public.orders: an index would not help"
none "SELECT * FROM orders WHERE total = 5.5" "exists already"
none "SELECT * FROM orders WHERE id = 5" "exists already"
none "SELECT * FROM small WHERE name = 'x'" "The table is small"
none "SELECT * FROM fresh WHERE id = 5" "never analysed"
none "SELECT count(*) FROM pg_class WHERE relname = 'x'" "no table of this database"
none "SELECT 1" "no table of this database"
none "SELECT * FROM orders WHERE id - 5 = 99" "id is part of a sum, so its index orders_pkey is not used"
sql "$db" -c 'CREATE INDEX placed_there ON orders (placed)'
none "SELECT * FROM orders WHERE placed + interval '1 day' > now()" "placed is part of a sum"
ok "and the sum is moved, though the planner guesses a third of the rows" \
    grep -q "placed > now() - '1 day'::interval" out
sql "$db" -c 'DROP INDEX placed_there'

ask "SELECT * FROM orders WHERE status = 'open' ORDER BY placed LIMIT 20"
ok "what the user handed over is shown" grep -q "WHERE status = 'open'" ddls

sql "$db" -c "DROP EXTENSION hypopg"
is "SELECT * FROM orders WHERE customer_id = 5" "orders (customer_id)"
ok "without HypoPG it is unproven" grep -q '"unproven":[[:space:]]*true' out
echo "SELECT * FROM orders WHERE customer_id = 5" >one.sql
"$program" advise "$db" --workload one.sql --format json >out
ok "each index of advise as well" grep -q '"unproven":[[:space:]]*true' out
none "SELECT DISTINCT city FROM customers" "HypoPG"
ok "nothing of it stays in the server" \
    [ "$(sql "$db" -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'slowdive'")" = 0 ]
finish
