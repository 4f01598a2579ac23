-- What an EXPLAIN ANALYZE may meet: everything here that acts leaves a trace outside the
-- transaction: a file "touched..." in the server's data directory.
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
DO $$ DECLARE e text; BEGIN
    FOREACH e IN ARRAY ARRAY['dblink', 'postgres_fdw', 'file_fdw', 'pg_trgm', 'hstore', 'citext', 'tablefunc', 'pgcrypto'] LOOP
        BEGIN EXECUTE 'CREATE EXTENSION ' || e; EXCEPTION WHEN OTHERS THEN NULL; END;
    END LOOP;
END $$;

CREATE TABLE plain (id int PRIMARY KEY, note text, total int);
INSERT INTO plain SELECT i, 'note ' || i, i % 10 FROM generate_series(1, 2000) i;
CREATE TABLE other (id int, plain_id int REFERENCES plain);
INSERT INTO other SELECT i, i FROM generate_series(1, 100) i;
CREATE SEQUENCE seq;
CREATE VIEW tidy AS SELECT p.id, p.note, o.id AS other FROM plain p LEFT JOIN other o ON o.plain_id = p.id;
CREATE MATERIALIZED VIEW heap AS SELECT total, count(*) AS n FROM plain GROUP BY total;
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN small AS int CHECK (VALUE > 0);
CREATE TABLE moods (id int, m mood, s small);
INSERT INTO moods VALUES (1, 'good', 3);
CREATE TABLE parts (id int, day date) PARTITION BY RANGE (day);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
ANALYZE;

