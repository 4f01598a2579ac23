export const asCount = n => n.toLocaleString();
