#include "view/result_doc.h"

#include "base/clock.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

/* ---- keys ---- */

static const struct {
    const char *end;
    enum unit unit;
} ENDS[] = {
    {"_ns", UNIT_NS},       {"_bytes", UNIT_BYTES}, {"_per_s", UNIT_PER_S},
    {"_share", UNIT_SHARE}, {"share", UNIT_SHARE},  {"bytes_received", UNIT_BYTES},
};

static size_t unit_end(const char *key, enum unit *unit)
{
    for (size_t i = 0; i < ARRAY_LEN(ENDS); i++)
        if (str_ends(key, ENDS[i].end)) {
            *unit = ENDS[i].unit;
            return *ENDS[i].end == '_' ? strlen(ENDS[i].end) : 0;
        }
    *unit = UNIT_NONE;
    return 0;
}

enum unit result_unit(const char *key)
{
    enum unit u;
    unit_end(key, &u);
    return u;
}

static const char *listed(const char *const *pairs, const char *key)
{
    for (size_t i = 0; pairs && pairs[i]; i += 2)
        if (!strcmp(pairs[i], key))
            return pairs[i + 1];
    return NULL;
}

static bool is_in(const char *const *keys, const char *key)
{
    for (size_t i = 0; keys && keys[i]; i++)
        if (!strcmp(keys[i], key))
            return true;
    return false;
}

/* "p99_ns" -> "P99", "rate_sent_per_s" -> "Rate sent". */
static const char *title_of(struct doc *d, const struct result_kind *k, const char *key)
{
    enum unit u;
    const char *own = k ? listed(k->titles, key) : NULL;
    if (own)
        return own;
    size_t len = strlen(key) - unit_end(key, &u);
    char *t = arena_strndup(d->arena, key, len);
    for (size_t i = 0; i < len; i++)
        t[i] = t[i] == '_' ? ' ' : t[i];
    if (len)
        t[0] = (char)toupper((unsigned char)t[0]);
    return t;
}

/* ---- values ---- */

static bool is_number(const cJSON *v)
{
    return cJSON_IsNumber(v) || cJSON_IsRaw(v);
}

static const char *number_text(struct doc *d, enum unit u, double v)
{
    char buf[UNIT_TEXT_MAX];
    if (u != UNIT_NONE)
        return doc_printf(d, "%s", unit_format(u, v, buf));
    return v == floor(v) && fabs(v) < 1e15 ? doc_printf(d, "%.0f", v) : doc_printf(d, "%.6g", v);
}

/* A list or object on one line: "a, b", "200: 10, 503: 1". */
static const char *inner_text(struct doc *d, const cJSON *v)
{
    struct strbuf b = {0};
    const cJSON *item;
    cJSON_ArrayForEach(item, v)
    {
        const char *name = cJSON_IsObject(v) ? item->string : NULL;
        strbuf_printf(&b, "%s%s%s%s", b.len ? ", " : "", name ? name : "", name ? " " : "",
                      result_show(d, name ? name : "", item));
    }
    const char *text = b.len ? doc_text(d, strbuf_text(&b)) : "-";
    strbuf_free(&b);
    return text;
}

const char *result_show(struct doc *d, const char *key, const cJSON *v)
{
    if (is_number(v))
        return number_text(d, result_unit(key), result_number(v));
    if (cJSON_IsString(v))
        return doc_text(d, v->valuestring);
    if (cJSON_IsBool(v))
        return cJSON_IsTrue(v) ? "yes" : "no";
    return cJSON_IsArray(v) || cJSON_IsObject(v) ? inner_text(d, v) : "-";
}

double result_at(const cJSON *list, size_t i, const char *key)
{
    return result_get_real(cJSON_GetArrayItem(list, (int)i), key);
}

static struct cell cell_of(struct doc *d, const char *key, const cJSON *v)
{
    if (is_number(v)) {
        double x = result_number(v);
        enum unit u = result_unit(key);
        bool whole = (u == UNIT_NS || u == UNIT_BYTES || u == UNIT_NONE) && x == floor(x) && fabs(x) < 9e18;
        return whole ? cell_int((int64_t)x) : cell_real(x);
    }
    if (cJSON_IsBool(v))
        return cell_bool(cJSON_IsTrue(v));
    return !v || cJSON_IsNull(v) ? cell_unknown() : cell_text(result_show(d, key, v));
}

/* ---- tables ---- */

enum { COLUMNS_MOST = 40 };

/* The keys of all rows in the order of their first sight; those that are unknown everywhere are left out. */
struct keys {
    const char *items[COLUMNS_MOST];
    bool known[COLUMNS_MOST], text[COLUMNS_MOST];
    size_t width[COLUMNS_MOST], n;
};

