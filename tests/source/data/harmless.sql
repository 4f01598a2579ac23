-- What planning may run of other people's making. Everything here that acts leaves a file
-- "touched..." in the server's data directory, whoever plans: trace() has a superuser's rights.
DO $$ DECLARE e text; BEGIN
    FOREACH e IN ARRAY ARRAY['plperl', 'pg_trgm', 'hstore', 'citext', 'postgres_fdw', 'pg_stat_statements', 'hypopg'] LOOP
        BEGIN EXECUTE 'CREATE EXTENSION ' || e; EXCEPTION WHEN OTHERS THEN NULL; END;
    END LOOP;
END $$;
SET check_function_bodies = off;
CREATE ROLE mallory LOGIN;
CREATE ROLE clerk LOGIN;
CREATE ROLE porter LOGIN CREATEROLE;
CREATE ROLE writers;
GRANT pg_write_server_files TO writers;
CREATE ROLE indirect LOGIN;
GRANT writers TO indirect;

CREATE TABLE plain (id int PRIMARY KEY, note text, total int);
INSERT INTO plain SELECT i, 'note ' || i, i % 10 FROM generate_series(1, 2000) i;
SELECT lo_from_bytea(4711, 'x');
CREATE FUNCTION trace() RETURNS int LANGUAGE sql SECURITY DEFINER AS
$$ SELECT pg_catalog.lo_export(4711, 'touched.' || pg_catalog.random()) $$;
CREATE FUNCTION trace_i() RETURNS int LANGUAGE sql IMMUTABLE SECURITY DEFINER AS
$$ SELECT pg_catalog.lo_export(4711, 'touched.' || pg_catalog.random()) $$;
CREATE FUNCTION act_v() RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN PERFORM public.trace(); RETURN 1; END $$;
CREATE FUNCTION act_i() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.trace(); RETURN 1; END $$;
CREATE FUNCTION act_1(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.trace(); RETURN $1; END $$;
CREATE FUNCTION act_2(int, int) RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN PERFORM public.trace(); RETURN $1; END $$;
CREATE FUNCTION act_bool(int) RETURNS bool LANGUAGE plpgsql VOLATILE AS $$ BEGIN PERFORM public.trace(); RETURN true; END $$;
CREATE FUNCTION act_yes(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.trace(); RETURN true; END $$;
CREATE FUNCTION act_eq(int, int) RETURNS bool LANGUAGE plpgsql VOLATILE AS $$ BEGIN PERFORM public.trace(); RETURN $1 = $2; END $$;
CREATE FUNCTION clean_eq(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';

-- functions within functions
CREATE FUNCTION by_inner() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN act_v(); END $$;
CREATE FUNCTION copy_v() RETURNS int LANGUAGE plpgsql VOLATILE AS
$f$ BEGIN COPY pg_catalog.pg_namespace TO PROGRAM 'cat >/dev/null; touch touched.copy.$$'; RETURN 1; END $f$;
CREATE FUNCTION by_copy() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN copy_v(); END $$;
CREATE FUNCTION deep_1() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT act_i()';
CREATE FUNCTION deep_2() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT deep_1() + 1';
CREATE FUNCTION deep_3() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN (SELECT deep_2()); END $$;
CREATE FUNCTION deep_4() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT deep_3()';
CREATE FUNCTION rows_of() RETURNS SETOF int LANGUAGE sql IMMUTABLE AS 'SELECT act_i()';
CREATE FUNCTION by_default(x int DEFAULT act_i()) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT x';
CREATE FUNCTION by_inner_default() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN by_default(); END $$;
CREATE VIEW hides AS SELECT id, act_i() AS v FROM plain;
CREATE VIEW hides_deep WITH (security_barrier) AS SELECT * FROM hides WHERE v > 0;
CREATE VIEW hides_volatile AS SELECT act_v() AS v;
CREATE FUNCTION by_view() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT count(v) FROM hides_volatile';
CREATE FUNCTION by_xml() RETURNS int LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM table_to_xml('hides_volatile', true, true, ''); RETURN 1; END $$;
CREATE FUNCTION "Odd ""Name"(int) RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN RETURN act_v(); END $$;
CREATE FUNCTION by_odd_name() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN "Odd ""Name" /* */ (1); END $$;
CREATE FUNCTION by_unicode() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN U&"\0061ct_v"(); END $$;
CREATE FUNCTION "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"() RETURNS int LANGUAGE plpgsql VOLATILE AS
$$ BEGIN RETURN act_v(); END $$;
CREATE FUNCTION by_long_name() RETURNS int LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN RETURN aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa(); END $$;
DO $$ BEGIN
    CREATE FUNCTION perl_v() RETURNS int LANGUAGE plperl VOLATILE AS
    $f$ my $q = "select public.tra" . "ce()"; spi_exec_query($q); return 1; $f$;
    CREATE FUNCTION by_perl() RETURNS int LANGUAGE plperl IMMUTABLE AS
    $f$ my $q = "select public.per" . "l_v()"; spi_exec_query($q); return 1; $f$;
EXCEPTION WHEN OTHERS THEN NULL; END $$;

-- aggregates
CREATE AGGREGATE agg_step(int) (SFUNC = act_2, STYPE = int, INITCOND = '0');
CREATE FUNCTION by_step() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN (SELECT agg_step(1)); END $$;
CREATE AGGREGATE agg_final(int) (SFUNC = int4larger, STYPE = int, FINALFUNC = act_1);
CREATE FUNCTION by_final() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT agg_final(1)';
CREATE AGGREGATE agg_moving(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0',
    MSFUNC = act_2, MINVFUNC = act_2, MSTYPE = int, MINITCOND = '0');
CREATE FUNCTION by_moving() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN (SELECT max(m) FROM
    (SELECT agg_moving(x) OVER (ORDER BY x ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) m FROM generate_series(1, 5) x) s); END $$;
CREATE AGGREGATE agg_cancel(int) (SFUNC = int4larger, STYPE = int, FINALFUNC = pg_cancel_backend);
CREATE FUNCTION by_cancel() RETURNS int LANGUAGE plpgsql IMMUTABLE AS
$$ DECLARE b bool; BEGIN SELECT agg_cancel(0) INTO b; RETURN 1; END $$;
CREATE DOMAIN watched AS int CHECK (act_bool(VALUE));
CREATE DOMAIN watched_too AS watched;
CREATE FUNCTION watched_step(watched, int) RETURNS watched LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE AGGREGATE agg_start(int) (SFUNC = watched_step, STYPE = watched, INITCOND = '1');

-- operators
CREATE OPERATOR ### (LEFTARG = int, RIGHTARG = int, FUNCTION = act_2);
CREATE FUNCTION act_hash(int, int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.trace(); RETURN $1; END $$;
CREATE OPERATOR #### (LEFTARG = int, RIGHTARG = int, FUNCTION = act_hash);
CREATE OPERATOR ==== (LEFTARG = int, RIGHTARG = int, FUNCTION = act_eq, RESTRICT = eqsel, JOIN = eqjoinsel);
CREATE OPERATOR <<<< (LEFTARG = int, RIGHTARG = int, FUNCTION = act_eq, RESTRICT = scalarltsel);
CREATE FUNCTION act_ne(int, int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.trace(); RETURN $1 <> $2; END $$;
CREATE FUNCTION clean_pl(int, int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN $1 = $2; END $$;
CREATE OPERATOR ~==~ (LEFTARG = int, RIGHTARG = int, FUNCTION = clean_pl, NEGATOR = ~!=~, RESTRICT = neqsel);
CREATE OPERATOR ~!=~ (LEFTARG = int, RIGHTARG = int, FUNCTION = act_ne, NEGATOR = ~==~, RESTRICT = neqsel);
CREATE FUNCTION by_operator() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 1 ### 2; END $$;
CREATE FUNCTION by_operator_after_comment() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 1 /**/### 2; END $$;
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = act_2);
CREATE FUNCTION by_operator_and_minus() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 1 ===-2; END $$;
CREATE FUNCTION by_operator_call() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 1 OPERATOR(public.###) 2; END $$;

-- types
CREATE TYPE pair AS (a int);
CREATE FUNCTION to_pair(int) RETURNS pair LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.trace(); RETURN ROW(1); END $$;
CREATE CAST (int AS pair) WITH FUNCTION to_pair(int) AS ASSIGNMENT;
CREATE TYPE coin AS (a int);
CREATE FUNCTION coin_number(coin) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.trace(); RETURN 1; END $$;
CREATE CAST (coin AS int) WITH FUNCTION coin_number(coin) AS IMPLICIT;
CREATE FUNCTION by_cast() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE n int := ROW(1)::coin; BEGIN RETURN n; END $$;
CREATE FUNCTION of_pair(pair) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.trace(); RETURN 1; END $$;
CREATE TYPE holder AS (w watched);
CREATE TABLE holders (h holder);
CREATE FUNCTION by_domain() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE x watched := 1; BEGIN RETURN x; END $$;
CREATE FUNCTION act_distance(int, int) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.trace(); RETURN $2 - $1; END $$;
CREATE TYPE span AS RANGE (SUBTYPE = int, SUBTYPE_DIFF = act_distance);
CREATE TABLE spans (s span);
SET session_replication_role = replica;
INSERT INTO spans SELECT span(i, i + 10) FROM generate_series(1, 500) i;
SET session_replication_role = origin;
CREATE TABLE pairs (id int, p pair);
CREATE FUNCTION coin_json(coin) RETURNS json LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.trace(); RETURN '1'; END $$;
CREATE CAST (coin AS json) WITH FUNCTION coin_json(coin);
CREATE DOMAIN lister AS text CHECK (pg_read_file('PG_VERSION') IS NOT NULL OR VALUE = 'x');

-- relations
CREATE TABLE indexed (id int);
CREATE INDEX ON indexed ((id + act_i()));
CREATE TABLE partly (id int);
CREATE INDEX ON partly (id) WHERE act_yes(5);
CREATE TABLE parts (id int) PARTITION BY RANGE ((id + act_i()));
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (100);
CREATE TABLE measured (id int, total int);
CREATE TABLE defaults (id int, v int DEFAULT act_i());
CREATE TABLE computed (id int, v int GENERATED ALWAYS AS (id + act_i()) STORED);
CREATE TABLE ruled (id int);
CREATE RULE also AS ON INSERT TO ruled DO ALSO SELECT act_i();
CREATE TABLE bounded (id int);
CREATE TABLE bounded_1 (CHECK (id > act_i())) INHERITS (bounded);
CREATE TABLE guarded (id int);
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY looks ON guarded USING (id = act_i());
INSERT INTO plain SELECT 3000, 'x', 1;

-- rights and names
CREATE FUNCTION as_root() RETURNS int LANGUAGE plpgsql IMMUTABLE SET role = postgres AS $$ BEGIN RETURN 1; END $$;
CREATE SCHEMA evil;
CREATE FUNCTION evil.helper() RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN RETURN public.act_v(); END $$;
CREATE FUNCTION by_path() RETURNS int LANGUAGE plpgsql IMMUTABLE SET search_path = evil AS $$ BEGIN RETURN helper(); END $$;
CREATE SCHEMA first;
CREATE FUNCTION first.lower(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.trace(); RETURN $1; END $$;
CREATE FUNCTION first.greater(int, int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.trace(); RETURN true; END $$;
CREATE OPERATOR first.> (LEFTARG = int, RIGHTARG = int, FUNCTION = first.greater);
CREATE FUNCTION by_role() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RESET ROLE; RETURN 1; END $$;
-- an extension's owner adds to it
CREATE OPERATOR @@@@ (LEFTARG = int, RIGHTARG = int, FUNCTION = act_hash);
CREATE DOMAIN smuggled AS int CHECK (act_bool(VALUE));
CREATE AGGREGATE agg_smuggled(int) (SFUNC = act_2, STYPE = int, INITCOND = '0');
CREATE FUNCTION by_smuggled() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT agg_smuggled(1)';
ALTER OPERATOR @@@@ (int, int) OWNER TO mallory;
ALTER DOMAIN smuggled OWNER TO mallory;
ALTER AGGREGATE agg_smuggled(int) OWNER TO mallory;
DO $$ BEGIN
    ALTER EXTENSION citext ADD OPERATOR @@@@ (int, int);
    ALTER EXTENSION citext ADD DOMAIN smuggled;
    ALTER EXTENSION citext ADD AGGREGATE agg_smuggled(int);
EXCEPTION WHEN OTHERS THEN NULL; END $$;

-- SQL put together, and commands
CREATE FUNCTION by_execute() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN EXECUTE 'SELECT public.tra' || 'ce()'; RETURN 1; END $$;
CREATE FUNCTION by_execute_constant() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN EXECUTE 'SELECT act_v()'; RETURN 1; END $$;
CREATE FUNCTION by_execute_do() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT execute_do_v()';
CREATE FUNCTION execute_do_v() RETURNS int LANGUAGE plpgsql VOLATILE AS
$$ BEGIN EXECUTE 'DO ''BEGIN EXECUTE chr(83) || chr(69) || $c$LECT public.tra$c$ || $c$ce()$c$; END'''; RETURN 1; END $$;
CREATE FUNCTION by_execute_rows() RETURNS int LANGUAGE plpgsql IMMUTABLE AS
$$ DECLARE r record; BEGIN FOR r IN EXECUTE 'SELECT public.tra' || 'ce()' LOOP NULL; END LOOP; RETURN 1; END $$;
CREATE FUNCTION by_return_query() RETURNS SETOF int LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN RETURN QUERY EXECUTE 'SELECT public.tra' || 'ce()'; END $$;
CREATE FUNCTION by_return_query_inner() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN (SELECT sum(x) FROM by_return_query() x); END $$;
CREATE FUNCTION by_open() RETURNS int LANGUAGE plpgsql IMMUTABLE AS
$$ DECLARE c refcursor; n int; BEGIN OPEN c FOR EXECUTE 'SELECT public.tra' || 'ce()'; FETCH c INTO n; RETURN n; END $$;
CREATE FUNCTION by_do() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT do_v()';
CREATE FUNCTION do_v() RETURNS int LANGUAGE plpgsql VOLATILE AS
$$ BEGIN DO 'BEGIN EXECUTE $x$SELECT public.tra$x$ || $x$ce()$x$; END'; RETURN 1; END $$;
CREATE PROCEDURE proc() LANGUAGE plpgsql AS $$ BEGIN PERFORM trace(); END $$;
CREATE FUNCTION by_call() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT call_v()';
CREATE FUNCTION call_v() RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN CALL proc(); RETURN 1; END $$;
CREATE FUNCTION by_explain() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT explain_v()';
CREATE FUNCTION explain_v() RETURNS int LANGUAGE plpgsql VOLATILE AS
$$ DECLARE t text; BEGIN FOR t IN EXPLAIN ANALYZE SELECT trace() LOOP NULL; END LOOP; RETURN 1; END $$;
CREATE FUNCTION by_cursor() RETURNS int LANGUAGE plpgsql IMMUTABLE AS
$$ DECLARE c CURSOR FOR SELECT trace(); n int; BEGIN OPEN c; FETCH c INTO n; RETURN n; END $$;
CREATE FUNCTION by_lock() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN LOCK TABLE plain IN ACCESS SHARE MODE; RETURN 1; END $$;
CREATE FUNCTION by_set() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN SET statement_timeout = 0; RETURN 1; END $$;
CREATE FUNCTION by_load() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN LOAD 'plpgsql'; RETURN 1; END $$;
CREATE FUNCTION by_notify() RETURNS int LANGUAGE sql IMMUTABLE AS 'NOTIFY slowdive; SELECT 1';
CREATE FUNCTION by_listen() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN LISTEN slowdive; RETURN 1; END $$;
CREATE FUNCTION by_analyze() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN ANALYZE plain; RETURN 1; END $$;
CREATE FUNCTION by_advisory() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM pg_advisory_lock(1); RETURN 1; END $$;
CREATE FUNCTION by_advisory_deep() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT by_advisory()';
-- read as if the second statement were a declaration
CREATE FUNCTION by_bracket() RETURNS int LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN IF false THEN INSERT INTO plain VALUES (1; DECLARE a int); END IF;
COPY plain TO PROGRAM 'cat >/dev/null; touch touched.bracket'; BEGIN RETURN 1; END; END $$;
CREATE FUNCTION by_backslash() RETURNS int LANGUAGE plpgsql IMMUTABLE SET standard_conforming_strings = off AS
$$ BEGIN PERFORM '\'; PERFORM trace(); --'; RETURN 1; END $$;
DO $$ BEGIN
    CREATE SERVER away FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1', use_remote_estimate 'on');
    CREATE FOREIGN TABLE distant (id int) SERVER away;
    CREATE USER MAPPING FOR PUBLIC SERVER away;
    CREATE VIEW distant_view AS SELECT * FROM distant;
    CREATE SERVER near FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1');
    CREATE USER MAPPING FOR PUBLIC SERVER near;
    CREATE FOREIGN TABLE nearby (id int) SERVER near;
EXCEPTION WHEN OTHERS THEN NULL; END $$;

-- what harms nobody
CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE FUNCTION tenant() RETURNS int LANGUAGE sql STABLE AS
$$ SELECT coalesce(nullif(current_setting('app.tenant', true), ''), '1')::int /* see http://example.com/dblink: do not copy */ $$;
CREATE TABLE tenants (id int, name text);
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON tenants USING (id = tenant());
CREATE FUNCTION grade(n int) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public AS $$
#variable_conflict use_variable
<<outer>>
DECLARE
    out text := ''; -- copy of it; lock, set and execute are words in a comment
    i int; r record; total CONSTANT numeric(10, 2) DEFAULT 1.5;
    c CURSOR (lo int) FOR SELECT id FROM public.plain WHERE id > lo;
BEGIN
    IF n < 0 OR (CASE WHEN n > 5 THEN false ELSE n IS NULL END) THEN RETURN 'none';
    ELSIF n = 0 THEN out := 'zero'; ELSE out = 'some: set, copy, execute'; END IF;
    CASE n WHEN 1, 2 THEN out := 'few'; ELSE NULL; END CASE;
    FOR i IN REVERSE 3..1 LOOP CONTINUE WHEN i = 2; out := out || i; END LOOP;
    FOR r IN SELECT id FROM public.plain LIMIT 3 LOOP out := out || r.id; END LOOP;
    FOREACH i IN ARRAY ARRAY[1, 2] LOOP EXIT WHEN i > 1; END LOOP;
    WHILE length(out) < 3 LOOP out := out || '.'; END LOOP;
    OPEN c (1); FETCH c INTO i; CLOSE c;
    SELECT count(*) INTO i FROM public.plain WHERE total = n;
    EXECUTE 'SELECT count(*) FROM public.plain WHERE total = $1' INTO i USING n;
    GET DIAGNOSTICS i = ROW_COUNT;
    BEGIN
        PERFORM 1 / n;
    EXCEPTION WHEN division_by_zero THEN RAISE NOTICE 'n is %', n;
    END;
    RETURN out;
END $$;
CREATE FUNCTION max_step(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT greatest($1, $2)';
CREATE AGGREGATE my_max(int) (SFUNC = max_step, STYPE = int);
CREATE FUNCTION best() RETURNS int LANGUAGE sql STABLE AS 'SELECT my_max(total) FROM plain';
CREATE OPERATOR ~~~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = clean_eq, RESTRICT = eqsel);
CREATE DOMAIN positive AS int CHECK (VALUE > 0 AND twice(VALUE) > 0);
CREATE TABLE prices (id positive, p numeric);
CREATE VIEW doubled AS SELECT twice(total) AS t, note FROM plain;
CREATE TABLE grades (id int);
CREATE INDEX ON grades (twice(id));
CREATE FUNCTION of_mallory() RETURNS int LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT count(*)::int FROM plain';
ALTER FUNCTION of_mallory() OWNER TO mallory;
-- what 13 does not have
DO $do$ BEGIN
    IF current_setting('server_version_num')::int < 140000 THEN
        EXECUTE 'CREATE TYPE watched_span AS RANGE (SUBTYPE = watched)';
        EXECUTE 'CREATE FUNCTION thrice(x int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT x * 3 $$';
        RETURN;
    END IF;
    EXECUTE 'CREATE FUNCTION by_atomic() RETURNS int LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT act_i(); END';
    EXECUTE 'CREATE FUNCTION by_return() RETURNS int LANGUAGE sql IMMUTABLE RETURN act_v()';
    EXECUTE 'CREATE FUNCTION by_atomic_inner() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN by_return(); END $$';
    EXECUTE 'CREATE STATISTICS measures ON (id + act_i()), total FROM measured';
    EXECUTE 'CREATE TYPE watched_span AS RANGE (SUBTYPE = watched, MULTIRANGE_TYPE_NAME = watched_multispan)';
    EXECUTE 'CREATE FUNCTION thrice(x int) RETURNS int LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT x * 3; END';
END $do$;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk, porter, indirect, mallory;
GRANT USAGE ON SCHEMA first, evil TO PUBLIC;
CREATE ROLE shadowed LOGIN;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO shadowed;
ALTER ROLE shadowed SET search_path = first, pg_catalog, public;
ANALYZE;

-- (value).f is f(value), whatever the type of the value
CREATE FUNCTION of_int(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN act_v(); END $$;
CREATE FUNCTION of_text(text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN act_v(); END $$;
CREATE FUNCTION of_array(anyarray) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN act_v(); END $$;
CREATE FUNCTION of_many(VARIADIC int[]) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN act_v(); END $$;
CREATE FUNCTION of_two(int, int DEFAULT 1) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN act_v(); END $$;
CREATE FUNCTION of_text_v(text) RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN RETURN act_v(); END $$;
CREATE FUNCTION by_attribute() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN ('x'::text).of_text_v; END $$;
CREATE FUNCTION by_attribute_sql() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT (current_user::text).of_text';
-- functions in SQL of a known extension look their names up on the caller's path
DO $$ BEGIN
    CREATE SCHEMA ext;
    CREATE EXTENSION cube SCHEMA ext;
    CREATE EXTENSION earthdistance SCHEMA ext;
EXCEPTION WHEN OTHERS THEN NULL; END $$;
CREATE FUNCTION earth() RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.trace(); RETURN 6378168; END $$;

CREATE FUNCTION by_attribute_after_comment() RETURNS int LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN RETURN ('x'::text). /*/ a /* b */ c */ -- d */
    "of_text_v"; END $$;
