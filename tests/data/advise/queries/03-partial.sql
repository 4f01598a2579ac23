SELECT id, email FROM account WHERE status = 'locked' AND city_id = 17;
