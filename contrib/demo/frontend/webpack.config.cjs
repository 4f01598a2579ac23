const path = require("path");
const Css = require("mini-css-extract-plugin");

const out = process.env.OUT, release = process.env.RELEASE;
module.exports = {
    mode: "production",
    context: __dirname,
    entry: { shop: "./src/index.js" },
    output: { path: out, filename: "[name].[contenthash:8].js", chunkFilename: "[name].[contenthash:8].js" },
    optimization: { chunkIds: "named" },
    resolve: { alias: { release: path.join(__dirname, `src/release-${release}.js`) } },
    module: { rules: [{ test: /\.css$/, use: [Css.loader, "css-loader"] }] },
    plugins: [
        new Css({ filename: "[name].[contenthash:8].css" }),
    ],
};
