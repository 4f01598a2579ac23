// Planted: kept for what it does when it is loaded, though nobody uses what it exports.
window.shopLoaded = Date.now();
export const asDate = n => new Date(n).toISOString();
