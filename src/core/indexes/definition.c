#include "core/sql/statement.h"
#include "core/indexes/definition.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#define NAME_MAX_BYTES 63 /* NAMEDATALEN - 1 */

const char *index_method_name(enum index_method m)
{
    static const char *const names[] = {
        [INDEX_BTREE] = "btree", [INDEX_GIN] = "gin",   [INDEX_BRIN] = "brin",
        [INDEX_HASH] = "hash",   [INDEX_GIST] = "gist", [INDEX_SPGIST] = "spgist"};
    return names[m];
}

bool index_method_asked(enum index_method m)
{
    return m == INDEX_BTREE || m == INDEX_BRIN || m == INDEX_HASH;
}

bool index_method_unsized(enum index_method m)
{
    return m == INDEX_GIN || m == INDEX_GIST || m == INDEX_SPGIST;
}

/* The next character that counts: not brackets and blanks, which the server adds, nor
 * casts of constants. */
static const char *solid(const char *s)
{
    static const char *const more[] = {" varying", " precision", " without time zone", " with time zone"};
    for (;;) {
        if (*s && strchr(" ()[]", *s)) {
            s++;
        } else if (s[0] == ':' && s[1] == ':') {
            s += 2;
            while (isalnum((unsigned char)*s) || (*s && strchr("_.\"", *s)))
                s++;
            for (size_t i = 0; i < ARRAY_LEN(more); i++)
                if (str_starts(s, more[i]))
                    s += strlen(more[i]);
        } else {
            return s;
        }
    }
}

/* What the server makes of "IN (". */
static size_t in_list(const char *s)
{
    return str_starts(s, "= ANY (ARRAY[") ? 13 : str_starts(s, "IN (") ? 4 : 0;
}

/* Is it the same SQL, as we write it and as the server does? NULL is the same as NULL. */
static bool same_sql(const char *a, const char *b)
{
    bool quoted = false;
    if (a == b || !a || !b)
        return a == b;
    for (;; a++, b++) {
        if (!quoted) {
            a = solid(a);
            b = solid(b);
            size_t x = in_list(a), y = in_list(b);
            if (x && y) {
                a = solid(a + x);
                b = solid(b + y);
            }
        }
        if (*a != *b)
            return false;
        if (!*a)
            return true;
        quoted ^= *a == '\'';
    }
}

static bool same_key(const struct index_key *a, const struct index_key *b)
{
    return a->column == b->column && same_sql(a->expr, b->expr) && str_eq(a->opclass, b->opclass) &&
           str_eq(a->collation, b->collation) && a->desc == b->desc && a->nulls_first == b->nulls_first;
}

static bool same_place(const struct index_def *a, const struct index_def *b)
{
    return a->rel == b->rel && a->method == b->method && same_sql(a->predicate, b->predicate);
}

bool index_def_has(const struct index_def *d, int column)
{
    for (size_t i = 0; i < d->n_keys; i++)
        if (d->keys[i].column == column)
            return true;
    for (size_t i = 0; i < d->n_include; i++)
        if (d->include[i] == column)
            return true;
    return false;
}

bool index_def_covers(const struct index_def *a, const struct index_def *b)
{
    if (!same_place(a, b) || a->n_keys < b->n_keys)
        return false;
    for (size_t i = 0; i < b->n_keys; i++)
        if (!same_key(&a->keys[i], &b->keys[i]))
            return false;
    for (size_t i = 0; i < b->n_include; i++)
        if (!index_def_has(a, b->include[i]))
            return false;
    return true;
}

bool index_def_same(const struct index_def *a, const struct index_def *b)
{
    return a->n_keys == b->n_keys && a->n_include == b->n_include && index_def_covers(a, b);
}

/* An index that exists, as a definition. False: it has another method, or operators other
 * than the default. */
