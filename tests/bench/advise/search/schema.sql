-- Search: parts of words, full text, arrays, documents.
\if :{?scale}
\else
\set scale 1
\endif
SELECT setseed(0.34);
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE TABLE words(id int PRIMARY KEY, w text NOT NULL);
INSERT INTO words SELECT i, substr(translate(md5(i::text), '0123456789', 'ghijklmnop'), 1, 3 + i % 8) FROM generate_series(1, 5000) i;
CREATE TABLE article(id int PRIMARY KEY, slug text NOT NULL, headline text NOT NULL, body text NOT NULL, tags text[] NOT NULL, meta jsonb NOT NULL, author text NOT NULL, published timestamptz, lang char(2) NOT NULL, tsv tsvector);
INSERT INTO article SELECT i, 'article-' || i, initcap(b.h), b.t, array['t' || floor(400 * power(random(), 2))::int, 'u' || i % 37],
        jsonb_build_object('section', (array['news','sport','arts'])[1 + i % 3], 'source', 's' || i % 900, 'flags', CASE WHEN random() < 0.01 THEN '{"pinned": true}'::jsonb ELSE '{}'::jsonb END) || CASE WHEN random() < 0.005 THEN '{"retracted": "yes"}'::jsonb ELSE '{}'::jsonb END,
        initcap(w1.w || ' ' || w2.w), CASE WHEN random() < 0.95 THEN timestamptz '2020-01-01' + i * interval '1 hour' / :scale END, (array['en','en','en','de','fr'])[1 + i % 5], NULL
    FROM generate_series(1, 20000 * :scale) i
    JOIN words w1 ON w1.id = 1 + (i * 13) % 5000 JOIN words w2 ON w2.id = 1 + (i * 29) % 5000,
    LATERAL (SELECT string_agg(w, ' ') FILTER (WHERE n <= 6) h, string_agg(w, ' ') t FROM (SELECT n, w.w FROM generate_series(1, 40) n JOIN words w ON w.id = 1 + (floor(5000 * power(abs(hashint4(i * 41 + n)::float8) / 2147483648, 3))::int % 5000)) x) b;
UPDATE article SET tsv = to_tsvector('simple', body);
CREATE TABLE product(id bigint PRIMARY KEY, sku varchar(24) NOT NULL, name text NOT NULL, props jsonb NOT NULL, categories int[] NOT NULL, price numeric(10,2) NOT NULL, active boolean NOT NULL);
INSERT INTO product SELECT i, 'SKU-' || upper(substr(md5(i::text), 1, 10)), w1.w || ' ' || w2.w || ' ' || i % 100, jsonb_build_object('color', (array['red','blue','black','white'])[1 + floor(4 * power(random(), 2))::int], 'brand', 'b' || floor(2000 * power(random(), 2))::int, 'size', i % 50),
        array[1 + floor(300 * power(random(), 2))::int, 301 + i % 100], (random() * 100)::numeric(10,2), random() < 0.9
    FROM generate_series(1, 60000 * :scale) i JOIN words w1 ON w1.id = 1 + (i * 7) % 5000 JOIN words w2 ON w2.id = 1 + (i * 11) % 5000;
