exports.table = o => Object.entries(o).map(([k, v]) => k + ": " + v).join("\n");
exports.unused = o => JSON.stringify(o, null, 4);
