INSERT INTO "R"("QUERY PLAN") VALUES ('Sort  (cost=3.50..4.50 rows=2 width=8)');
INSERT INTO "R"("QUERY PLAN") VALUES ('  ->  Seq Scan on t  (cost=0.00..3.00 rows=2 width=8)');
INSERT INTO "R"("QUERY PLAN") VALUES ('        Filter: (a = ''x''::text)');