static void note_key(struct keys *k, const cJSON *v)
{
    size_t i = 0;
    while (i < k->n && strcmp(k->items[i], v->string) != 0)
        i++;
    if (i == COLUMNS_MOST)
        return;
    if (i == k->n) {
        k->items[k->n++] = v->string;
        k->known[i] = k->text[i] = false;
        k->width[i] = 0;
    }
    k->known[i] |= !cJSON_IsNull(v);
    k->text[i] |= !is_number(v) && !cJSON_IsNull(v);
    if (cJSON_IsString(v))
        k->width[i] = MAX(k->width[i], strlen(v->valuestring));
}

static struct keys keys_of(const cJSON *rows)
{
    struct keys k = {.n = 0};
    const cJSON *row, *v;
    cJSON_ArrayForEach(row, rows)
    {
        cJSON_ArrayForEach(v, row) note_key(&k, v);
    }
    return k;
}

static struct table *add_table(struct doc *d, const struct result_kind *k, const char *key, const char *title,
                               const struct keys *keys)
{
    struct column *c = arena_alloc(d->arena, (keys->n + 1) * sizeof *c);
    size_t n = 0, grows = SIZE_MAX;
    for (size_t i = 0; i < keys->n; i++)
        if (keys->known[i] && keys->text[i] && (grows == SIZE_MAX || keys->width[i] > keys->width[grows]))
            grows = i;
    for (size_t i = 0; i < keys->n; i++) {
        if (!keys->known[i])
            continue;
        const char *name = doc_text(d, keys->items[i]);
        enum unit u = result_unit(name);
        bool time = str_eq(name, "time") || str_ends(name, "_time");
        c[n] = (struct column){.key = name,
                               .title = title_of(d, k, name),
                               .unit = keys->text[i] ? UNIT_NONE : u,
                               .flags = (keys->text[i] ? COLUMN_LEFT : 0) | (i == grows ? COLUMN_GROW : 0),
                               .priority = n < 4 ? 0 : (int)n,
                               .width = keys->text[i]    ? (time ? 24 : (int)MIN(MAX(keys->width[i], 5), 28))
                                        : u == UNIT_NONE ? 10
                                                         : 0,
                               .help = "as in the document"};
        n++;
    }
    struct section *s = doc_table(d, key, title, c, n);
    s->table.sort_column = -1;
    return &s->table;
}

static void add_cells(struct doc *d, struct table *t, const cJSON *row)
{
    struct row *r = doc_row(d, t);
    for (size_t i = 0; i < t->n_columns; i++)
        r->cells[i] = cell_of(d, t->columns[i].key, cJSON_GetObjectItemCaseSensitive(row, t->columns[i].key));
    const char *verdict = result_get_text(row, "verdict");
    const cJSON *passed = cJSON_GetObjectItemCaseSensitive(row, "passed");
    const cJSON *held = cJSON_GetObjectItemCaseSensitive(row, "held");
    const cJSON *ok = cJSON_GetObjectItemCaseSensitive(row, "ok");
    if (cJSON_IsFalse(passed) || cJSON_IsFalse(ok) || str_eq(verdict, "fail") || str_eq(verdict, "slower"))
        r->severity = SEVERITY_BAD;
    else if (cJSON_IsFalse(held))
        r->severity = SEVERITY_WARN;
}

static void add_rows(struct doc *d, const struct result_kind *k, const cJSON *list)
{
    struct keys keys = keys_of(list);
    struct table *t = add_table(d, k, doc_text(d, list->string), title_of(d, k, list->string), &keys);
    const cJSON *row;
    cJSON_ArrayForEach(row, list) add_cells(d, t, row);
}

/* ---- percentiles: the objects with p50_ns, a row each ---- */

static bool is_latency(const cJSON *v)
{
    return cJSON_IsObject(v) && cJSON_HasObjectItem(v, "p50_ns");
}

static void add_latencies(struct doc *d, const struct result_kind *k, const cJSON *o)
{
    cJSON *rows = cJSON_CreateArray();
    const cJSON *v;
    cJSON_ArrayForEach(v, o)
    {
        if (!is_latency(v) || (k && is_in(k->hidden, v->string)))
            continue;
        cJSON *row = result_row(rows);
        const cJSON *x;
        result_text(row, "of", title_of(d, k, v->string));
        cJSON_ArrayForEach(x, v) cJSON_AddItemToObject(row, x->string, cJSON_Duplicate(x, true));
    }
    if (cJSON_GetArraySize(rows)) {
        struct keys keys = keys_of(rows);
        struct table *t = add_table(d, k, "percentiles", "Percentiles", &keys);
        const cJSON *row;
        cJSON_ArrayForEach(row, rows) add_cells(d, t, row);
    }
    cJSON_Delete(rows);
}

/* ---- the rest ---- */

static void add_field(struct doc *d, const struct result_kind *k, struct section *s, const cJSON *v)
{
    struct cell c = cell_of(d, v->string, v);
    section_field(d, s, doc_text(d, v->string), title_of(d, k, v->string), result_unit(v->string), c);
}

