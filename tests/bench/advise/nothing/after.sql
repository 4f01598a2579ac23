-- Run after VACUUM ANALYZE: rows no statistics know of.
INSERT INTO fresh SELECT i, i % 500, md5(i::text) FROM generate_series(1, 50000) i;
