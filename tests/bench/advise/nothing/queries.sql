-- by_email 100
SELECT * FROM account WHERE email = 'u4711@example.com';
-- by_id 100
SELECT * FROM account WHERE id = 99;
-- his_purchases 50
SELECT id, total FROM purchase WHERE account_id = 1234 ORDER BY placed_at DESC LIMIT 10;
-- open_ones 20
SELECT id, total FROM purchase WHERE status = 'open' AND placed_at > timestamptz '2024-07-20';
-- done_ones 5
SELECT sum(total) FROM purchase WHERE status = 'done';
-- most_active 2
SELECT count(*) FROM account WHERE active;
-- not_us 2
SELECT country, count(*) FROM account WHERE country <> 'FR' GROUP BY country;
-- settings 300
SELECT value FROM setting WHERE scope = 's3';
-- countries 50
SELECT name FROM country WHERE code = 'DE';
-- queue 200
SELECT id FROM empty_queue WHERE state = 'ready' ORDER BY due LIMIT 1;
-- fresh_ones 40
SELECT title FROM fresh WHERE owner = 77;
-- tiny 10
SELECT a FROM tiny_wide WHERE id = 7;
-- joined 10
SELECT a.email, p.total FROM purchase p JOIN account a ON a.id = p.account_id WHERE p.placed_at >= timestamptz '2024-06-05' AND p.placed_at < timestamptz '2024-06-05 01:00';
-- all_totals 1
SELECT avg(total) FROM purchase;
