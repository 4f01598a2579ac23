WITH recent AS (SELECT account_id, amount FROM event WHERE kind = 'refund' AND created > '2026-02-10') SELECT account_id, sum(amount) FROM recent GROUP BY account_id ORDER BY 2 DESC LIMIT 5;
