/* model_series.h - the series of the model that have a future: requests, the bytes and rows of tables,
 * metrics. Main thread only.
 *
 * Each is put into equal steps: the shortest of a few usual ones that gives not too many, and none without a
 * sample in the usual case. The last step is a whole one: a second that has just begun has few requests. */
#ifndef VIEW_CAPACITY_MODEL_SERIES_H
#define VIEW_CAPACITY_MODEL_SERIES_H

#include "core/capacity/forecast.h"
#include "view/view.h"

enum { MODEL_SERIES_MOST = 5000, MODEL_SERIES_POINTS = 2000 };

struct model_series {
    const char
        *name; /* "requests GET /orders", "shop.public.orders bytes", "db_pool_in_use{pool=a}"; of the list */
    const char *what; /* "requests a second", "bytes", "rows", "ns": in what its figures are */
    enum unit unit;
    size_t points; /* samples; of requests seconds */
    sd_time first, last;
    double value; /* the last; NAN */
    /* What it is in the model, until the next batch. */
    const struct endpoint *endpoint; /* with `all` NULL: of all requests */
    struct table_entry table;
    struct metric_info metric;
    enum { SERIES_REQUESTS, SERIES_BYTES, SERIES_ROWS, SERIES_METRIC } kind;
};

struct model_series_list {
    struct model_series *items;
    size_t n;
    struct arena *arena; /* what the names are in */
};
/* Those with enough points up to the cursor, requests first, then tables, then metrics by name. */
struct model_series_list model_series_list(const struct view_ctx *c);
void model_series_free(struct model_series_list *l);
/* By its name; NULL: the first. NULL: there is none. */
const struct model_series *model_series_named(const struct model_series_list *l, const char *name);

/* Its values in equal steps, at most MODEL_SERIES_POINTS; the caller frees out->values. */
void model_series_values(const struct view_ctx *c, const struct model_series *s, struct forecast_series *out);

#endif
