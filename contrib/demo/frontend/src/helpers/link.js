export const asLink = n => "/p/"+encodeURIComponent(n);
