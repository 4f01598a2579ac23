/* amounts.h - how people write amounts in scenarios, plans, policies and on the command line of loads and
 * capacity. Text in, figure out; each function answers false and one sentence for anything else. All are
 * finite. */
#ifndef CORE_LOADS_AMOUNTS_H
#define CORE_LOADS_AMOUNTS_H

#include "base/base.h"

/* "500us", "20ms", "5s", "2m", "3h", "1d"; "0". Not negative. */
bool amount_duration(const char *text, int64_t *ns, struct sd_error *err);
/* A number a second: "100", "0.5", "600/m", "100/s", "3600/h", "86400/d". Not negative. */
bool amount_rate(const char *text, double *per_s, struct sd_error *err);
/* "5%" and "0.05" are the same; a bare number above 1 is per cent: "30" is 0.3, "1" is the whole. Not
 * negative. */
bool amount_share(const char *text, double *share, struct sd_error *err);
/* "512MB" (powers of 1000), "2GiB" (of 1024), "4096". Not negative. */
bool amount_bytes(const char *text, int64_t *bytes, struct sd_error *err);
/* A plain decimal number of either sign. */
bool amount_number(const char *text, double *x, struct sd_error *err);
/* A whole number of lo..hi. */
bool amount_whole(const char *text, int64_t lo, int64_t hi, int64_t *x, struct sd_error *err);

#endif
