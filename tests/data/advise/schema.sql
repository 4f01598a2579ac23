-- A shop whose figures are skewed (few tenants have most events), correlated (the zip code
-- decides the city) and partly append-only. About 400,000 rows, no index but primary keys.
CREATE TABLE city(id int PRIMARY KEY, name text, country char(2));
CREATE TABLE account(id int, email text, city_id int, zip int, status text, deleted_at timestamptz, note varchar(60));
CREATE TABLE event(id bigint PRIMARY KEY, tenant int, account_id int, kind text, created timestamptz, amount numeric(10,2), place text, body text);
CREATE TABLE item(order_id bigint, line smallint, product_id int, quantity int, price numeric(10,2));
CREATE TABLE tiny(id int, name text);
SELECT setseed(0.42);
INSERT INTO city SELECT i, 'city ' || i, (array['DE','FR','IT','ES'])[1 + i % 4] FROM generate_series(1, 500) i;
INSERT INTO account SELECT i, 'user' || (i * 7919 % 60000) || '@example.org', z / 20, z,
  CASE WHEN r < 0.97 THEN 'active' WHEN r < 0.99 THEN 'locked' ELSE 'new' END,
  CASE WHEN r < 0.02 THEN timestamptz '2026-01-01' + i * interval '1 minute' END, CASE WHEN i % 3 = 0 THEN repeat('n', (r * 50)::int) END
  FROM (SELECT i, random() r, (random() * 9999)::int z FROM generate_series(1, 60000) i) s;
INSERT INTO event SELECT i, (exp(random() * 7))::int, (random() ^ 3 * 59999)::int + 1,
  (array['view','view','view','view','view','view','click','click','buy','refund'])[1 + (random() * 9)::int],
  timestamptz '2026-01-01' + i * interval '20 seconds', random() * 500, 'place ' || (random() * 200)::int, md5(i::text)
  FROM generate_series(1, 200000) i;
INSERT INTO item SELECT i / 4, i % 4, (random() ^ 2 * 5000)::int, 1 + (random() * 9)::int, random() * 100 FROM generate_series(1, 150000) i;
INSERT INTO tiny SELECT i, 'name ' || i FROM generate_series(1, 200) i;
CREATE VIEW active_account AS SELECT id AS account, email AS mail, city_id FROM account WHERE status = 'active';
VACUUM ANALYZE;
