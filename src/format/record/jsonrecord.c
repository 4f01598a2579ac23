#include "format/record/jsonrecord.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/num.h"
#include "core/schema.h"

/* Without this field a record says nothing. */
static const char *const NEEDED[SD_KIND_END] = {
    [SD_METRIC] = "value", [SD_HTTP] = "route",      [SD_STATEMENT] = "query_id", [SD_ACTIVITY] = "pid",
    [SD_PLAN] = "query",   [SD_TABLE] = "name",      [SD_INDEX] = "name",         [SD_EVENT] = "title",
    [SD_INTAKE] = "total", [SD_ADVICE] = "query_id",
};

/* cJSON keeps numbers as doubles, which would change a 64-bit identifier: integers of
 * 16 digits and more become strings first, which every integer field takes as well. */
static void quote_long_integers(const char *line, size_t len, struct strbuf *out)
{
    bool inside = false;
    for (size_t i = 0; i < len;) {
        char c = line[i];
        size_t n = 1;
        if (inside && c == '\\' && i + 1 < len) {
            n = 2;
        } else if (c == '"') {
            inside = !inside;
        } else if (!inside && (c == '-' || (c >= '0' && c <= '9'))) {
            bool integer = true;
            for (; i + n < len && line[i + n] && strchr("0123456789.eE+-", line[i + n]); n++)
                integer &= line[i + n] >= '0' && line[i + n] <= '9';
            if (integer && n >= 16) {
                strbuf_char(out, '"');
                strbuf_add(out, line + i, n);
                strbuf_char(out, '"');
                i += n;
                continue;
            }
        }
        strbuf_add(out, line + i, n);
        i += n;
    }
}

static bool to_int(const cJSON *v, int64_t *n)
{
    if (cJSON_IsBool(v)) {
        *n = cJSON_IsTrue(v);
        return true;
    }
    if (cJSON_IsNumber(v)) {
        *n = real_to_int(v->valuedouble);
        return real_is_int(v->valuedouble);
    }
    if (!cJSON_IsString(v) || !*v->valuestring || strchr(" \t\n\v\f\r", *v->valuestring))
        return false;
    char *end;
    errno = 0;
    long long x = strtoll(v->valuestring, &end, 10);
    if (errno || *end || x == SD_UNKNOWN)
        return false;
    *n = x;
    return true;
}

static bool to_time(const cJSON *v, sd_time *t)
{
    struct sd_error ignored;
    if (to_int(v, t))
        return true;
    return cJSON_IsString(v) && strlen(v->valuestring) >= 19 && clock_parse(v->valuestring, 0, t, &ignored);
}

/* ---- histograms ---- */

