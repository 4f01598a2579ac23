SELECT count(*) FROM account WHERE status <> 'new';
