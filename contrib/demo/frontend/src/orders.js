// Planted: moment, with all of its locales.
import moment from "moment";
import "moment/locale/de";
import { asMoney } from "./helpers/index.js";

export async function open() {
    const orders = await (await fetch("/orders/42")).json();
    document.getElementById("list").textContent = orders.map(o => moment(o.at).fromNow() + " " + asMoney(o.total)).join("\n");
}