static int by_index(const void *a, const void *b)
{
    const struct sd_bucket *x = a, *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

struct sums {
    int64_t count, total, min, max;
};

static bool add_value(struct sums *sums, struct sd_bucket *b, int64_t ns, int64_t count)
{
    if (ns < 0 || count < 1 || count > UINT32_MAX)
        return false;
    sums->total = add_sat(sums->total, mul_sat(ns, count));
    sums->min = sums->count ? MIN(sums->min, ns) : ns;
    sums->max = sums->count ? MAX(sums->max, ns) : ns;
    sums->count += count;
    *b = (struct sd_bucket){.index = sd_hist_index(ns), .count = (uint32_t)count};
    return true;
}

/* NULL when an element is no value (or pair), or a bucket overflows. */
static const struct sd_hist *to_hist(const cJSON *list, bool pairs, struct arena *a, struct sums *sums)
{
    size_t n = (size_t)cJSON_GetArraySize(list), used = 0;
    struct sd_bucket *buckets = arena_alloc(a, (n ? n : 1) * sizeof *buckets);
    const cJSON *v;
    cJSON_ArrayForEach(v, list)
    {
        int64_t ns, count = 1;
        if (pairs ? !cJSON_IsArray(v) || cJSON_GetArraySize(v) != 2 || !to_int(v->child, &ns) ||
                        !to_int(v->child->next, &count)
                  : !to_int(v, &ns))
            return NULL;
        if (!add_value(sums, &buckets[used++], ns, count))
            return NULL;
    }
    qsort(buckets, used, sizeof *buckets, by_index);
    struct sd_hist *h = arena_alloc(a, sizeof *h);
    h->buckets = buckets;
    for (size_t i = 0; i < used; i++) {
        struct sd_bucket *last = h->n ? &buckets[h->n - 1] : NULL;
        if (!last || last->index != buckets[i].index)
            buckets[h->n++] = buckets[i];
        else if (__builtin_add_overflow(last->count, buckets[i].count, &last->count))
            return NULL;
    }
    return h;
}

/* ---- fields ---- */

static bool set_field(const struct sd_field *f, char *record, const cJSON *v, bool values, struct arena *a,
                      struct sums *sums, struct sd_error *err)
{
    static const char *const expected[] = {
        [SD_FIELD_INT] = "an integer",
        [SD_FIELD_REAL] = "a number",
        [SD_FIELD_TEXT] = "a string",
        [SD_FIELD_HIST] = "a list of [ns, count] pairs, none negative",
    };
    char *at = record + f->offset;
    const char *text;
    double real;
    int64_t n;
    if (cJSON_IsNull(v))
        return true;
    switch (f->type) {
    case SD_FIELD_INT:
        if (!(str_eq(f->unit, "time") ? to_time(v, &n) : to_int(v, &n)))
            break;
        memcpy(at, &n, sizeof n);
        return true;
    case SD_FIELD_REAL:
        if (!cJSON_IsNumber(v) && !to_int(v, &n))
            break;
        real = cJSON_IsNumber(v) ? v->valuedouble : (double)n;
        memcpy(at, &real, sizeof real);
        return true;
    case SD_FIELD_TEXT:
        if (!cJSON_IsString(v))
            break;
        text = arena_strdup(a, v->valuestring);
        memcpy(at, &text, sizeof text);
        return true;
    case SD_FIELD_HIST: {
        *sums = (struct sums){0};
        const struct sd_hist *h = cJSON_IsArray(v) ? to_hist(v, !values, a, sums) : NULL;
        if (!h)
            break;
        memcpy(at, &h, sizeof h);
        return true;
    }
    }
    if (f->type == SD_FIELD_HIST && values)
        return fail(err, "\"%s_ns\" must be a list of nanoseconds, none negative", f->name);
    return fail(err, "\"%s\" must be %s", f->name, expected[f->type]);
}

static const struct sd_field *find_field(const struct sd_schema *sc, const char *key, bool *values)
{
    size_t len = strlen(key);
    for (size_t i = 0; i < sc->n_fields; i++) {
        const struct sd_field *f = &sc->fields[i];
        *values = false;
        if (strcmp(f->name, key) == 0)
            return f;
        *values = true;
        if (f->type == SD_FIELD_HIST && len > 3 && strcmp(key + len - 3, "_ns") == 0 &&
            strlen(f->name) == len - 3 && strncmp(f->name, key, len - 3) == 0)
            return f;
    }
    return NULL;
}

static bool is_known(const struct sd_schema *sc, const char *name, const char *record)
{
    bool ignored;
    const struct sd_field *f = find_field(sc, name, &ignored);
    const char *at = f ? record + f->offset : NULL;
    int64_t n;
    double x;
    const void *p;
    if (!f)
        return false;
    switch (f->type) {
    case SD_FIELD_INT:
        memcpy(&n, at, sizeof n);
        return sd_known(n);
    case SD_FIELD_REAL:
        memcpy(&x, at, sizeof x);
        return !isnan(x);
    case SD_FIELD_TEXT:
    case SD_FIELD_HIST:
        memcpy(&p, at, sizeof p);
        return p != NULL;
    }
    return false;
}

static void derive_http(struct sd_http *r, const struct sums *s)
{
    const struct {
        int64_t *field, value;
    } rows[] = {{&r->count, s->count},
                {&r->timed, s->count},
                {&r->total_ns, s->total},
                {&r->min_ns, s->min},
                {&r->max_ns, s->max}};
    for (size_t i = 0; i < ARRAY_LEN(rows) && s->count; i++)
        if (!sd_known(*rows[i].field))
            *rows[i].field = rows[i].value;
}

static bool decode(const cJSON *root, struct arena *a, struct jsonrecord *out, struct sd_error *err)
{
    struct sums sums = {0};
    if (!cJSON_IsObject(root))
        return fail(err, "the line is not a JSON object");
    const cJSON *kind = cJSON_GetObjectItemCaseSensitive(root, "kind");
    if (!cJSON_IsString(kind))
        return fail(err, "the object has no \"kind\", a string such as \"metric\" or \"http\"");
    const struct sd_schema *sc = schema_named(kind->valuestring);
    if (!sc || sc->kind == SD_STATUS || sc->kind == SD_FAILURE) /* the runtime's own */
        return fail(err, "there is no record kind \"%.40s\"", kind->valuestring);

    char *record = arena_alloc(a, sc->size);
    schema_clear(sc, record);
    out->at = SD_UNKNOWN;
    const cJSON *v;
    cJSON_ArrayForEach(v, root)
    {
        bool values;
        if (strcmp(v->string, "at") == 0 && !cJSON_IsNull(v)) {
            if (!to_time(v, &out->at) || out->at < 0)
                return fail(err,
                            "\"at\" must be nanoseconds since 1970 or a time such as 2026-11-20T15:51:38Z");
            continue;
        }
        const struct sd_field *f = find_field(sc, v->string, &values);
        if (f && !set_field(f, record, v, values, a, &sums, err))
            return false;
    }
    if (NEEDED[sc->kind] && !is_known(sc, NEEDED[sc->kind], record))
        return fail(err, "a record of kind %s needs \"%s\"", sc->name, NEEDED[sc->kind]);
    if (sc->kind == SD_METRIC && !((struct sd_metric *)(void *)record)->name)
        return fail(err, "a record of kind metric needs \"name\"");
    if (sc->kind == SD_HTTP)
        derive_http((struct sd_http *)(void *)record, &sums);
    out->kind = sc->kind;
    out->record = record;
    return true;
}

bool jsonrecord_decode(const char *line, size_t len, struct arena *a, struct jsonrecord *out,
                       struct sd_error *err)
{
    if (len > JSONRECORD_LINE_MAX)
        return fail(err, "the line is longer than 1 MiB");
    struct strbuf text = {0};
    const char *end = NULL;
    quote_long_integers(line, len, &text);
    cJSON *root = cJSON_ParseWithLengthOpts(strbuf_text(&text), text.len, &end, false);
    bool ok = false;
    if (!root) {
        fail(err, "the line is not JSON");
    } else {
        while (end < text.text + text.len && strchr(" \t\r\n", *end) && *end)
            end++;
        if (end < text.text + text.len)
            fail(err, "something follows the JSON object");
        else
            ok = decode(root, a, out, err);
    }
    cJSON_Delete(root);
    strbuf_free(&text);
    return ok;
}
