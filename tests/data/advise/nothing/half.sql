SELECT body FROM event WHERE kind = 'view';