static bool is_list_of_objects(const cJSON *v)
{
    return cJSON_IsArray(v) && cJSON_IsObject(v->child);
}

static void add_object(struct doc *d, const struct result_kind *k, const cJSON *o)
{
    struct section *s = NULL;
    const cJSON *v;
    cJSON_ArrayForEach(v, o)
    {
        if (is_list_of_objects(v))
            continue;
        if (!s)
            s = doc_section(d, SECTION_FIELDS, doc_text(d, o->string), title_of(d, k, o->string));
        add_field(d, k, s, v);
    }
    add_latencies(d, k, o);
    cJSON_ArrayForEach(v, o)
    {
        if (is_list_of_objects(v))
            add_rows(d, k, v);
    }
}

static void add_part(struct doc *d, const struct result_kind *k, const cJSON *v)
{
    if (k && is_in(k->hidden, v->string))
        return;
    if (is_list_of_objects(v))
        add_rows(d, k, v);
    else if (cJSON_IsObject(v) && v->child && !is_latency(v))
        add_object(d, k, v);
}

/* All figures that stand alone, and short lists. */
static void add_figures(struct doc *d, const struct result_kind *k, const cJSON *o)
{
    struct section *s = NULL;
    const cJSON *v;
    cJSON_ArrayForEach(v, o)
    {
        bool part = is_list_of_objects(v) || (cJSON_IsObject(v) && v->child);
        bool empty = cJSON_IsArray(v) && !v->child;
        bool said = str_eq(v->string, "view") || str_eq(v->string, "notes") || str_eq(v->string, "warnings");
        if (part || empty || said || (k && is_in(k->hidden, v->string)))
            continue;
        if (!s)
            s = doc_section(d, SECTION_FIELDS, "figures", "Figures");
        add_field(d, k, s, v);
    }
}

/* ---- the headline ---- */

static enum severity verdict_severity(const char *verdict)
{
    static const char *const bad[] = {"fail", "slower", NULL}, *const warn[] = {"unreliable", "stopped",
                                                                                "unsure", NULL};
    return !verdict               ? SEVERITY_NONE
           : is_in(bad, verdict)  ? SEVERITY_BAD
           : is_in(warn, verdict) ? SEVERITY_WARN
                                  : SEVERITY_GOOD;
}

const char *result_headline(struct doc *d, const cJSON *o, enum severity *s)
{
    const struct result_kind *k = result_kind_of(result_get_text(o, "view"));
    const char *verdict = result_get_text(o, "verdict");
    *s = verdict_severity(verdict);
    if (k && k->headline)
        return k->headline(d, o, s);
    return verdict ? doc_printf(d, "Verdict: %s.", verdict) : NULL;
}

enum { HEADLINE_LINES = 4, NARROW = 76 };

/* On a screen of 80 columns. */
static int lines_of(const char *text)
{
    int n = 0;
    for (; *text; text += strspn(text, "\n")) {
        size_t len = strcspn(text, "\n");
        n += 1 + (int)MIN(len / NARROW, (size_t)HEADLINE_LINES);
        text += len;
    }
    return n;
}

static void add_headline(struct doc *d, const cJSON *o)
{
    static const char *const lists[] = {"warnings", "notes"};
    struct strbuf b = {0};
    enum severity severity;
    const char *headline = result_headline(d, o, &severity);
    if (headline)
        strbuf_str(&b, headline);
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        const cJSON *v;
        cJSON_ArrayForEach(v, cJSON_GetObjectItemCaseSensitive(o, lists[i]))
        {
            if (cJSON_IsString(v))
                strbuf_printf(&b, "%s%s", b.len ? "\n" : "", v->valuestring);
        }
    }
    if (b.len) {
        struct section *s =
            doc_section(d, SECTION_TEXT, NULL, severity == SEVERITY_BAD ? "Does not hold" : "Result");
        s->text = doc_text(d, strbuf_text(&b));
        s->min_height = MIN(lines_of(s->text), HEADLINE_LINES); /* what matters stays in sight */
    }
    strbuf_free(&b);
}

struct doc *result_doc(const cJSON *o)
{
    const char *view = result_get_text(o, "view");
    const struct result_kind *k = result_kind_of(view);
    struct doc *d = doc_new("result", k ? k->title : "Result");
    char *json = result_print(o);
    const cJSON *v;
    d->view = doc_text(d, view ? view : "result");
    d->json = doc_text(d, json);
    free(json);
    add_headline(d, o);
    if (k && k->draw)
        k->draw(d, o);
    add_latencies(d, k, o);
    for (size_t i = 0; k && k->order && k->order[i]; i++)
        if ((v = cJSON_GetObjectItemCaseSensitive(o, k->order[i])))
            add_part(d, k, v);
    cJSON_ArrayForEach(v, o)
    {
        if (!k || !is_in(k->order, v->string))
            add_part(d, k, v);
    }
    add_figures(d, k, o);
    return d;
}
