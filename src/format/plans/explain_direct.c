/* explain_direct.c - the JSON of EXPLAIN read where it stands, in one pass: of a plan of thousands of nodes a
 * tree of cJSON takes several times longer to make than the plan.
 *
 * Only the form is taken in which EXPLAIN writes it, and of JSON only what no reader takes otherwise. What
 * has another form is left to the tree (explain_json.c), which also says what is wrong with it. What is
 * nested in a node and no plan (workers, grouping sets) is small: of that a tree is made. */
#include "format/plans/explain_reader.h"

#include <endian.h>
#include <stdlib.h>

#include "base/num.h"
#include "format/json_check.h"
#include "format/json_pull.h"
#include "format/plans/explain_tree.h"

enum {
    DEPTH_MAX = 200,  /* of nodes; each is two levels, and the tree follows 1,000 */
    PENDING_MAX = 16, /* nested values of a node */
    NUMBER_MAX = 64,  /* bytes */
    FIELDS_MAX = 256,
    TEXTS = 256,   /* as many as eight bits tell apart */
    SHORT_MAX = 24 /* bytes */
};

struct direct {
    const char *at, *end;
    struct explain_reader r;
    /* EXPLAIN writes the keys of each node in the same order: which field came behind a field. */
    const struct plan_field *next[FIELDS_MAX];
    unsigned char key_len[FIELDS_MAX];
    /* Short texts of the plan, by their hash: types and names that come again are kept once, so that those
     * who compare them find them in the cache. */
    struct {
        const char *text;
        size_t len;
    } short_texts[TEXTS];
};

/* ---- text ---- */

static inline char peek(struct direct *d)
{
    if (d->at<d->end && * d->at> ' ')
        return *d->at;
    while (d->at < d->end && (*d->at == ' ' || *d->at == '\n' || *d->at == '\r' || *d->at == '\t'))
        d->at++;
    return d->at < d->end ? *d->at : 0;
}

static bool take(struct direct *d, char c)
{
    bool is = peek(d) == c;
    d->at += is;
    return is;
}

/* Where the next quote, backslash or control character is. Eight bytes at a time: a byte below `c` sets the
 * top bit of itself minus c. Bytes behind the first hit may look like hits as well. */
static const char *plain_until(const char *p, const char *end)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    for (uint64_t w; end - p >= (ptrdiff_t)sizeof w; p += sizeof w) {
        memcpy(&w, p, sizeof w);
        w = le64toh(w);
        uint64_t quote = w ^ (ones * '"'), slash = w ^ (ones * '\\');
        uint64_t hits = ((w - ones * ' ') & ~w) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash);
        if (hits & tops)
            return p + __builtin_ctzll(hits & tops) / 8;
    }
    while (p < end && (unsigned char)*p >= ' ' && *p != '"' && *p != '\\')
        p++;
    return p;
}

struct piece { /* of the text: a string without its quotes */
    const char *at;
    size_t len;
    bool escapes;
};

static bool string(struct direct *d, struct piece *s)
{
    if (!take(d, '"'))
        return false;
    *s = (struct piece){.at = d->at};
    const char *p = d->at;
    for (;;) {
        p = plain_until(p, d->end);
        if (p >= d->end || (unsigned char)*p < ' ')
            return false;
        if (*p == '"')
            break;
        /* \u is left to the tree */
        if (d->end - p < 2 || !p[1] || !strchr("\"\\/bfnrt", p[1]))
            return false;
        s->escapes = true;
        p += 2;
    }
    s->len = (size_t)(p - s->at);
    d->at = p + 1;
    return true;
}

static const char *keep_short(struct direct *d, const struct piece *s)
{
    /* Its ends tell texts apart well enough: what shares a place is kept again. */
    uint64_t first = 0, last = 0;
    size_t n = MIN(s->len, sizeof first);
    memcpy(&first, s->at, n);
    memcpy(&last, s->at + s->len - n, n);
    uint64_t hash = (first ^ (last << 1) ^ s->len) * UINT64_C(0x9e3779b97f4a7c15);
    size_t at = hash >> 56; /* of TEXTS */
    if (!d->short_texts[at].text || d->short_texts[at].len != s->len ||
        memcmp(d->short_texts[at].text, s->at, s->len) != 0) {
        d->short_texts[at].text = arena_strndup(d->r.plan->arena, s->at, s->len);
        d->short_texts[at].len = s->len;
    }
    return d->short_texts[at].text;
}