SELECT lo_from_bytea(4711, 'x');
CREATE FUNCTION trace() RETURNS int LANGUAGE sql SECURITY DEFINER AS
$$ SELECT pg_catalog.lo_export(4711, 'touched.' || pg_catalog.random()) $$;
CREATE FUNCTION act_v() RETURNS int LANGUAGE plpgsql VOLATILE AS
$$ BEGIN PERFORM public.trace(); RETURN 1; END $$;
CREATE FUNCTION act_s() RETURNS int LANGUAGE plpgsql STABLE AS
$$ BEGIN PERFORM public.trace(); RETURN 1; END $$;
CREATE FUNCTION act_i() RETURNS int LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM public.trace(); RETURN 1; END $$;
CREATE FUNCTION act_1(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM public.trace(); RETURN $1; END $$;
CREATE FUNCTION act_2(int, int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM public.trace(); RETURN $1; END $$;
CREATE FUNCTION act_bool(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM public.trace(); RETURN true; END $$;
CREATE FUNCTION act_row(plain) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM public.trace(); RETURN 1; END $$;
CREATE FUNCTION act_dynamic() RETURNS int LANGUAGE plpgsql STABLE AS
$$ BEGIN EXECUTE 'SELECT public.tra' || 'ce()'; RETURN 1; END $$;
CREATE FUNCTION act_sql() RETURNS int LANGUAGE sql STABLE AS 'SELECT act_i()';
CREATE FUNCTION act_default(x int DEFAULT act_v()) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT x';
CREATE FUNCTION act_set() RETURNS SETOF int LANGUAGE plpgsql STABLE AS
$$ BEGIN PERFORM public.trace(); RETURN NEXT 1; END $$;
CREATE FUNCTION liar_notify() RETURNS int LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM pg_notify('slowdive', 'x'); RETURN 1; END $$;
CREATE FUNCTION liar_config() RETURNS int LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM set_config('statement_timeout', '0', false); RETURN 1; END $$;
CREATE FUNCTION liar_large() RETURNS int LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM lo_create(0); RETURN 1; END $$;
CREATE FUNCTION liar_kill() RETURNS int LANGUAGE plpgsql STABLE AS
$$ BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'; RETURN 1; END $$;
CREATE AGGREGATE act_sum(int) (SFUNC = act_2, STYPE = int, INITCOND = '0');
CREATE OPERATOR ### (LEFTARG = int, RIGHTARG = int, FUNCTION = act_2);
CREATE FUNCTION act_quoted() RETURNS int LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM "public"."trace" /* x */ (); RETURN 1; END $$;
CREATE FUNCTION act_unicode() RETURNS int LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM public.U&"tr\0061ce"(); RETURN 1; END $$;
CREATE FUNCTION act_inlined() RETURNS int LANGUAGE sql VOLATILE AS 'SELECT act_i()';
CREATE VIEW hides_early AS SELECT act_v() AS v;
CREATE FUNCTION act_by_view() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(v) FROM hides_early';
CREATE FUNCTION tenant() RETURNS int LANGUAGE sql STABLE AS
$$ SELECT coalesce(nullif(current_setting('app.tenant', true), ''), '1')::int /* see http://example.com/dblink */ $$;
CREATE TABLE tenants (id int);
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON tenants USING (id = tenant());
CREATE TABLE with_default (id int, v int DEFAULT act_i());
CREATE TABLE with_rule (id int);
CREATE RULE acts AS ON INSERT TO with_rule DO ALSO SELECT act_i();
CREATE FUNCTION act_by_operator() RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN 1 ### 2; END $$;
CREATE TYPE pair AS (a int);
CREATE FUNCTION to_pair(int) RETURNS pair LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM public.trace(); RETURN ROW(1); END $$;
CREATE CAST (int AS pair) WITH FUNCTION to_pair(int);
CREATE FUNCTION from_plain(plain) RETURNS pair LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM public.trace(); RETURN ROW(1); END $$;
CREATE CAST (plain AS pair) WITH FUNCTION from_plain(plain);
CREATE DOMAIN watched AS int CHECK (act_bool(VALUE));
CREATE DOMAIN watched_too AS watched;
CREATE FUNCTION act_by_domain() RETURNS int LANGUAGE plpgsql STABLE AS $$ DECLARE x watched := 1; BEGIN RETURN x; END $$;
CREATE DOMAIN slow AS int CHECK (pg_sleep(0) IS NOT NULL);
CREATE TABLE domains (id int, w watched_too);
CREATE TYPE shy AS ENUM ('a');
CREATE FUNCTION shy_json(shy) RETURNS json LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM public.trace(); RETURN '1'; END $$;
CREATE CAST (shy AS json) WITH FUNCTION shy_json(shy);
CREATE TABLE shies (s shy);
INSERT INTO shies VALUES ('a');
CREATE TABLE shy_rows (id int);
INSERT INTO shy_rows VALUES (1);
CREATE FUNCTION shy_row_json(shy_rows) RETURNS json LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM public.trace(); RETURN '1'; END $$;
CREATE CAST (shy_rows AS json) WITH FUNCTION shy_row_json(shy_rows);
CREATE TYPE sorted AS (a int);
CREATE FUNCTION sorted_less(sorted, sorted) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM public.trace(); RETURN false; END $$;
CREATE FUNCTION sorted_compare(sorted, sorted) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM public.trace(); RETURN 0; END $$;
CREATE OPERATOR <<< (LEFTARG = sorted, RIGHTARG = sorted, FUNCTION = sorted_less);
CREATE OPERATOR CLASS sorted_ops DEFAULT FOR TYPE sorted USING btree AS
    OPERATOR 1 <<<, FUNCTION 1 sorted_compare(sorted, sorted);
CREATE TABLE sorts (s sorted);
INSERT INTO sorts VALUES (ROW(1)), (ROW(2));
CREATE VIEW hides AS SELECT id, act_v() AS v FROM plain;
CREATE VIEW hides_deep AS SELECT * FROM hides;
CREATE VIEW sleeps AS SELECT id, pg_sleep(0.001) IS NULL AS s FROM plain;
CREATE VIEW counts AS SELECT nextval('seq') AS n;
CREATE VIEW files AS SELECT * FROM pg_file_settings;
CREATE VIEW locks AS SELECT * FROM plain FOR UPDATE;
CREATE VIEW converts AS SELECT id::pair FROM plain;
CREATE TABLE guarded (id int);
INSERT INTO guarded VALUES (1);
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY looks ON guarded USING (act_i() = 1);
CREATE TABLE guarded_built_in (id int);
ALTER TABLE guarded_built_in ENABLE ROW LEVEL SECURITY;
CREATE POLICY sleeps ON guarded_built_in USING (pg_sleep(0) IS NOT NULL);
CREATE TABLE indexed (id int);
CREATE INDEX ON indexed (act_1(id));
CREATE TABLE kids (id int);
CREATE FUNCTION "Odd ""Name"(int) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT $1';
-- A function of the same name as a column is one only for who has no such column.
CREATE FUNCTION total(other) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1';

-- A type of an extension that is not known: its overloads disturb nobody who has no such value.
CREATE TYPE strange;
CREATE FUNCTION strange_in(cstring) RETURNS strange LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION strange_out(strange) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE strange (INPUT = strange_in, OUTPUT = strange_out, LIKE = int4);
CREATE FUNCTION strange_eq(strange, strange) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'int4eq';
CREATE OPERATOR = (LEFTARG = strange, RIGHTARG = strange, FUNCTION = strange_eq);
CREATE FUNCTION odd(strange) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1';
CREATE FUNCTION abs(strange) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1';
CREATE TABLE strangers (id int, s strange);

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'file_fdw') THEN
        CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
        CREATE FOREIGN TABLE program (line text) SERVER files
            OPTIONS (program 'echo x >> touched; echo 1');
        CREATE FOREIGN TABLE kids_far (id int) INHERITS (kids) SERVER files
            OPTIONS (program 'echo x >> touched; echo 1');
        CREATE VIEW far AS SELECT * FROM program;
    END IF;
END $$;

CREATE ROLE clerk LOGIN;
CREATE ROLE reader LOGIN;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
GRANT ALL ON ALL TABLES IN SCHEMA public TO clerk;
GRANT USAGE ON SEQUENCE seq TO clerk;

-- Names found before the server's own.
CREATE SCHEMA first;
CREATE FUNCTION first.lower(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM public.trace(); RETURN $1; END $$;
CREATE FUNCTION first.greater(int, int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM public.trace(); RETURN true; END $$;
CREATE OPERATOR first.> (LEFTARG = int, RIGHTARG = int, FUNCTION = first.greater);
GRANT USAGE ON SCHEMA first TO clerk;
ALTER ROLE clerk SET search_path = first, pg_catalog, public;
