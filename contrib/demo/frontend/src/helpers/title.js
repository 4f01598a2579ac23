export const asTitle = n => n[0].toUpperCase()+n.slice(1);
