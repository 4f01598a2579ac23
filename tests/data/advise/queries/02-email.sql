SELECT id, zip FROM account WHERE lower(email) = 'user42@example.org';
