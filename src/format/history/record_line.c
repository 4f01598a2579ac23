#include "format/history/record_line.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

enum { NUMBER_MAX = 40 };

/* ---- writing ---- */

static void put_text(struct strbuf *out, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '\\':
            strbuf_str(out, "\\\\");
            break;
        case '\t':
            strbuf_str(out, "\\t");
            break;
        case '\n':
            strbuf_str(out, "\\n");
            break;
        default:
            strbuf_char(out, *text);
        }
}

static void put_item(struct strbuf *out, const struct sd_field *f, const void *list, uint32_t i)
{
    strbuf_char(out, '\t');
    if (f->type == SD_FIELD_LIST_INT) {
        int64_t v = ((const struct sd_ints *)list)->items[i];
        sd_known(v) ? strbuf_printf(out, "%" PRId64, v) : strbuf_str(out, "\\N");
    } else if (f->type == SD_FIELD_LIST_REAL) {
        double v = ((const struct sd_reals *)list)->items[i];
        isnan(v) ? strbuf_str(out, "\\N") : strbuf_printf(out, "%.17g", v);
    } else {
        const char *v = ((const struct sd_texts *)list)->items[i];
        v ? put_text(out, v) : strbuf_str(out, "\\N");
    }
}

static void put_hist(struct strbuf *out, const struct sd_hist *h)
{
    for (uint32_t i = 0; i < h->n; i++)
        strbuf_printf(out, "%s%" PRIu32 ":%" PRIu32, i ? "," : "", h->buckets[i].index, h->buckets[i].count);
}

static bool is_list(const struct sd_field *f)
{
    return f->type == SD_FIELD_LIST_INT || f->type == SD_FIELD_LIST_REAL || f->type == SD_FIELD_LIST_TEXT;
}

static void put_field(struct strbuf *out, const struct sd_field *f, const void *record)
{
    const void *at = (const char *)record + f->offset;
    const void *points = f->type == SD_FIELD_INT || f->type == SD_FIELD_REAL ? at : *(const void *const *)at;
    if (!points || (f->type == SD_FIELD_INT && !sd_known(*(const int64_t *)at)) ||
        (f->type == SD_FIELD_REAL && isnan(*(const double *)at)))
        return;
    strbuf_printf(out, "%s%s%c", out->len ? "\t" : "", f->name, is_list(f) ? '#' : '=');
    if (f->type == SD_FIELD_INT)
        strbuf_printf(out, "%" PRId64, *(const int64_t *)at);
    else if (f->type == SD_FIELD_REAL)
        strbuf_printf(out, "%.17g", *(const double *)at);
    else if (f->type == SD_FIELD_TEXT)
        put_text(out, points);
    else if (f->type == SD_FIELD_HIST)
        put_hist(out, points);
    else {
        uint32_t n = *(const uint32_t *)points; /* every list begins with it */
        strbuf_printf(out, "%" PRIu32, n);
        for (uint32_t i = 0; i < n; i++)
            put_item(out, f, points, i);
    }
}

void fields_encode(const struct sd_schema *sc, const void *record, uint64_t which, struct strbuf *out)
{
    struct strbuf line = {0};
    for (size_t i = 0; i < sc->n_fields && i < 64; i++)
        if (which >> i & 1)
            put_field(&line, &sc->fields[i], record);
    strbuf_add(out, strbuf_text(&line), line.len);
    strbuf_free(&line);
}

/* ---- reading ---- */

struct line {
    const char *at, *end;
    struct arena *arena;
};

/* The text up to the next tab, and steps over that. */
static bool next(struct line *l, const char **text, size_t *len)
{
    if (!l->at)
        return false;
    const char *tab = memchr(l->at, '\t', (size_t)(l->end - l->at));
    *text = l->at;
    *len = (size_t)((tab ? tab : l->end) - l->at);
    l->at = tab ? tab + 1 : NULL;
    return true;
}

static bool read_int(const char *text, size_t len, int64_t *out)
{
    char copy[NUMBER_MAX], *end;
    if (!len || len >= sizeof copy || text[0] == ' ')
        return false;
    memcpy(copy, text, len);
    copy[len] = 0;
    errno = 0;
    *out = strtoll(copy, &end, 10);
    return end == copy + len && !errno;
}

/* "inf" as well: printf wrote it. */
static bool read_real(const char *text, size_t len, double *out)
{
    char copy[NUMBER_MAX], *end;
    if (!len || len >= sizeof copy || text[0] == ' ')
        return false;
    memcpy(copy, text, len);
    copy[len] = 0;
    *out = strtod(copy, &end);
    return end == copy + len;
}

/* NULL: not a text. */
static const char *read_text(struct arena *a, const char *text, size_t len)
{
    char *copy = arena_alloc(a, len + 1), *to = copy;
    if (memchr(text, 0, len))
        return NULL;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '\\') {
            if (++i == len || !strchr("\\tn", text[i]))
                return NULL;
            c = text[i] == 't' ? '\t' : text[i] == 'n' ? '\n' : '\\';
        }
        *to++ = c;
    }
    return copy;
}

