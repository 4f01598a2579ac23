-- Tables for tests/source/test_explain_advice.sh: a column for each kind of index.
CREATE TABLE customers (id int PRIMARY KEY, email varchar(80), name text, city text, active boolean);
INSERT INTO customers SELECT i, 'User' || i || '@Example.org', md5(i::text), 'city ' || i % 200, i % 50 <> 0
    FROM generate_series(1, 20000) i;
CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL, status text NOT NULL, total numeric(10,2),
    placed timestamptz NOT NULL, shipped timestamptz, deleted_at timestamptz, tags text[], doc jsonb, note text,
    words tsvector);
INSERT INTO orders SELECT i, (i * 7919) % 20000 + 1,
    (ARRAY['done','done','done','done','done','done','sent','sent','late','open'])[1 + (i * 31) % 10], (i % 1000) / 10.0,
    timestamptz '2024-01-01' + i * interval '3 minutes',
    CASE WHEN i % 3 = 0 THEN timestamptz '2024-02-01' + i * interval '3 minutes' END,
    CASE WHEN i % 100 <> 0 THEN timestamptz '2025-01-01' END, ARRAY['t' || i % 500],
    jsonb_build_object('kind', 'k' || i % 900, 'n', i), md5(i::text), to_tsvector('english', md5((i % 5000)::text) || ' word')
    FROM generate_series(1, 120000) i;
CREATE INDEX orders_total_idx ON orders (total);
CREATE VIEW open_orders AS SELECT o.id, o.customer_id AS buyer, o.placed, c.name
    FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.status = 'open';
CREATE TABLE small (id int, name text);
INSERT INTO small SELECT i, 'name ' || i FROM generate_series(1, 100) i;
CREATE TABLE fresh (id int, name text) WITH (autovacuum_enabled = off);
INSERT INTO fresh SELECT i, 'name ' || i FROM generate_series(1, 50000) i;
VACUUM ANALYZE customers;
VACUUM ANALYZE orders;
VACUUM ANALYZE small;