static bool index_def_existing(const struct catalog_relation *r, const struct catalog_index *ix,
                               struct index_def *out)
{
    *out = (struct index_def){.rel = r, .predicate = ix->predicate, .predicate_share = 1};
    if (strcmp(ix->method, "btree") != 0 || ix->other_opclass || ix->n_keys > INDEX_KEYS ||
        ix->n_columns - ix->n_keys > INDEX_INCLUDES)
        return false;
    for (size_t i = 0; i < ix->n_keys; i++)
        out->keys[out->n_keys++] = (struct index_key){.column = ix->keys[i],
                                                      .expr = ix->expressions[i],
                                                      .collation = ix->collations[i],
                                                      .desc = ix->options[i] & CATALOG_DESC,
                                                      .nulls_first = ix->options[i] & CATALOG_NULLS_FIRST};
    for (size_t i = ix->n_keys; i < ix->n_columns; i++)
        out->include[out->n_include++] = ix->keys[i];
    return true;
}

/* GIN and BRIN support each column by itself, in any position; the operators are assumed to match. */
static bool serves(const struct catalog_index *ix, const struct index_def *d)
{
    if (strcmp(ix->method, index_method_name(d->method)) != 0 ||
        (ix->predicate && !same_sql(ix->predicate, d->predicate)))
        return false;
    for (size_t k = 0; k < d->n_keys; k++) {
        bool found = false;
        for (size_t i = 0; i < ix->n_keys && !found; i++)
            found = ix->keys[i] == d->keys[k].column && same_sql(ix->expressions[i], d->keys[k].expr);
        if (!found)
            return false;
    }
    return true;
}

static const struct catalog_index *find_existing(const struct index_def *d, bool valid)
{
    struct index_def have;
    for (size_t i = 0; i < d->rel->n_indexes; i++) {
        const struct catalog_index *ix = &d->rel->indexes[i];
        if (ix->is_valid != valid)
            continue;
        if (d->method != INDEX_BTREE && serves(ix, d))
            return ix;
        if (index_def_existing(d->rel, ix, &have) && index_def_covers(&have, d))
            return ix;
    }
    return NULL;
}

const struct catalog_index *index_def_exists(const struct index_def *d)
{
    return find_existing(d, true);
}

const struct catalog_index *index_def_invalid(const struct index_def *d)
{
    struct index_def keys = *d; /* what it carries besides is of no account */
    keys.n_include = 0;
    return find_existing(&keys, false);
}

/* That of a partitioned table becomes valid with those of its partitions, and a unique one fails again while
 * there are equal values. */
const struct catalog_index *index_def_mends(const struct index_def *d)
{
    const struct catalog_index *ix = d->rel->kind == 'p' ? NULL : find_existing(d, false);
    return ix && !ix->is_unique ? ix : NULL;
}

static char *index_name(const struct index_def *d, const struct catalog_index *ix)
{
    struct strbuf name = {0};
    if (*d->rel->schema) {
        sql_quote(d->rel->schema, &name);
        strbuf_char(&name, '.');
    }
    sql_quote(ix->name, &name);
    return strbuf_detach(&name);
}

void index_def_statement(const struct index_def *d, const char *name, struct strbuf *out)
{
    const struct catalog_index *ix = index_def_mends(d);
    char *old = ix ? index_name(d, ix) : NULL;
    if (old && sql_is_line(old))
        strbuf_printf(out, "REINDEX INDEX CONCURRENTLY %s", old);
    else
        index_def_ddl(d, name, out);
    free(old);
}

