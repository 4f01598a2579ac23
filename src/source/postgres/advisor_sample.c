/* advisor_sample.c - rows of a sample of a table's pages: how wide and how distinct what would be
 * in an index is. */
#include "source/postgres/advisor_private.h"

#include <stdlib.h>

#define SAMPLE_ROWS        6000
#define SAMPLE_PAGES_LEAST 40 /* of rows so short that fewer pages hold as many */

/* What is wanted of each row of a table. */
struct wanted {
    const struct catalog_relation *r;
    struct advisor_wanted of;
};

static bool is_wanted(const struct wanted *w, size_t column)
{
    return w->of.columns[column] && !w->r->columns[column].dropped;
}

/* The list behind SELECT; how many items it has. */
static size_t select_list(const struct wanted *w, struct strbuf *b)
{
    size_t n = 0;
    for (size_t i = 0; i < w->r->n_columns; i++) {
        if (!is_wanted(w, i))
            continue;
        struct strbuf name = {0};
        sql_quote(w->r->columns[i].name, &name);
        strbuf_printf(b, "%spg_catalog.pg_column_size(%s)::pg_catalog.int4", n++ ? ", " : "", name.text);
        if (w->of.columns[i] & ADVISOR_VALUES)
            strbuf_printf(
                b, ", pg_catalog.hashtextextended(%s::pg_catalog.text COLLATE \"C\", 0)::pg_catalog.int8",
                name.text);
        strbuf_free(&name);
    }
    /* As stored: in a row short values have short headers; a row alone takes 24 bytes. */
    for (size_t i = 0; i < w->of.n_expressions; i++)
        strbuf_printf(b,
                      "%spg_catalog.pg_column_size(ROW(%s))::pg_catalog.int4 OPERATOR(pg_catalog.-) 24, "
                      "pg_catalog.hashtextextended((%s)::pg_catalog.text COLLATE \"C\", 0)::pg_catalog.int8",
                      n++ ? ", " : "", w->of.expressions[i], w->of.expressions[i]);
    for (size_t i = 0; i < w->of.n_conditions; i++)
        strbuf_printf(b, "%s((%s) IS TRUE)::pg_catalog.int4", n++ ? ", " : "", w->of.conditions[i]);
    return n;
}

/* Whole pages: where equal values are stored together, single rows of a page hide it. */
static void from_sample(const struct advisor *a, const struct catalog_relation *r, struct strbuf *b)
{
    double pages = MIN(a->sample_pages, MAX(SAMPLE_ROWS / MAX(r->rows / r->pages, 1), SAMPLE_PAGES_LEAST));
    strbuf_str(b, " FROM ONLY ");
    sql_quote(r->schema, b);
    strbuf_char(b, '.');
    sql_quote(r->name, b);
    /* The same pages each time: the same table gets the same advice. */
    strbuf_printf(b, " TABLESAMPLE SYSTEM (%.6f) REPEATABLE (1) LIMIT %d", MIN(100, 100 * pages / r->pages),
                  SAMPLE_ROWS * 3);
}

/* Widths and hashes of all rows, from result column `at` on; null: -1 and 1. NULL hash: not read. */
static void read_column(struct catalog *c, const PGresult *res, int at, size_t n, int32_t **width,
                        uint64_t **hash)
{
    *width = arena_alloc(c->arena, (n + 1) * sizeof **width);
    if (hash)
        *hash = arena_alloc(c->arena, (n + 1) * sizeof **hash);
    for (size_t row = 0; row < n; row++) {
        bool null = conn_is_null(res, (int)row, hash ? at + 1 : at);
        (*width)[row] = null ? -1 : (int32_t)conn_int(res, (int)row, at);
        if (hash)
            (*hash)[row] = null ? 1 : (uint64_t)conn_int(res, (int)row, at + 1);
    }
}

static double mean_width(const int32_t *width, size_t n)
{
    double sum = 0, there = 0;
    for (size_t row = 0; row < n; row++) {
        sum += width[row] < 0 ? 0 : width[row];
        there += width[row] >= 0;
    }
    return there > 0 ? sum / there : 4;
}

