SELECT order_id, sum(quantity) FROM item GROUP BY order_id HAVING sum(quantity) > 35;
