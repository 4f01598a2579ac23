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

static bool to_integer(const struct sd_field *f, const cJSON *v, int64_t *n)
{
    return str_eq(f->unit, "time") ? to_time(v, n) : to_int(v, n);
}

static bool to_real(const cJSON *v, double *x)
{
    int64_t n = 0;
    if (!cJSON_IsNumber(v) && !to_int(v, &n))
        return false;
    *x = cJSON_IsNumber(v) ? v->valuedouble : (double)n;
    return true;
}

static bool set_item(const struct sd_field *f, const cJSON *v, int64_t *n, double *x, const char **text,
                     struct arena *a)
{
    if (f->type == SD_FIELD_LIST_INT)
        return to_integer(f, v, n);
    if (f->type == SD_FIELD_LIST_REAL)
        return to_real(v, x);
    *text = cJSON_IsString(v) ? arena_strdup(a, v->valuestring) : NULL;
    return *text != NULL;
}

/* NULL when it is no list, or an item is neither null, which is unknown, nor what it should be. */
static const void *to_list(const struct sd_field *f, const cJSON *v, struct arena *a)
{
    if (!cJSON_IsArray(v))
        return NULL;
    size_t n = (size_t)cJSON_GetArraySize(v), i = 0;
    int64_t *ints = arena_alloc(a, (n + 1) * sizeof *ints);
    double *reals = arena_alloc(a, (n + 1) * sizeof *reals);
    const char **texts = arena_alloc(a, (n + 1) * sizeof *texts);
    const cJSON *item;
    cJSON_ArrayForEach(item, v)
    {
        ints[i] = SD_UNKNOWN;
        reals[i] = (double)NAN;
        texts[i] = NULL;
        if (!cJSON_IsNull(item) && !set_item(f, item, &ints[i], &reals[i], &texts[i], a))
            return NULL;
        i++;
    }
    struct sd_ints *of_ints = arena_alloc(a, sizeof *of_ints);
    struct sd_reals *of_reals = arena_alloc(a, sizeof *of_reals);
    struct sd_texts *of_texts = arena_alloc(a, sizeof *of_texts);
    *of_ints = (struct sd_ints){.n = (uint32_t)n, .items = ints};
    *of_reals = (struct sd_reals){.n = (uint32_t)n, .items = reals};
    *of_texts = (struct sd_texts){.n = (uint32_t)n, .items = texts};
    if (f->type == SD_FIELD_LIST_INT)
        return of_ints;
    return f->type == SD_FIELD_LIST_REAL ? (const void *)of_reals : of_texts;
}

static bool set_field(const struct sd_field *f, char *record, const cJSON *v, bool values, struct arena *a,
                      struct sums *sums, struct sd_error *err)
{
    static const char *const expected[] = {
        [SD_FIELD_INT] = "an integer",
        [SD_FIELD_REAL] = "a number",
        [SD_FIELD_TEXT] = "a string",
        [SD_FIELD_HIST] = "a list of [ns, count] pairs, none negative",
        [SD_FIELD_LIST_INT] = "a list of integers",
        [SD_FIELD_LIST_REAL] = "a list of numbers",
        [SD_FIELD_LIST_TEXT] = "a list of strings",
    };
    char *at = record + f->offset;
    const char *text;
    double real;
    int64_t n;
    if (cJSON_IsNull(v))
        return true;
    switch (f->type) {
    case SD_FIELD_INT:
        if (!to_integer(f, v, &n))
            break;
        memcpy(at, &n, sizeof n);
        return true;
    case SD_FIELD_REAL:
        if (!to_real(v, &real))
            break;
        memcpy(at, &real, sizeof real);
        return true;
    case SD_FIELD_TEXT:
        if (!cJSON_IsString(v))
            break;
        text = arena_strdup(a, v->valuestring);
        memcpy(at, &text, sizeof text);
        return true;
    case SD_FIELD_LIST_INT:
    case SD_FIELD_LIST_REAL:
    case SD_FIELD_LIST_TEXT: {
        const void *list = to_list(f, v, a);
        if (!list)
            break;
        memcpy(at, &list, sizeof list);
        return true;
    }
    case SD_FIELD_HIST: {
        *sums = (struct sums){0};
        const struct sd_hist *h = cJSON_IsArray(v) ? to_hist(v, !values, a, sums) : NULL;
        if (!h)
            break;
        memcpy(at, &h, sizeof h);
        return true;
    }
    case SD_FIELD_END:
        break;
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
    case SD_FIELD_LIST_INT:
    case SD_FIELD_LIST_REAL:
    case SD_FIELD_LIST_TEXT:
        memcpy(&p, at, sizeof p);
        return p != NULL;
    case SD_FIELD_END:
        break;
    }
    return false;
}

static void derive_http(struct sd_http *r, const struct sums *s)
{
    const struct {
        int64_t *field, value;
    } rows[] = {{.field = &r->count, .value = s->count},
                {.field = &r->timed, .value = s->count},
                {.field = &r->total_ns, .value = s->total},
                {.field = &r->min_ns, .value = s->min},
                {.field = &r->max_ns, .value = s->max}};
    for (size_t i = 0; i < ARRAY_LEN(rows) && s->count; i++)
        if (!sd_known(*rows[i].field))
            *rows[i].field = rows[i].value;
}

static const struct sd_schema *schema_in(const cJSON *root, struct sd_error *err)
{
    const cJSON *kind = cJSON_GetObjectItemCaseSensitive(root, "kind");
    const struct sd_schema *sc = cJSON_IsString(kind) ? schema_named(kind->valuestring) : NULL;
    if (!cJSON_IsString(kind))
        fail(err, "the object has no \"kind\", a string such as \"metric\" or \"http\"");
    else if (!sc || sc->kind == SD_STATUS || sc->kind == SD_FAILURE) /* the runtime's own */
        fail(err, "there is no record kind \"%.40s\"", kind->valuestring);
    else
        return sc;
    return NULL;
}

static bool decode(const struct sd_schema *sc, const cJSON *root, struct arena *a, struct jsonrecord *out,
                   struct sd_error *err)
{
    struct sums sums = {0};
    if (!cJSON_IsObject(root))
        return fail(err, "the line is not a JSON object");
    if (!sc && !(sc = schema_in(root, err)))
        return false;
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
    if (sc->kind < SD_KIND_END && NEEDED[sc->kind] && !is_known(sc, NEEDED[sc->kind], record))
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
    return jsonrecord_decode_as(NULL, line, len, a, out, err);
}

bool jsonrecord_decode_as(const struct sd_schema *sc, const char *line, size_t len, struct arena *a,
                          struct jsonrecord *out, struct sd_error *err)
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
            fail(err, "there is more text after the JSON object");
        else
            ok = decode(sc, root, a, out, err);
    }
    cJSON_Delete(root);
    strbuf_free(&text);
    return ok;
}