static double longest_of(const int32_t *width, size_t n)
{
    int32_t most = 0;
    for (size_t row = 0; row < n; row++)
        most = MAX(most, width[row]);
    return most;
}

static struct catalog_sample *read_sample(struct catalog *c, const struct wanted *w, const PGresult *res)
{
    struct catalog_sample *s = arena_alloc(c->arena, sizeof *s);
    s->n = (size_t)PQntuples(res);
    s->hash = arena_alloc(c->arena, w->r->n_columns * sizeof *s->hash);
    s->width = arena_alloc(c->arena, w->r->n_columns * sizeof *s->width);
    int64_t *page = arena_alloc(c->arena, (s->n + 1) * sizeof *page);
    for (size_t row = 0; row < s->n; row++)
        page[row] = conn_int(res, (int)row, 0);
    s->page = page;
    int at = 1;
    for (size_t i = 0; i < w->r->n_columns; i++) {
        if (!is_wanted(w, i))
            continue;
        bool values = w->of.columns[i] & ADVISOR_VALUES;
        int32_t *width;
        uint64_t *hash = NULL;
        read_column(c, res, at, s->n, &width, values ? &hash : NULL);
        s->hash[i] = hash;
        s->width[i] = width;
        at += values ? 2 : 1;
    }
    s->expressions = arena_alloc(c->arena, (w->of.n_expressions + 1) * sizeof *s->expressions);
    for (; s->n_expressions < w->of.n_expressions; s->n_expressions++, at += 2) {
        int32_t *width;
        uint64_t *hash;
        read_column(c, res, at, s->n, &width, &hash);
        s->expressions[s->n_expressions] =
            (struct catalog_expression){.sql = arena_strdup(c->arena, w->of.expressions[s->n_expressions]),
                                        .hash = hash,
                                        .width = width,
                                        .avg_width = mean_width(width, s->n)};
    }
    s->conditions = arena_alloc(c->arena, (w->of.n_conditions + 1) * sizeof *s->conditions);
    for (; s->n_conditions < w->of.n_conditions; s->n_conditions++, at++) {
        bool *holds = arena_alloc(c->arena, s->n + 1);
        for (size_t row = 0; row < s->n; row++)
            holds[row] = conn_int(res, (int)row, at) == 1;
        s->conditions[s->n_conditions] = (struct catalog_condition){
            .sql = arena_strdup(c->arena, w->of.conditions[s->n_conditions]), .holds = holds};
    }
    return s;
}

bool advisor_sample(struct advisor *a, struct catalog *c, struct catalog_relation *r,
                    const struct advisor_wanted *wanted, struct sd_error *err)
{
    struct strbuf b = {0};
    struct wanted w = {.r = r, .of = *wanted};
    if (!(r->rows >= 1) || !(r->pages >= 1) || (r->kind != 'r' && r->kind != 'm'))
        return fail(err, "there is nothing to sample");
    strbuf_str(&b, OWN_TAG "SELECT (ctid::pg_catalog.text::pg_catalog.point)[0]::pg_catalog.int8, ");
    size_t n = select_list(&w, &b);
    from_sample(a, r, &b);
    PGresult *res = NULL;
    /* It executes what is in the expressions, and the casts to text. */
    bool ok = n > 0 && advisor_transaction(a, err) &&
              advisor_checked(a, harmless_statement(a->conn, b.text, err), err) &&
              advisor_ask(a, b.text, 0, NULL, &res, err);
    strbuf_free(&b);
    if (!ok) {
        struct sd_error why = *err;
        advisor_transaction_end(a);
        *err = why;
        return false;
    }
    struct catalog_sample *s = read_sample(c, &w, res);
    PQclear(res);
    for (size_t i = 0; i < r->n_columns; i++)
        if (s->width[i] && s->n)
            r->columns[i].longest = longest_of(s->width[i], s->n);
    if (s->n >= 100)
        r->sample = s;
    return s->n >= 100;
}
