-- director_of 8
SELECT p.name, count(*) FROM person p JOIN cast_info c ON c.person_id = p.id JOIN role r ON r.id = c.role_id JOIN title t ON t.id = c.title_id WHERE r.role = 'director' AND t.kind = 'movie' AND t.year > 2020 AND t.country = 'FR' GROUP BY p.name ORDER BY 2 DESC LIMIT 10;
-- cast_of 40
SELECT p.name, r.role, c.nr FROM cast_info c JOIN person p ON p.id = c.person_id JOIN role r ON r.id = c.role_id WHERE c.title_id = 4711 ORDER BY c.nr;
-- films_of 40
SELECT t.title, t.year FROM cast_info c JOIN title t ON t.id = c.title_id WHERE c.person_id = 31234 ORDER BY t.year DESC;
-- german_recent 6
SELECT title, year, rating FROM german WHERE kind = 'movie' AND year BETWEEN 2023 AND 2025 ORDER BY rating DESC NULLS LAST LIMIT 20;
-- correlated 6
SELECT count(*) FROM title WHERE country = 'JP' AND language = 'ja' AND kind = 'series' AND year = 2019;
-- keyword_titles 10
SELECT t.title FROM keyword k JOIN title_keyword tk ON tk.keyword_id = k.id JOIN title t ON t.id = tk.title_id WHERE k.word = 'kw-c81e728d' AND t.year > 2015;
-- companies 5
SELECT co.name, count(*) FROM company co JOIN title_company tc ON tc.company_id = co.id JOIN title t ON t.id = tc.title_id WHERE co.country = 'DE' AND tc.kind = 1 AND t.rating > 9 GROUP BY co.name ORDER BY 2 DESC LIMIT 5;
-- uncredited 3
SELECT t.kind, count(*) FROM cast_info c JOIN title t ON t.id = c.title_id WHERE c.note = '(executive producer)' AND c.role_id = 3 GROUP BY t.kind;
-- top_voted 30
SELECT id, title, votes FROM title WHERE kind = 'movie' ORDER BY votes DESC LIMIT 20;
-- sales_month 6
SELECT store_id, sum(units * price) FROM sale WHERE sold_on >= date '2025-03-01' AND sold_on < date '2025-04-01' GROUP BY store_id ORDER BY 2 DESC LIMIT 10;
-- sales_title 20
SELECT sold_on, sum(units) FROM sale WHERE title_id = 30123 GROUP BY sold_on ORDER BY sold_on;
-- channel_store 5
SELECT sum(units) FROM sale WHERE store_id = 222 AND channel = 'app' AND sold_on > date '2024-06-01';
-- best_sellers 2
WITH s AS (SELECT title_id, sum(units) n FROM sale WHERE sold_on >= date '2025-01-01' GROUP BY title_id) SELECT t.title, s.n FROM s JOIN title t ON t.id = s.title_id WHERE t.kind = 'game' ORDER BY s.n DESC LIMIT 10;
-- unsold 1
SELECT count(*) FROM title t WHERE t.kind = 'game' AND NOT EXISTS (SELECT 1 FROM sale s WHERE s.title_id = t.id);
-- co_actors 4
SELECT c2.person_id, count(*) FROM cast_info c1 JOIN cast_info c2 ON c2.title_id = c1.title_id AND c2.person_id <> c1.person_id WHERE c1.person_id = 25000 GROUP BY c2.person_id ORDER BY 2 DESC LIMIT 10;
-- above_average 0.0002
SELECT t.id, t.title FROM title t WHERE t.country = 'GB' AND t.year = 2001 AND t.kind = 'game' AND t.rating > (SELECT avg(rating) FROM title x WHERE x.year = t.year AND x.kind = 'movie');
-- by_title 25
SELECT id, year FROM title WHERE title = 'Title 1679091c5a880faf6fb5e6087eb1b2dc';
-- last_sales 10
SELECT * FROM sale WHERE store_id = 7 ORDER BY sold_on DESC, id DESC LIMIT 30;
