export const asMoney = n => (n / 100).toFixed(2)+"€";
