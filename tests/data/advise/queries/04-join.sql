SELECT a.email, sum(e.amount) FROM account a JOIN event e ON e.account_id = a.id WHERE a.zip = 4711 GROUP BY a.email;