static const char *keep(struct direct *d, const struct piece *s)
{
    static const char FROM[] = "bfnrt", TO[] = "\b\f\n\r\t";
    if (s->len <= SHORT_MAX && !s->escapes)
        return keep_short(d, s);
    char *out = arena_alloc(d->r.plan->arena, s->len + 1);
    if (!s->escapes)
        return memcpy(out, s->at, s->len);
    char *to = out;
    for (const char *p = s->at, *end = p + s->len; p < end; p++) {
        const char *known = NULL;
        if (*p == '\\')
            known = strchr(FROM, *++p);
        *to++ = known ? TO[known - FROM] : *p;
    }
    return out;
}

/* ---- values ---- */

static bool is_digit(const struct direct *d)
{
    return d->at < d->end && *d->at >= '0' && *d->at <= '9';
}

/* Digits, added to `v` as long as that is exact; how many there were. */
static size_t digits(struct direct *d, uint64_t *v)
{
    const char *start = d->at;
    for (; is_digit(d); d->at++)
        *v = *v < UINT64_C(1) << 59 ? *v * 10 + (uint64_t)(*d->at - '0') : UINT64_MAX;
    return (size_t)(d->at - start);
}

/* What strtod gives. A quotient of two numbers that a double holds is rounded right. */
static bool number(struct direct *d, double *v)
{
    static const double TENS[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const char *start = d->at;
    uint64_t figures = 0;
    size_t decimals = 0;
    bool minus = *start == '-', power = false;
    d->at += minus;
    if (!digits(d, &figures))
        return false;
    if (d->at < d->end && *d->at == '.') {
        d->at++;
        if ((decimals = digits(d, &figures)) == 0)
            return false;
    }
    if (d->at < d->end && (*d->at == 'e' || *d->at == 'E')) {
        uint64_t ignored = 0;
        power = true;
        d->at++;
        d->at += d->at < d->end && (*d->at == '+' || *d->at == '-');
        if (!digits(d, &ignored))
            return false;
    }
    size_t len = (size_t)(d->at - start);
    if (len >= NUMBER_MAX || d->at == d->end)
        return false;
    if (!power && figures < UINT64_C(1) << 53 && decimals < ARRAY_LEN(TENS)) {
        *v = (double)figures / TENS[decimals];
        *v = minus ? -*v : *v;
        return true;
    }
    char text[NUMBER_MAX];
    memcpy(text, start, len);
    text[len] = 0;
    *v = strtod(text, NULL);
    return true;
}

static bool word(struct direct *d, cJSON *value)
{
    static const struct {
        const char *text;
        int type;
    } WORDS[] = {{"false", cJSON_False}, {"true", cJSON_True}, {"null", cJSON_NULL}};
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        size_t n = strlen(WORDS[i].text);
        if ((size_t)(d->end - d->at) > n && !memcmp(d->at, WORDS[i].text, n)) {
            d->at += n;
            value->type = WORDS[i].type;
            return true;
        }
    }
    return false;
}

/* A value that is neither an object nor an array; its text is the plan's. */
static bool scalar(struct direct *d, cJSON *value)
{
    struct piece s;
    char c = peek(d);
    *value = (cJSON){.type = cJSON_Number};
    if (c == '"') {
        if (!string(d, &s))
            return false;
        value->type = cJSON_String;
        value->valuestring = (char *)keep(d, &s);
        return true;
    }
    return c == '-' || (c >= '0' && c <= '9') ? number(d, &value->valuedouble) : word(d, value);
}

/* A comma, or what closes the list or object; `more`: a comma. */
static bool separated(struct direct *d, char close, bool *more)
{
    char c = peek(d);
    d->at += c == ',' || c == close;
    *more = c == ',';
    return c == ',' || c == close;
}

/* A list of texts: nothing else. */
static bool texts(struct direct *d, struct plan_list *out)
{
    struct arena *a = d->r.plan->arena;
    struct piece s;
    size_t cap = 0;
    *out = (struct plan_list){0};
    d->at++;
    if (take(d, ']'))
        return true;
    for (bool more = true; more;) {
        if (!string(d, &s))
            return false;
        if (out->n == cap) {
            cap = cap ? cap * 2 : 1;
            const char **items = arena_alloc(a, cap * sizeof *items);
            if (out->n)
                memcpy(items, out->items, out->n * sizeof *items);
            out->items = items;
        }
        out->items[out->n++] = keep(d, &s);
        if (!separated(d, ']', &more))
            return false;
    }
    return true;
}

