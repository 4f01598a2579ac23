-- The demo shop: a few hundred thousand rows and honest flaws.
--   an index on orders.customer_id is all that keeps customer pages fast: the incident's deploy drops it;
--   the cart page asks for its products one by one (N+1);
--   the sales report sorts more than work_mem holds.
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
DO $$ BEGIN CREATE EXTENSION IF NOT EXISTS hypopg; EXCEPTION WHEN OTHERS THEN NULL; END $$;
SELECT setseed(0.42);

CREATE TABLE customers (
    id integer PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL,
    country char(2) NOT NULL
);
INSERT INTO customers
SELECT i, 'Customer ' || i, 'c' || i || '@example.com', (ARRAY['DE','FR','US','GB','JP','BR'])[1 + i % 6]
FROM generate_series(1, 20000) i;

CREATE TABLE products (
    id integer PRIMARY KEY,
    name text NOT NULL,
    category integer NOT NULL,
    price numeric(8,2) NOT NULL,
    description text NOT NULL
);
INSERT INTO products
SELECT i, 'Product ' || i, 1 + i % 40, (5 + random() * 200)::numeric(8,2), repeat('lorem ipsum ', 5 + i % 20)
FROM generate_series(1, 5000) i;
CREATE INDEX products_category ON products (category);

CREATE TABLE orders (
    id integer PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES customers,
    placed_at timestamptz NOT NULL,
    status text NOT NULL,
    total numeric(10,2) NOT NULL,
    note text
);
INSERT INTO orders
SELECT i, 1 + (random() * 19999)::int, now() - random() * interval '365 days',
       (ARRAY['open','paid','shipped','shipped','shipped','returned'])[1 + (random() * 5)::int],
       (random() * 500)::numeric(10,2), CASE WHEN i % 10 = 0 THEN repeat('please ring twice ', 4) END
FROM generate_series(1, 400000) i;
CREATE INDEX orders_customer ON orders (customer_id);
CREATE SEQUENCE order_ids START 400001 CACHE 100;

CREATE TABLE order_lines (
    order_id integer NOT NULL,
    line integer NOT NULL,
    product_id integer NOT NULL,
    quantity integer NOT NULL,
    PRIMARY KEY (order_id, line)
);
INSERT INTO order_lines
SELECT 1 + i / 2, i % 2, 1 + (random() * 4999)::int, 1 + (random() * 3)::int
FROM generate_series(0, 599999) i;

CREATE TABLE carts (
    id integer PRIMARY KEY,
    product_ids integer[] NOT NULL
);
INSERT INTO carts
SELECT i, ARRAY(SELECT 1 + (random() * 4999)::int FROM generate_series(1, 12 + i % 12))
FROM generate_series(1, 2000) i;

ANALYZE;
SELECT pg_stat_statements_reset();
