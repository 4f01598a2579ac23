#include "core/history/forms.h"
#include "core/history/grid.h"

#include <stdlib.h>

/* Fields with the same name: the forms have those of their record. */
static void copy_fields(enum sd_kind from_kind, const void *from, enum sd_kind to_kind, void *to)
{
    const struct sd_schema *a = schema_of(from_kind), *b = schema_of(to_kind);
    schema_clear(b, to);
    for (size_t i = 0; i < b->n_fields; i++)
        for (size_t k = 0; k < a->n_fields; k++)
            if (a->fields[k].type == b->fields[i].type && str_eq(a->fields[k].name, b->fields[i].name))
                memcpy((char *)to + b->fields[i].offset, (const char *)from + a->fields[k].offset,
                       sizeof(int64_t)); /* as large as a pointer and a double */
}

/* ---- in ---- */

/* Half a request is a request: rates of a server are as its counters, which are whole. */
static int64_t whole(double v)
{
    return isfinite(v) && v >= 0 ? real_to_int(v) : SD_UNKNOWN;
}

static bool same(double a, double b)
{
    return !(a < b) && !(a > b);
}

/* Where they end, if each begins where the one before ends. */
static bool bounds_of(const struct sd_latency *r, char *out, size_t cap)
{
    size_t len = (size_t)snprintf(out, cap, "%.17g", r->lower_ns->items[0]);
    for (uint32_t i = 0; i < r->upper_ns->n; i++) {
        double lower = r->lower_ns->items[i], upper = r->upper_ns->items[i];
        if (!(lower < upper) || (i && !same(lower, r->upper_ns->items[i - 1])))
            return false;
        if (len + 32 > cap)
            return false;
        len += (size_t)snprintf(out + len, cap - len, " %.17g", upper);
    }
    return true;
}

static bool counts_of(const struct sd_latency *r, struct history_form *out)
{
    out->hist = (struct sd_hist){.n = 0, .buckets = out->buckets};
    for (uint32_t i = 0; i < r->counts->n; i++) {
        int64_t n = whole(r->counts->items[i]);
        if (n < 0 || n > UINT32_MAX)
            return false;
        if (n)
            out->buckets[out->hist.n++] = (struct sd_bucket){i, (uint32_t)n};
    }
    return true;
}

static bool buckets_of(const struct sd_latency *r, struct history_form *out)
{
    if (str_eq(r->rule, "classic") || str_eq(r->rule, "explicit"))
        return r->counts->n <= HISTORY_BOUNDS_MAX && bounds_of(r, out->bounds, sizeof out->bounds) &&
               counts_of(r, out);
    out->hist = (struct sd_hist){.n = 0, .buckets = out->buckets};
    return (str_eq(r->rule, "native") || str_eq(r->rule, "exponential")) &&
           history_grid_of(r, out->bounds, sizeof out->bounds, out->buckets, &out->hist.n);
}

static bool latency_form(const struct sd_latency *from, struct history_form *out)
{
    struct sd_history_latency *to = &out->r.latency;
    uint32_t n = from->lower_ns && from->upper_ns && from->counts ? from->counts->n : 0;
    out->kind = SD_HISTORY_LATENCY;
    if (!n || from->lower_ns->n != n || from->upper_ns->n != n || !buckets_of(from, out))
        return false;
    schema_clear(schema_of(SD_HISTORY_LATENCY), to);
    to->method = from->method;
    to->route = from->route;
    to->service = from->service;
    to->rule = from->rule;
    to->evidence = from->evidence;
    to->bounds = out->bounds;
    to->interval_ns = from->interval_ns;
    to->count = whole(from->count);
    to->errors = whole(from->errors);
    to->total_ns = whole(from->total_ns);
    to->counts = &out->hist;
    out->host = from->host;
    return true;
}

bool history_form_of(enum sd_kind kind, const void *record, struct history_form *out)
{
    out->host = NULL;
    if (kind == SD_LATENCY)
        return latency_form(record, out);
    if (kind != SD_CACHE || !sd_known(((const struct sd_cache *)record)->interval_ns))
        return false;
    out->kind = SD_HISTORY_CACHE;
    copy_fields(SD_CACHE, record, SD_HISTORY_CACHE, &out->r.cache);
    return true;
}

/* ---- out ---- */

static bool bounds_read(const char *text, const struct sd_hist *counted, struct history_record *out,
                        uint32_t *n)
{
    char *end;
    double lower = strtod(text, &end);
    if (end == text || !isfinite(lower))
        return false;
    for (*n = 0; *end == ' ' && *n < HISTORY_BOUNDS_MAX; ++*n) {
        const char *at = end + 1;
        double upper = strtod(at, &end);
        if (end == at || !(upper > lower))
            return false;
        out->lower[*n] = lower;
        out->upper[*n] = lower = upper;
        out->counts[*n] = 0;
    }
    for (uint32_t i = 0; counted && i < counted->n; i++) {
        if (counted->buckets[i].index >= *n)
            return false;
        out->counts[counted->buckets[i].index] = counted->buckets[i].count;
    }
    return *n && !*end;
}

static double real_of(int64_t v)
{
    return sd_known(v) ? (double)v : (double)NAN;
}

static bool latency_record(const struct history_row *row, struct history_record *out)
{
    const struct sd_history_latency *from = row->record;
    struct sd_latency *to = &out->r.latency;
    uint32_t n = 0;
    if (!from->bounds ||
        (history_grid_is(from->bounds)
             ? !history_grid_read(from->bounds, from->counts, out->lower, out->upper, out->counts, &n)
             : !bounds_read(from->bounds, from->counts, out, &n)))
        return false;
    schema_clear(schema_of(SD_LATENCY), to);
    out->lowers = (struct sd_reals){n, out->lower};
    out->uppers = (struct sd_reals){n, out->upper};
    out->counted = (struct sd_reals){n, out->counts};
    to->method = from->method;
    to->route = from->route;
    to->service = from->service;
    to->host = row->host;
    to->rule = from->rule;
    to->evidence = from->evidence;
    to->interval_ns = row->length_ns;
    to->count = real_of(from->count);
    to->errors = real_of(from->errors);
    to->total_ns = real_of(from->total_ns);
    to->lower_ns = &out->lowers;
    to->upper_ns = &out->uppers;
    to->counts = &out->counted;
    return true;
}

bool history_record_of(const struct history_row *row, struct history_record *out, enum sd_kind *kind)
{
    *kind = row->kind == SD_HISTORY_CACHE ? SD_CACHE : SD_LATENCY;
    if (*kind == SD_LATENCY)
        return latency_record(row, out);
    copy_fields(SD_HISTORY_CACHE, row->record, SD_CACHE, &out->r.cache);
    out->r.cache.interval_ns = row->length_ns;
    return true;
}
