// The start page. Planted: `import *` of a module keeps all of its exports, and a helper comes through a barrel.
import debounce from "lodash/debounce";
import groupBy from "lodash/groupBy";
import each from "async/each";
import * as format from "./format.js";
import { asMoney } from "./helpers/index.js";
import { delivered } from "release";
import "./shop.css";

const show = (name, value) => { document.getElementById(name).textContent = value; };

export async function start(how) {
    const products = await (await fetch("/products")).json();
    const by = groupBy(products, "category");
    each(Object.keys(by), (category, done) => { show(category, by[category].length); done(); });
    show("total", format[how](products.reduce((sum, p) => sum + p.price, 0)));
    show("first", asMoney(products[0].price));
    show("delivered", delivered(products[0].at));
}

const search = document.getElementById("search");
search.addEventListener("input", debounce(() => start("short"), 200));
document.getElementById("orders").addEventListener("click", () => import("./orders.js").then(m => m.open()));
document.getElementById("admin").addEventListener("click", () => import("./admin.js").then(m => m.open()));
