export const short = n => String(Math.round(n));
export const long = n => n.toFixed(4);
export const percent = n => (100 * n).toFixed(1) + " %";
export const roman = n => "MDCLXVI".slice(0, n % 7);
