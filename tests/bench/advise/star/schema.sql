-- A star of films, people and casts: values that hang together (country and language, kind and year), few of them most of the rows.
\if :{?scale}
\else
\set scale 1
\endif
SELECT setseed(0.33);
CREATE TABLE company(id int PRIMARY KEY, name text NOT NULL, country char(2) NOT NULL);
CREATE TABLE title(id int PRIMARY KEY, title text NOT NULL, kind varchar(12) NOT NULL, year int, country char(2) NOT NULL, language varchar(8) NOT NULL, rating numeric(3,1), votes int NOT NULL);
CREATE TABLE person(id int PRIMARY KEY, name text NOT NULL, gender char(1), born int);
CREATE TABLE role(id int PRIMARY KEY, role text NOT NULL);
CREATE TABLE cast_info(id bigint PRIMARY KEY, title_id int NOT NULL, person_id int NOT NULL, role_id int NOT NULL, nr int, note text);
CREATE TABLE title_company(title_id int NOT NULL, company_id int NOT NULL, kind smallint NOT NULL);
CREATE TABLE keyword(id int PRIMARY KEY, word text NOT NULL);
CREATE TABLE title_keyword(title_id int NOT NULL, keyword_id int NOT NULL);
CREATE TABLE sale(id bigint PRIMARY KEY, title_id int NOT NULL, store_id int NOT NULL, sold_on date NOT NULL, units int NOT NULL, price numeric(8,2) NOT NULL, channel varchar(10) NOT NULL);
INSERT INTO company SELECT i, 'Company ' || md5(i::text), (array['US','US','US','GB','DE','FR','JP','IN'])[1 + i % 8] FROM generate_series(1, 8000) i;
INSERT INTO role SELECT i, (array['actor','actress','producer','writer','cinematographer','composer','costume designer','director','editor','guest','designer'])[i] FROM generate_series(1, 11) i;
INSERT INTO title SELECT i, 'Title ' || md5(i::text), k, CASE WHEN random() < 0.97 THEN CASE WHEN k = 'episode' THEN 2025 - floor(power(random(), 2) * 40)::int ELSE 2025 - floor(power(random(), 1.5) * 110)::int END END, c,
        CASE WHEN random() < 0.93 THEN (CASE c WHEN 'US' THEN 'en' WHEN 'GB' THEN 'en' WHEN 'DE' THEN 'de' WHEN 'FR' THEN 'fr' WHEN 'JP' THEN 'ja' ELSE 'hi' END) ELSE (array['es','it','sv','pl'])[1 + i % 4] END,
        CASE WHEN random() < 0.6 THEN (2 + random() * 8)::numeric(3,1) END, floor(power(random(), 8) * 1e6)::int
    FROM (SELECT i, (array['US','US','US','US','GB','DE','FR','JP','IN','IN'])[1 + floor(random() * 10)::int] c,
        CASE WHEN r < 0.62 THEN 'episode' WHEN r < 0.85 THEN 'movie' WHEN r < 0.93 THEN 'video' WHEN r < 0.99 THEN 'series' ELSE 'game' END k
        FROM (SELECT i, random() r FROM generate_series(1, 60000 * :scale) i) y) x;
INSERT INTO person SELECT i, md5(i::text), CASE WHEN random() < 0.75 THEN (array['m','m','f'])[1 + i % 3] END, CASE WHEN random() < 0.3 THEN 1900 + floor(110 * sqrt(random()))::int END FROM generate_series(1, 40000 * :scale) i;
INSERT INTO cast_info SELECT i, 1 + floor(60000 * :scale * power(random(), 1.6))::int, 1 + floor(40000 * :scale * power(random(), 2.2))::int, 1 + floor(11 * power(random(), 2))::int,
        CASE WHEN random() < 0.6 THEN 1 + (random() * 30)::int END, CASE WHEN random() < 0.3 THEN (array['(uncredited)','(voice)','(producer)','(executive producer)'])[1 + floor(power(random(), 2) * 4)::int] END FROM generate_series(1, 350000 * :scale) i;
INSERT INTO title_company SELECT 1 + floor(60000 * :scale * random())::int, 1 + floor(8000 * power(random(), 4))::int, 1 + (random() * 1.4)::int FROM generate_series(1, 90000 * :scale) i;
INSERT INTO keyword SELECT i, 'kw-' || substr(md5(i::text), 1, 6 + i % 10) FROM generate_series(1, 10000) i;
INSERT INTO title_keyword SELECT 1 + floor(60000 * :scale * power(random(), 1.3))::int, 1 + floor(10000 * power(random(), 3))::int FROM generate_series(1, 180000 * :scale) i;
INSERT INTO sale SELECT i, 1 + floor(60000 * :scale * power(random(), 3))::int, 1 + floor(400 * power(random(), 2))::int, date '2022-01-01' + (i * 1400.0 / (300000 * :scale))::int, 1 + floor(random() * random() * 9)::int,
        (2 + random() * 30)::numeric(8,2), (array['web','web','web','store','app'])[1 + i % 5] FROM generate_series(1, 300000 * :scale) i;
CREATE VIEW german AS SELECT id, title, kind, year, rating, votes FROM title WHERE country = 'DE' AND language = 'de';
