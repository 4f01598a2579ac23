SELECT order_id, line FROM item WHERE product_id = 4999 AND quantity > 8;
