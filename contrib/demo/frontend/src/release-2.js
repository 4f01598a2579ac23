// Release 2: times of delivery in the shop's time zone. Planted: a library for it, with a moment of its own.
import moment from "moment-timezone";

export const delivered = at => moment.tz(at, "Europe/Berlin").format("lll");
