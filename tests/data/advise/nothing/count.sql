SELECT count(*) FROM account WHERE status = 'active';
