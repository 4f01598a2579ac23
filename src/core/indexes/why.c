#include "core/indexes/why.h"

#include <stdlib.h>

struct saying {
    const struct index_def *d;
    struct strbuf *out;
    size_t n; /* parts so far */
};

static const char *key_name(const struct index_def *d, const struct index_key *k)
{
    if (k->column >= 0)
        return d->rel->columns[k->column].name;
    return k->expr && !strchr(k->expr, '\'') ? k->expr : "the expression"; /* no constants */
}

static bool same_key(const struct index_key *a, const struct index_key *b)
{
    return a->column == b->column && (a->column >= 0 || str_eq(a->expr, b->expr)) &&
           str_eq(a->collation, b->collation);
}

static const struct pred *served(const struct table_use *u, const struct index_key *k, bool joins)
{
    for (size_t i = 0; i < u->n_preds; i++)
        if (same_key(&u->preds[i].key, k) && (u->preds[i].kind == PRED_JOIN) == joins &&
            u->preds[i].kind != PRED_NOT_NULL)
            return &u->preds[i];
    return NULL;
}

static void list(struct strbuf *out, const char *name, size_t n)
{
    strbuf_printf(out, "%s%s", n ? " and " : "", name);
}

/* Leading keys compared by equality, then one range. Gives how many keys that takes. */
static size_t lookups(const struct table_use *u, struct saying *s)
{
    struct strbuf found = {0}, joined = {0};
    const struct index_def *d = s->d;
    size_t n_found = 0, n_joined = 0, k = 0;
    for (bool on = true; k < d->n_keys && on; k++) {
        const struct index_key *key = &d->keys[k];
        const struct pred *p = served(u, key, false), *join = served(u, key, true);
        if (!p && !join)
            break;
        if (!p) {
            list(&joined, key_name(d, key), n_joined++);
            continue;
        }
        static const char *const ways[] = {
            [PRED_RANGE] = "the range of ",       [PRED_PREFIX] = "the prefix of ",
            [PRED_CONTAINS] = "the trigrams of ", [PRED_JSON] = "the elements of ",
            [PRED_SEARCH] = "the words in ",      [PRED_SPACE] = "the extent of "};
        const char *way = p->kind < ARRAY_LEN(ways) ? ways[p->kind] : NULL;
        char *what = mem_printf("%s%s", way ? way : "", key_name(d, key));
        list(&found, what, n_found++);
        free(what);
        on = p->kind != PRED_RANGE && p->kind != PRED_PREFIX;
    }
    if (n_found)
        strbuf_printf(s->out, "Finds the rows by %s", found.text);
    if (n_joined)
        strbuf_printf(s->out, "%s by %s",
                      n_found ? ", for each row of the other side of the join"
                              : "Finds the rows for each row of the other side of the join",
                      joined.text);
    s->n += n_found + n_joined;
    strbuf_free(&found);
    strbuf_free(&joined);
    return k;
}

/* Do the keys from the first on that is not fixed give this order? */
static bool orders(const struct table_use *u, const struct index_def *d, const struct ordering *o)
{
    size_t at = 0;
    for (size_t i = 0; i < o->n; i++) {
        while (at < d->n_keys && !same_key(&d->keys[at], &o->keys[i]) && served(u, &d->keys[at], false))
            at++;
        if (at == d->n_keys || !same_key(&d->keys[at], &o->keys[i]))
            return false;
        at++;
    }
    return o->n > 0;
}

static bool covers(const struct table_use *u, const struct index_def *d)
{
    if (u->whole_row || (d->method != INDEX_BTREE))
        return false;
    for (size_t i = 0; i < d->rel->n_columns; i++)
        if (u->needed[i] && !d->rel->columns[i].dropped && !index_def_has(d, (int)i))
            return false;
    return true;
}

static const struct table_use *use_for(const struct statement_use *su, const struct index_def *d)
{
    const struct table_use *any = NULL;
    for (size_t i = 0; i < su->n; i++) {
        const struct table_use *u = &su->items[i];
        if (u->rel != d->rel)
            continue;
        any = any ? any : u;
        if (served(u, &d->keys[0], false) || served(u, &d->keys[0], true))
            return u;
    }
    return any;
}

static bool nearest(const struct table_use *u, const struct index_def *d)
{
    bool near = false;
    for (size_t i = 0; i < u->n_preds; i++) {
        if (!same_key(&u->preds[i].key, &d->keys[0]) || !pred_inside(u->preds[i].kind))
            continue;
        if (u->preds[i].kind != PRED_NEAREST)
            return false;
        near = true;
    }
    return near && index_method_unsized(d->method);
}

void index_why(const struct statement_use *su, const struct index_def *d, struct strbuf *out)
{
    const struct table_use *u = use_for(su, d);
    struct saying s = {.d = d, .out = out, .n = 0};
    if (!u)
        return;
    if (d->method == INDEX_BRIN) {
        strbuf_printf(out, "Skips the blocks outside of the range of %s; the rows are stored in its order.",
                      key_name(d, &d->keys[0]));
        return;
    }
    if (nearest(u, d)) {
        strbuf_printf(out, "Returns the rows nearest by %s first, so that it can stop early.",
                      key_name(d, &d->keys[0]));
        return;
    }
    lookups(u, &s);
    for (size_t i = 0; i < u->n_orders && d->method == INDEX_BTREE; i++)
        if (orders(u, d, &u->orders[i])) {
            bool group = u->orders[i].group;
            strbuf_str(out, s.n ? ", " : "Returns the rows ");
            strbuf_str(out, group ? "sorted by group" : "in the requested order");
            strbuf_str(out, u->orders[i].limit ? ", so that it can stop early" : "");
            s.n++;
            break;
        }
    if (covers(u, d)) {
        strbuf_str(out, s.n ? "; contains every column that is read" : "Contains every column that is read");
        s.n++;
    }
    if (!s.n)
        strbuf_str(out, "The planner prefers it");
    if (d->predicate)
        strbuf_str(out, "; it contains only the rows of the constant condition");
    strbuf_char(out, '.');
}
