SELECT * FROM item;
