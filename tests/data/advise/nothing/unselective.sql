SELECT * FROM account WHERE status = 'active';
