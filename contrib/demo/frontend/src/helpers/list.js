export const asList = n => [].concat(n).join(", ");