static bool read_hist(struct arena *a, const char *text, size_t len, const struct sd_hist **out)
{
    size_t most = 1, n = 0;
    for (size_t i = 0; i < len; i++)
        most += text[i] == ',';
    struct sd_bucket *b = arena_alloc(a, most * sizeof *b);
    struct sd_hist *h = arena_alloc(a, sizeof *h);
    for (const char *p = text, *end = text + len; p && p < end;) {
        const char *comma = memchr(p, ',', (size_t)(end - p)), *stop = comma ? comma : end;
        const char *colon = memchr(p, ':', (size_t)(stop - p));
        int64_t index, count;
        if (!colon || !read_int(p, (size_t)(colon - p), &index) ||
            !read_int(colon + 1, (size_t)(stop - colon - 1), &count) || index < 0 ||
            index >= (int64_t)SD_HIST_BUCKETS || count < 1 || count > UINT32_MAX ||
            (n && b[n - 1].index >= index))
            return false;
        b[n++] = (struct sd_bucket){(uint32_t)index, (uint32_t)count};
        p = comma ? comma + 1 : NULL;
    }
    *h = (struct sd_hist){.n = (uint32_t)n, .buckets = b};
    *out = h;
    return true;
}

static bool read_items(struct line *l, enum sd_field_type type, void *items, size_t n)
{
    const char *text;
    size_t len;
    for (size_t i = 0; i < n; i++) {
        if (!next(l, &text, &len))
            return false;
        bool unknown = len == 2 && !memcmp(text, "\\N", 2), good = true;
        if (type == SD_FIELD_LIST_INT && !unknown)
            good = read_int(text, len, (int64_t *)items + i);
        else if (type == SD_FIELD_LIST_INT)
            ((int64_t *)items)[i] = SD_UNKNOWN;
        else if (type == SD_FIELD_LIST_REAL && !unknown)
            good = read_real(text, len, (double *)items + i);
        else if (type == SD_FIELD_LIST_REAL)
            ((double *)items)[i] = (double)NAN;
        else if (!unknown)
            good = (((const char **)items)[i] = read_text(l->arena, text, len)) != NULL;
        if (!good)
            return false;
    }
    return true;
}

/* Every item takes a byte at least, the tab before it: the count cannot ask for more room than that. */
static bool read_list(struct line *l, const struct sd_field *f, const char *count, size_t len, void *to)
{
    int64_t n;
    if (!read_int(count, len, &n) || n < 0 || (n && !l->at) || (l->at && n > l->end - l->at + 1))
        return false;
    void *items = arena_alloc(l->arena, ((size_t)n + 1) * 8);
    if (!read_items(l, f->type, items, (size_t)n))
        return false;
    struct sd_ints *list = arena_alloc(l->arena, sizeof *list); /* the three are alike */
    *list = (struct sd_ints){.n = (uint32_t)n, .items = items};
    *(const void **)to = list;
    return true;
}

static bool skip(struct line *l, bool list, const char *value, size_t len)
{
    const char *text;
    int64_t n = 0;
    if (list && (!read_int(value, len, &n) || n < 0))
        return false;
    while (n-- > 0)
        if (!next(l, &text, &len))
            return false;
    return true;
}

static bool read_value(struct line *l, const struct sd_field *f, const char *text, size_t len, void *to)
{
    switch (f->type) {
    case SD_FIELD_INT:
        return read_int(text, len, to);
    case SD_FIELD_REAL:
        return read_real(text, len, to);
    case SD_FIELD_TEXT:
        return (*(const char **)to = read_text(l->arena, text, len)) != NULL;
    case SD_FIELD_HIST:
        return read_hist(l->arena, text, len, to);
    default:
        return read_list(l, f, text, len, to);
    }
}

bool fields_decode(const struct sd_schema *sc, const char *line, size_t len, void *record, struct arena *a)
{
    struct line l = {len ? line : NULL, line + len, a};
    const char *text;
    size_t n, i;
    while (next(&l, &text, &n)) {
        size_t name = 0;
        while (name < n && text[name] != '=' && text[name] != '#')
            name++;
        if (!name || name == n)
            return false;
        bool list = text[name] == '#';
        const char *value = text + name + 1;
        size_t value_len = n - name - 1;
        for (i = 0; i < sc->n_fields; i++)
            if (strlen(sc->fields[i].name) == name && !memcmp(sc->fields[i].name, text, name))
                break;
        if (i == sc->n_fields
                ? !skip(&l, list, value, value_len)
                : list != is_list(&sc->fields[i]) || !read_value(&l, &sc->fields[i], value, value_len,
                                                                 (char *)record + sc->fields[i].offset))
            return false;
    }
    return true;
}
