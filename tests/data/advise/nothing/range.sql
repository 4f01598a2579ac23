SELECT sum(amount) FROM event WHERE created > '2020-01-01';