/* The array or object that comes as a tree; NULL: it is broken. */
static cJSON *nested(struct direct *d)
{
    struct json_pull j = json_pull(d->at, (size_t)(d->end - d->at));
    struct sd_error ignored;
    const char *start = d->at;
    json_skip(&j);
    if (j.broken || !json_check(start, (size_t)(j.at - start), &ignored))
        return NULL;
    d->at = j.at;
    return cJSON_ParseWithLength(start, (size_t)(j.at - start));
}

/* ---- nodes ---- */

static bool piece_is(const struct piece *s, const char *text)
{
    return s->len == strlen(text) && !memcmp(s->at, text, s->len);
}

/* The next key and its colon. The field that came behind the one before the last time is tried first. */
static bool next_key(struct direct *d, const struct plan_field **at, struct piece *key)
{
    const struct plan_field *likely = *at ? d->next[*at - plan_node_fields] : NULL;
    if (peek(d) != '"')
        return false;
    if (likely) {
        size_t n = d->key_len[likely - plan_node_fields];
        if ((size_t)(d->end - d->at) > n + 2 && d->at[n + 1] == '"' && !memcmp(d->at + 1, likely->key, n)) {
            d->at += n + 2;
            *at = likely;
            return take(d, ':');
        }
    }
    if (!string(d, key) || key->escapes)
        return false;
    const struct plan_field *f = explain_key(&d->r.node, key->at, key->len);
    if (f && *at)
        d->next[*at - plan_node_fields] = f;
    *at = f;
    return take(d, ':');
}

struct pending { /* a nested value of a node, until its plain ones are known */
    const char *key;
    cJSON *value;
};

struct unfinished {
    struct plan_node *node;
    struct pending items[PENDING_MAX];
    size_t n;
    bool vectorized; /* the key was there */
    const char *vectorized_filter;
};

static bool read_node(struct direct *d, struct plan_node *parent, int depth);

static bool read_plans(struct direct *d, struct plan_node *parent, int depth)
{
    if (!take(d, '['))
        return false;
    if (take(d, ']'))
        return true;
    for (bool more = true; more;)
        if (!read_node(d, parent, depth) || !separated(d, ']', &more))
            return false;
    return true;
}

/* Of a key that is no field's. */
static bool read_other(struct direct *d, struct unfinished *u, const struct piece *key)
{
    cJSON value;
    char c = peek(d);
    if (c != '{' && c != '[') {
        if (!scalar(d, &value))
            return false;
        if (piece_is(key, "Vectorized Filter") && !u->vectorized) {
            u->vectorized = true;
            u->vectorized_filter = value.valuestring;
        }
        return true;
    }
    cJSON *tree = piece_is(key, "Vectorized Filter") ? NULL : nested(d);
    if (!tree)
        return false;
    if (piece_is(key, "Workers") && u->n < PENDING_MAX) {
        u->items[u->n++] = (struct pending){.key = "Workers", .value = tree};
        return true;
    }
    bool ignored = !piece_is(key, "Workers") && !explain_holds_plan(tree);
    cJSON_Delete(tree);
    return ignored;
}

static bool read_field(struct direct *d, struct unfinished *u, const struct plan_field *f)
{
    struct arena *a = d->r.plan->arena;
    void *at = (char *)u->node + f->offset;
    char c = peek(d);
    cJSON value;
    if (f->type == PLAN_TEXT && c == '"') {
        struct piece s;
        if (!string(d, &s))
            return false;
        *(const char **)at = keep(d, &s);
        return true;
    }
    if ((f->type == PLAN_REAL || f->type == PLAN_NS) && c >= '0' && c <= '9') {
        double v;
        if (!number(d, &v))
            return false;
        *(double *)at = explain_figure(v) * (f->type == PLAN_NS ? 1e6 : 1);
        return true;
    }
    if (c != '{' && c != '[') {
        if (!scalar(d, &value))
            return false;
        explain_set(a, f, u->node, &value);
        return true;
    }
    bool of_texts =
        f->type == PLAN_LIST && strcmp(f->key, "Grouping Sets") != 0 && strcmp(f->key, "Target Tables") != 0;
    if (of_texts && c == '[')
        return texts(d, at);
    if (u->n == PENDING_MAX)
        return false;
    cJSON *tree = of_texts ? NULL : nested(d);
    u->items[u->n] = (struct pending){.key = f->key, .value = tree};
    u->n += tree != NULL;
    if (tree)
        explain_set(a, f, u->node, tree);
    return tree != NULL;
}

