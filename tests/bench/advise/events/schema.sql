-- Readings of devices, appended in time order; site and region follow from the device. A large plain table, one
-- partitioned by month, and alarms of which few are open.
\if :{?scale}
\else
\set scale 1
\endif
SELECT setseed(0.32);
CREATE TABLE sites(id int PRIMARY KEY, region text NOT NULL, name text NOT NULL, opened date NOT NULL);
CREATE TABLE devices(id int PRIMARY KEY, site_id int NOT NULL, kind text NOT NULL, serial text NOT NULL, firmware text NOT NULL, retired boolean NOT NULL);
CREATE TABLE readings(ts timestamptz NOT NULL, device_id int NOT NULL, site_id int NOT NULL, region text NOT NULL, metric smallint NOT NULL,
    value float8, quality smallint);
CREATE TABLE alarms(id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, device_id int NOT NULL, site_id int NOT NULL, level smallint NOT NULL, code text NOT NULL,
    raised_at timestamptz NOT NULL, cleared_at timestamptz, note text);
CREATE TABLE billing_usage(day date NOT NULL, device_id int NOT NULL, site_id int NOT NULL, kwh numeric(10,3) NOT NULL, tariff char(4) NOT NULL) PARTITION BY RANGE (day);
SELECT format('CREATE TABLE billing_usage_%s PARTITION OF billing_usage FOR VALUES FROM (%L) TO (%L)', to_char(m, 'YYYYMM'), m, m + interval '1 month')
    FROM generate_series(timestamp '2025-01-01', timestamp '2025-12-01', interval '1 month') m \gexec
INSERT INTO sites SELECT i, (array['north','north','north','south','east','west'])[1 + i % 6], 'site ' || i, date '2018-01-01' + i FROM generate_series(1, 120) i;
INSERT INTO devices SELECT i, 1 + floor(120 * power(random(), 2))::int, (array['meter','meter','meter','gateway','valve'])[1 + i % 5], 'SN-' || md5(i::text), 'v' || 1 + (i % 7), random() < 0.1
    FROM generate_series(1, 3000) i;
INSERT INTO readings SELECT timestamptz '2025-01-01' + i * interval '60 seconds' / :scale + random() * interval '20 seconds', d.id, d.site_id, s.region, 1 + (i % 4),
        CASE WHEN random() < 0.97 THEN random() * 100 END, CASE WHEN random() < 0.01 THEN 2 WHEN random() < 0.05 THEN 1 ELSE 0 END
    FROM (SELECT i, 1 + floor(3000 * power(random(), 1.5))::int dev FROM generate_series(1, 250000 * :scale) i) x JOIN devices d ON d.id = dev JOIN sites s ON s.id = d.site_id ORDER BY i;
INSERT INTO alarms(device_id, site_id, level, code, raised_at, cleared_at, note)
    SELECT d.id, d.site_id, 1 + floor(random() * random() * 5)::int, 'E' || 100 + floor(300 * power(random(), 3))::int, at, CASE WHEN random() < 0.985 THEN at + random() * interval '3 days' END, repeat('n', (random() * 60)::int)
    FROM (SELECT i, timestamptz '2025-01-01' + i * interval '3 minutes' / :scale AS at, 1 + floor(3000 * power(random(), 2.5))::int dev FROM generate_series(1, 80000 * :scale) i) x JOIN devices d ON d.id = dev;
INSERT INTO billing_usage SELECT date '2025-01-01' + (k * 364.0 / (100 * :scale))::int, d.id, d.site_id, (random() * 40)::numeric(10,3), (array['base','base','peak','low '])[1 + floor(random() * 4)::int]
    FROM generate_series(1, 100 * :scale) k JOIN devices d ON d.id <= 2000;
CREATE VIEW open_alarms AS SELECT a.*, d.kind, s.region FROM alarms a JOIN devices d ON d.id = a.device_id JOIN sites s ON s.id = a.site_id WHERE a.cleared_at IS NULL;