char *index_def_invalid_text(const struct index_def *d)
{
    const struct catalog_index *ix = index_def_invalid(d), *mend = index_def_mends(d);
    if (!ix)
        return NULL;
    ix = mend ? mend : ix;
    char *name = index_name(d, ix);
    char *cure =
        mend ? mem_printf("REINDEX INDEX CONCURRENTLY %s makes it valid: no other one is needed", name)
        : ix->is_unique && d->rel->kind != 'p'
            ? mem_printf("It is unique: building it probably failed for equal values. DROP INDEX "
                         "CONCURRENTLY %s, unless these can be removed and it can be built anew",
                         name)
            : mem_printf("The new one is another: DROP INDEX%s %s before it is created",
                         d->rel->kind == 'p' ? "" : " CONCURRENTLY", name);
    char *text = mem_printf("There is an index on it, %s, but it is invalid: no statement uses it, and every "
                            "write pays for it. %s.",
                            name, cure);
    free(cure);
    free(name);
    return text;
}

/* ---- what fits into an entry ---- */

#define ENTRY_MOST 2704.0
#define UNSEEN     1.5 /* the longest of a table are longer than the longest of a sample */

/* Bytes the longest value of a column may have within an index. */
static double longest(const struct catalog_relation *r, int column)
{
    const struct catalog_column *c = &r->columns[column];
    double most = isnan(c->most_bytes) ? INFINITY : c->most_bytes;
    if (c->length > 0)
        return c->length;
    if (!(c->longest >= 0)) /* not sampled: the average alone tells only the worst */
        return MIN(most, isnan(c->avg_width) ? 32 : c->avg_width);
    return MIN(most, UNSEEN * c->longest);
}

bool index_def_too_long(const struct index_def *d, int *column)
{
    double sum = 8, worst = 0;
    *column = -1;
    /* Where nothing is stored outside of the rows, each whole row is below 2 kB. */
    if (d->method != INDEX_BTREE || d->rel->toast_pages <= 0)
        return false;
    for (size_t i = 0; i < d->n_keys + d->n_include; i++) {
        int at = i < d->n_keys ? d->keys[i].column : d->include[i - d->n_keys];
        const struct catalog_sample *s = at < 0 ? d->rel->sample : NULL;
        double bytes = at >= 0 ? longest(d->rel, at) : 32;
        for (size_t k = 0; s && k < s->n_expressions; k++)
            if (str_eq(s->expressions[k].sql, d->keys[i].expr))
                bytes = MAX(bytes, s->expressions[k].avg_width);
        sum += bytes;
        if (bytes > worst) {
            worst = bytes;
            *column = at;
        }
    }
    return sum > ENTRY_MOST;
}

const struct catalog_index *index_def_doubles(const struct index_def *d)
{
    for (size_t i = 0; d->method == INDEX_BTREE && i < d->rel->n_indexes; i++) {
        const struct catalog_index *ix = &d->rel->indexes[i];
        struct index_def have;
        struct catalog_index plain = *ix;
        plain.other_opclass = false; /* which, is not known */
        if (!ix->is_valid || !index_def_existing(d->rel, &plain, &have) ||
            (have.predicate && !same_sql(have.predicate, d->predicate)))
            continue;
        size_t n = MIN(have.n_keys, d->n_keys), k = 0;
        while (k < n && have.keys[k].column == d->keys[k].column &&
               same_sql(have.keys[k].expr, d->keys[k].expr) &&
               str_eq(have.keys[k].collation, d->keys[k].collation) &&
               (ix->other_opclass || !d->keys[k].opclass))
            k++;
        /* past a unique key nothing leads any further */
        if (k == d->n_keys || (ix->is_unique && k == have.n_keys))
            return ix;
    }
    return NULL;
}

static void key_text(const struct index_def *d, const struct index_key *k, struct strbuf *out)
{
    if (k->column >= 0)
        sql_quote(d->rel->columns[k->column].name, out);
    else
        strbuf_str(out, k->expr);
    if (k->collation)
        strbuf_printf(out, " COLLATE %s", k->collation);
    if (k->opclass)
        strbuf_printf(out, " %s", k->opclass);
    if (k->desc)
        strbuf_str(out, " DESC");
    if (k->nulls_first != k->desc)
        strbuf_str(out, k->nulls_first ? " NULLS FIRST" : " NULLS LAST");
}

