// A barrel: whoever imports one of these has all of them looked at.
export { asMoney } from "./money.js";
export { asDate } from "./date.js";
export { asCount } from "./count.js";
export { asBytes } from "./bytes.js";
export { asShare } from "./share.js";
export { asList } from "./list.js";
export { asTitle } from "./title.js";
export { asLink } from "./link.js";
