// Planted: own code as CommonJS, which cannot be shaken, and moment a second time.
const moment = require("moment");
const merge = require("lodash/merge");
const legacy = require("./legacy.js");

export function open() {
    document.getElementById("list").textContent = legacy.table(merge({}, window.settings, { at: moment().format() }));
}
