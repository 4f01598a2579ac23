/* units.h - numbers for people and from people. Output is at most 8 columns
 * wide unless said otherwise; unknown is written "-". */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include "base/base.h"

enum unit {
    UNIT_NONE,
    UNIT_COUNT,  /* 1234567 -> "1.23 M" (counts below 10,000 in full) */
    UNIT_NS,     /* 1234567 -> "1.23 ms" */
    UNIT_BYTES,  /* 1234567 -> "1.2 MB" (powers of 1000) */
    UNIT_BLOCKS, /* 8 kB blocks, written as their count */
    UNIT_SHARE,  /* 0.1234 -> "12.3 %" */
    UNIT_PER_S,  /* 1234.5 -> "1.23 k/s" */
    UNIT_TIME,   /* sd_time -> clock */
    UNIT_AGE,    /* ns -> coarse steps: "now", "10 s", "1 min": the age of data, does not tick each second */
    UNIT_SINCE,  /* ns -> "0.4 s", "23 s", "2m10s", "3h05m", "4d02h": how long something runs or waits */
    UNIT_FACTOR, /* 123.4 -> "123x" */
    UNIT_COST,   /* planner cost -> "1.23 k" */
    UNIT_LOAD    /* average active sessions: "1.25" */
};

#define UNIT_TEXT_MAX 48
/* Integers given as a double lose nothing below 2^53. NAN: "-". Returns buf. */
char *unit_format(enum unit u, double value, char buf[UNIT_TEXT_MAX]);
/* SD_UNKNOWN: "-". At the limit of the type (NUM_MAX): ">292 y", ">9.22 E". */
char *unit_format_int(enum unit u, int64_t value, char buf[UNIT_TEXT_MAX]);
/* A number without a unit, to so many digits, without an exponent where people would write none: "0.1235",
 * "400000". */
char *unit_format_number(double value, int digits, char buf[UNIT_TEXT_MAX]);

/* Could a figure of that unit hold this text, in either case? False: certainly none does. */
bool unit_may_show(enum unit u, const char *text);

/* "250ms", "10s", "1.5m", "2h", "1d", "100us", "7ns". A bare number is refused except 0. */
bool unit_parse_duration(const char *text, int64_t *ns, struct sd_error *err);
/* "500MB" (powers of 1000), "64MiB" (1024), "4096". */
bool unit_parse_bytes(const char *text, int64_t *bytes, struct sd_error *err);

#endif
