-- headline 20
SELECT id, headline FROM article WHERE headline ILIKE '%gkbd%';
-- author_like 15
SELECT id FROM article WHERE author LIKE '%eceb%' AND lang = 'de';
-- full_text 40
SELECT id, headline FROM article WHERE tsv @@ to_tsquery('simple', 'ohpeg & bkp');
-- full_text_expr 10
SELECT id FROM article WHERE to_tsvector('simple', headline) @@ plainto_tsquery('simple', 'kpeocg');
-- tagged 20
SELECT id, headline FROM article WHERE tags && array['t399', 't398'];
-- tagged_all 20
SELECT id FROM article WHERE tags @> array['t200', 'u5'];
-- by_source 20
SELECT id FROM article WHERE meta @> '{"source": "s77"}';
-- retracted 10
SELECT id FROM article WHERE meta ? 'retracted';
-- slug 200
SELECT id, headline, body FROM article WHERE slug = 'article-1234';
-- slug_prefix 10
SELECT id, slug FROM article WHERE slug LIKE 'article-123%' ORDER BY slug LIMIT 20;
-- newest_de 60
SELECT id, headline FROM article WHERE lang = 'de' AND published IS NOT NULL ORDER BY published DESC LIMIT 10;
-- sku 300
SELECT id, name, price FROM product WHERE sku = 'SKU-C4CA4238A0';
-- brand 30
SELECT id, price FROM product WHERE props->>'brand' = 'b1234' AND active;
-- brand_cheap 20
SELECT id, price FROM product WHERE props @> '{"brand": "b1999", "color": "white"}' ORDER BY price LIMIT 10;
-- category 20
SELECT id, name FROM product WHERE categories @> array[299] AND active ORDER BY price LIMIT 20;
-- name_part 10
SELECT id, name FROM product WHERE name ~* 'gbjc.*42';
