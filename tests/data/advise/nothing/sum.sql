SELECT sum(price * quantity) FROM item;
