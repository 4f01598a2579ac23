export const asShare = n => (100*n).toFixed(1)+"%";
