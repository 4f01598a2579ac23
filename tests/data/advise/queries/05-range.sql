SELECT kind, count(*), sum(amount) FROM event WHERE created >= '2026-01-20' AND created < '2026-01-21' GROUP BY kind;
