SELECT * FROM tiny WHERE id = 7;
