/* view_shop.h - a model for the figures of views: a minute of a shop that has a problem of each sort, and the
 * JSON of a view. A key that is not there fails the test. */
#ifndef TESTS_LIB_VIEW_SHOP_H
#define TESTS_LIB_VIEW_SHOP_H

#include <cjson/cJSON.h>

#include "tests/lib/shop.h"
#include "view/view.h"

extern const struct span VIEW_MINUTE; /* of SHOP_START */

/* One slow endpoint, one that fails, a database with sessions that wait and few connections left, a source
 * that is not reached. The caller's. */
struct model *view_shop(void);

/* A session of the role app in the database shop, all else unknown; what one look at them saw; the state of a
 * source that takes 1 % of a processor. */
struct sd_activity view_session(int64_t pid, const char *state);
void view_sampled(struct model *m, sd_time at, const struct sd_activity *r, size_t n);
void view_status(struct model *m, sd_time at, const char *origin, const char *kind, enum sd_state state,
                 const char *text);

/* As at SHOP_END, live unless the span is SPAN_ALL. */
struct view_ctx view_minute_ctx(const struct model *m, struct span span);
cJSON *view_json(const struct view_ctx *c, const char *view); /* the caller's */
double shown_number(const cJSON *o, const char *key);
const char *shown_text(const cJSON *o, const char *key);
cJSON *shown_row(const cJSON *o, const char *key, int i);
/* Within `error` as a share of what is wanted. */
void assert_near(double got, double want, double error);
/* Which row of the overview is of a kind; -1: none. */
int overview_row(const struct doc *d, const char *kind);

#endif
