/* shop.h - a model to look at: a minute of a shop with one slow endpoint, one that
 * fails, a database with sessions that wait, and a plan. */
#ifndef TESTS_LIB_SHOP_H
#define TESTS_LIB_SHOP_H

#include "core/model/model.h"

#define SHOP_START ((sd_time)1795189898 * SD_S) /* 2026-11-20T15:51:38Z */
#define SHOP_END   (SHOP_START + 60 * SD_S)
#define SHOP_QUERY "shop/77"

/* Text that must never reach a terminal as it is. */
extern const char SHOP_HOSTILE[];

/* `hostile`: every text is SHOP_HOSTILE in some place, and there are many rows. */
struct model *shop_model(bool hostile);

/* What models of tests are made of: one batch with one record; a second of requests that all took `ns`
 * (SD_UNKNOWN: not told), `errors` of them failed; the counters of a statement of the role "app" in the
 * database "shop". */
void shop_add(struct model *m, const char *origin, sd_time at, enum sd_kind kind, const void *record);
void shop_requests(struct model *m, sd_time at, const char *method, const char *route, int64_t n,
                   int64_t errors, int64_t ns);
void shop_statement(struct model *m, sd_time at, sd_time since, int64_t id, const char *text, int64_t calls,
                    int64_t total_ns);

#endif
