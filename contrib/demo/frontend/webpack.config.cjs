const path = require("path");
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
    ],
};
