#include "core/indexes/redundant.h"

#include "base/base.h"

enum { ITEMS_MAX = 64 }; /* PostgreSQL allows 32 key and included columns */

struct slice {
    const char *s;
    size_t n;
};
struct shape {
    struct slice method, predicate;
    struct slice keys[ITEMS_MAX], include[ITEMS_MAX];
    size_t n_keys, n_include;
};

/* Past one character, or past a whole quoted text or name. */
static const char *past(const char *p)
{
    char quote = *p;
    if (quote != '\'' && quote != '"')
        return p + 1;
    const char *end = strchr(p + 1, quote); /* a doubled quote begins the next piece */
    return end ? end + 1 : p + strlen(p);
}

static const char *find_word(const char *p, const char *word)
{
    while (*p && !str_starts(p, word))
        p = past(p);
    return *p ? p : NULL;
}

/* Items of "(a, b DESC)" at p; the place after it, NULL when it does not end. */
static const char *list(const char *p, struct slice *out, size_t *n)
{
    int depth = 0;
    const char *from = p + 1;
    for (*n = 0; *p; p = past(p)) {
        depth += (*p == '(' || *p == '[') - (*p == ')' || *p == ']');
        if (depth == 0 || (depth == 1 && *p == ',')) {
            if (*n == ITEMS_MAX)
                return NULL;
            while (*from == ' ')
                from++;
            out[(*n)++] = (struct slice){.s = from, .n = (size_t)(p - from)};
            from = p + 1;
        }
        if (depth == 0)
            return p + 1;
    }
    return NULL;
}

static bool shape_of(const char *definition, struct shape *out)
{
    const char *p = definition ? find_word(definition, " USING ") : NULL, *end;
    *out = (struct shape){.predicate = {.s = "", .n = 0}};
    if (!p || !(end = find_word(p += strlen(" USING "), " (")))
        return false;
    out->method = (struct slice){.s = p, .n = (size_t)(end - p)};
    if (!(p = list(end + 1, out->keys, &out->n_keys)))
        return false;
    if (str_starts(p, " INCLUDE (") && !(p = list(p + strlen(" INCLUDE "), out->include, &out->n_include)))
        return false;
    if ((p = find_word(p, " WHERE ")))
        out->predicate = (struct slice){.s = p, .n = strlen(p)};
    return true;
}

static bool same_slice(struct slice a, struct slice b)
{
    return a.n == b.n && !memcmp(a.s, b.s, a.n);
}

static bool holds(const struct shape *s, struct slice item)
{
    bool found = false;
    for (size_t i = 0; i < s->n_keys; i++)
        found |= same_slice(s->keys[i], item);
    for (size_t i = 0; i < s->n_include; i++)
        found |= same_slice(s->include[i], item);
    return found;
}

static bool may_go(const struct sd_index *x)
{
    return x->is_unique == 0 && x->is_constraint == 0;
}

enum redundancy redundant_index(const struct sd_index *x, const struct sd_index *other)
{
    struct shape a, b;
    if (!may_go(x) || other->is_valid != 1 || !shape_of(x->definition, &a) ||
        !shape_of(other->definition, &b))
        return REDUNDANT_NO;
    if (!same_slice(a.method, b.method) || !same_slice(a.predicate, b.predicate) || a.n_keys > b.n_keys)
        return REDUNDANT_NO;
    for (size_t i = 0; i < a.n_keys; i++)
        if (!same_slice(a.keys[i], b.keys[i]))
            return REDUNDANT_NO;
    for (size_t i = 0; i < a.n_include; i++)
        if (!holds(&b, a.include[i]))
            return REDUNDANT_NO;
    if (a.n_keys < b.n_keys || a.n_include < b.n_include)
        return same_slice(a.method, (struct slice){.s = "btree", .n = 5}) ? REDUNDANT_PREFIX : REDUNDANT_NO;
    if (may_go(other) && x->is_valid == 1 &&
        (x->idx_scan > other->idx_scan ||
         (x->idx_scan == other->idx_scan &&
          strcmp(x->name ? x->name : "", other->name ? other->name : "") < 0)))
        return REDUNDANT_NO; /* the other one is */
    return REDUNDANT_DUPLICATE;
}
