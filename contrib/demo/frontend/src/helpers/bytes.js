export const asBytes = n => (n/1e3).toFixed(1)+"kB";
