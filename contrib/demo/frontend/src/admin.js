// Planted: own code as CommonJS, which cannot be shaken, and moment a second time.
import merge from "lodash/merge";
import moment from "moment";
import legacy from "./legacy.js";

export function open() {
    document.getElementById("list").textContent = legacy.table(merge({}, window.settings, { at: moment().format() }));
}
