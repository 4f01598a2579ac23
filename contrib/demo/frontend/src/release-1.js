// Release 1: what the browser has itself.
export const delivered = at => new Intl.DateTimeFormat("en", { dateStyle: "medium" }).format(new Date(at));
