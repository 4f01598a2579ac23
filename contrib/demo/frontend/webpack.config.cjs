const path = require("path");
const { writeFileSync } = require("fs");
const Css = require("mini-css-extract-plugin");

const out = process.env.OUT;
module.exports = {
    mode: "production",
    context: __dirname,
    entry: { shop: "./src/index.js" },
    output: { path: path.join(out, "webpack"), filename: "[name].[contenthash:8].js", chunkFilename: "[name].[contenthash:8].js" },
    optimization: { chunkIds: "named" },
    module: { rules: [{ test: /\.css$/, use: [Css.loader, "css-loader"] }] },
    plugins: [
        new Css({ filename: "[name].[contenthash:8].css" }),
        { // what `webpack --json` prints, without the sources
            apply: compiler => compiler.hooks.done.tap("stats", stats => writeFileSync(
                path.join(out, "webpack", "stats.json"),
                JSON.stringify(stats.toJson({ all: false, assets: true, chunks: true, chunkModules: true, modules: true,
                    nestedModules: true, reasons: true, entrypoints: true, chunkGroups: true, usedExports: true,
                    providedExports: true, optimizationBailout: true, ids: true, errors: true, hash: true, version: true,
                    chunkRelations: true, modulesSpace: Infinity, groupModulesByType: false })))),
        },
    ],
};
