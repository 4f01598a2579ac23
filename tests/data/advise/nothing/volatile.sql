SELECT * FROM item WHERE product_id = (random() * 10)::int;
