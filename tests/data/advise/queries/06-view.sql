SELECT mail FROM active_account WHERE account = 4711;