void index_def_columns(const struct index_def *d, struct strbuf *out)
{
    strbuf_char(out, '(');
    for (size_t i = 0; i < d->n_keys; i++) {
        strbuf_str(out, i ? ", " : "");
        key_text(d, &d->keys[i], out);
    }
    strbuf_char(out, ')');
    for (size_t i = 0; i < d->n_include; i++) {
        strbuf_str(out, i ? ", " : " INCLUDE (");
        sql_quote(d->rel->columns[d->include[i]].name, out);
    }
    if (d->n_include)
        strbuf_char(out, ')');
}

void index_def_ddl(const struct index_def *d, const char *name, struct strbuf *out)
{
    size_t begin = out->len;
    strbuf_str(out, "CREATE INDEX ");
    if (name) {
        strbuf_str(out, d->rel->kind == 'p' ? "" : "CONCURRENTLY ");
        sql_quote(name, out);
        strbuf_char(out, ' ');
    }
    strbuf_str(out, "ON ");
    if (*d->rel->schema) {
        sql_quote(d->rel->schema, out);
        strbuf_char(out, '.');
    }
    sql_quote(d->rel->name, out);
    if (d->method != INDEX_BTREE)
        strbuf_printf(out, " USING %s", index_method_name(d->method));
    strbuf_char(out, ' ');
    index_def_columns(d, out);
    if (d->predicate)
        strbuf_printf(out, " WHERE %s", d->predicate);
    char *line = sql_is_line(out->text + begin) ? NULL : sql_one_line(out->text + begin);
    if (line) {
        out->len = begin;
        out->text[begin] = '\0';
        strbuf_str(out, line);
    }
    free(line);
}

static bool taken_name(const struct catalog *c, const char *const *taken, size_t n_taken, const char *name)
{
    for (size_t i = 0; i < n_taken; i++)
        if (taken[i] && !strcmp(taken[i], name))
            return true;
    for (size_t i = 0; i < c->n; i++) {
        if (!strcmp(c->relations[i]->name, name))
            return true;
        for (size_t k = 0; k < c->relations[i]->n_indexes; k++)
            if (!strcmp(c->relations[i]->indexes[k].name, name))
                return true;
    }
    return false;
}

/* Letters and digits of an expression: "lower(email)" -> "lower_email". */
static void word(const char *s, struct strbuf *out)
{
    bool gap = false;
    size_t begin = out->len;
    for (; *s; s++) {
        if (isalnum((unsigned char)*s)) {
            if (gap && out->len > begin)
                strbuf_char(out, '_');
            gap = false;
            strbuf_char(out, (char)tolower((unsigned char)*s));
        } else {
            gap = true;
        }
    }
}

char *index_def_name(const struct index_def *d, const struct catalog *c, const char *const *taken,
                     size_t n_taken)
{
    struct strbuf b = {0};
    strbuf_str(&b, d->rel->name);
    for (size_t i = 0; i < d->n_keys; i++) {
        strbuf_char(&b, '_');
        if (d->keys[i].column >= 0)
            strbuf_str(&b, d->rel->columns[d->keys[i].column].name);
        else
            word(d->keys[i].expr, &b);
    }
    if (d->n_include)
        strbuf_str(&b, "_incl");
    if (d->predicate)
        strbuf_str(&b, "_part");
    for (int k = 0;; k++) {
        char tail[16];
        snprintf(tail, sizeof tail, k ? "_idx%d" : "_idx", k);
        size_t keep = MIN(b.len, NAME_MAX_BYTES - strlen(tail));
        while (keep > 0 && ((unsigned char)b.text[keep] & 0xc0) == 0x80)
            keep--;
        char *name = mem_printf("%.*s%s", (int)keep, b.text, tail);
        if (k > 999 || !taken_name(c, taken, n_taken, name)) {
            strbuf_free(&b);
            return name;
        }
        free(name);
    }
}