static bool finish(struct direct *d, struct unfinished *u, bool ok)
{
    if (ok && !u->node->filter)
        u->node->filter = u->vectorized_filter;
    for (size_t i = 0; i < u->n; i++) {
        ok = ok && explain_nested(&d->r, u->node, u->items[i].key, u->items[i].value);
        cJSON_Delete(u->items[i].value);
    }
    return ok;
}

/* A node without a type would be none: the first key of that name has to be a text. */
static bool read_node(struct direct *d, struct plan_node *parent, int depth)
{
    static const char PLANS[] = "Plans";
    const struct plan_field *field = NULL, *type = plan_node_fields;
    struct piece key;
    if (depth == DEPTH_MAX || d->r.plan->n_nodes >= EXPLAIN_MAX_NODES || !take(d, '{') ||
        !next_key(d, &field, &key))
        return false;
    struct unfinished u = {.node = plan_add(d->r.plan, parent)};
    bool ok = true, more = true, typed = false;
    while (ok && more) {
        typed = typed || (field == type && peek(d) == '"');
        if (field)
            ok = (typed || field != type) && read_field(d, &u, field);
        else if (piece_is(&key, PLANS))
            ok = read_plans(d, u.node, depth + 1);
        else
            ok = read_other(d, &u, &key);
        ok = ok && separated(d, '}', &more) && (!more || next_key(d, &field, &key));
    }
    return finish(d, &u, ok && typed);
}

/* ---- documents ---- */

/* The entry as it stands, with an empty object where its plan was. */
static bool read_around(struct direct *d, const char *start, const char *plan, const char *behind)
{
    struct strbuf b = {0};
    struct sd_error ignored;
    strbuf_add(&b, start, (size_t)(plan - start));
    strbuf_str(&b, "{}");
    strbuf_add(&b, behind, (size_t)(d->at - behind));
    const char *text = strbuf_text(&b);
    cJSON *entry = json_check(text, b.len, &ignored) ? cJSON_ParseWithLength(text, b.len) : NULL;
    if (entry) {
        explain_whole_identifier(entry, &text, text + b.len);
        explain_rest(&d->r, entry);
    }
    cJSON_Delete(entry);
    strbuf_free(&b);
    return entry != NULL;
}

static bool read_entry(struct direct *d)
{
    const char *start = d->at, *plan = NULL, *behind = NULL;
    struct piece key;
    if (!take(d, '{'))
        return false;
    for (bool more = true; more;) {
        if (!string(d, &key) || key.escapes || !take(d, ':'))
            return false;
        if (piece_is(&key, "Plan")) {
            if (plan || peek(d) != '{')
                return false;
            plan = d->at;
            if (!read_node(d, NULL, 0))
                return false;
            behind = d->at;
        } else {
            struct json_pull j = json_pull(d->at, (size_t)(d->end - d->at));
            json_skip(&j);
            if (j.broken)
                return false;
            d->at = j.at;
        }
        if (!separated(d, '}', &more))
            return false;
    }
    return plan && read_around(d, start, plan, behind);
}

static bool read_document(struct direct *d, struct explain *out)
{
    bool list = take(d, '[');
    for (bool more = true; more;) {
        peek(d);
        explain_reader_begin(&d->r);
        memset(d->short_texts, 0, sizeof d->short_texts);
        if (!read_entry(d)) {
            plan_free(d->r.plan);
            return false;
        }
        explain_keep(out, d->r.plan);
        more = false;
        if (list && !separated(d, ']', &more))
            return false;
    }
    return true;
}

bool explain_direct(const char *text, const char *end, const char **stop, struct explain *out)
{
    struct direct *d = mem_alloc(sizeof *d);
    struct explain read = {0};
    d->at = text;
    d->end = end;
    for (size_t i = 0; i < plan_n_node_fields; i++)
        d->key_len[i] = (unsigned char)strlen(plan_node_fields[i].key);
    bool ok = plan_n_node_fields <= FIELDS_MAX && read_document(d, &read);
    for (size_t i = 0; ok && i < read.n_plans; i++)
        explain_keep(out, read.plans[i]);
    read.n_plans = ok ? 0 : read.n_plans;
    explain_free(&read);
    *stop = d->at;
    free(d);
    return ok;
}
