-- Where nothing should be suggested: indexed well, small, unselective, empty, never analysed.
\if :{?scale}
\else
\set scale 1
\endif
SELECT setseed(0.35);
CREATE TABLE account(id bigint PRIMARY KEY, email text NOT NULL UNIQUE, country char(2) NOT NULL, active boolean NOT NULL, created_at timestamptz NOT NULL);
INSERT INTO account SELECT i, 'u' || i || '@example.com', (array['US','US','DE','FR'])[1 + i % 4], random() < 0.95, timestamptz '2024-01-01' + i * interval '1 minute' FROM generate_series(1, 60000 * :scale) i;
CREATE INDEX account_created_idx ON account(created_at);
CREATE TABLE purchase(id bigint PRIMARY KEY, account_id bigint NOT NULL REFERENCES account, status text NOT NULL, total numeric(10,2) NOT NULL, placed_at timestamptz NOT NULL, memo text);
INSERT INTO purchase SELECT i, 1 + floor(60000 * :scale * random())::int, CASE WHEN random() < 0.01 THEN 'open' ELSE 'done' END, (random() * 500)::numeric(10,2), timestamptz '2024-06-01' + i * interval '1 minute', repeat('m', (random() * 80)::int) FROM generate_series(1, 120000 * :scale) i;
CREATE INDEX purchase_account_idx ON purchase(account_id, placed_at DESC);
CREATE INDEX purchase_open_idx ON purchase(placed_at) WHERE status = 'open';
CREATE INDEX purchase_placed_idx ON purchase(placed_at);
CREATE TABLE country(code char(2) PRIMARY KEY, name text NOT NULL);
INSERT INTO country VALUES ('US', 'United States'), ('DE', 'Germany'), ('FR', 'France');
CREATE TABLE setting(id int PRIMARY KEY, scope text NOT NULL, value text);
INSERT INTO setting SELECT i, 's' || i % 7, md5(i::text) FROM generate_series(1, 600) i;
CREATE TABLE empty_queue(id bigint PRIMARY KEY, state text NOT NULL, due timestamptz NOT NULL);
CREATE TABLE fresh(id bigint, owner int NOT NULL, title text NOT NULL) WITH (autovacuum_enabled = off);
CREATE TABLE tiny_wide(id int, a text);
INSERT INTO tiny_wide SELECT i, repeat(md5(i::text), 20) FROM generate_series(1, 50) i;
