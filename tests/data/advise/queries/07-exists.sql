SELECT c.name FROM city c WHERE c.country = 'DE' AND EXISTS (SELECT 1 FROM account a WHERE a.city_id = c.id AND a.status = 'new');
