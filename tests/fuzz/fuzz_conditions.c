/* Any text as a condition of a plan, and as a sort key: what keys follow from it can be
 * written as a statement that PostgreSQL's parser takes. */
#include <pg_query.h>
#include <stdlib.h>

#include "core/plans/conditions.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct plan_conditions *c, const struct index_key *key)
{
    struct index_def d = {.rel = c->rel, .keys = {*key}, .n_keys = 1, .predicate_share = 1};
    struct strbuf ddl = {0};
    index_def_ddl(&d, "i", &ddl);
    PgQueryParseResult r = pg_query_parse(ddl.text);
    if (r.error && key->column >= 0)
        abort();
    pg_query_free_parse_result(r);
    strbuf_free(&ddl);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_alloc(size + 1);
    memcpy(text, data, size);
    struct plan_node n = {.relation = "orders", .alias = "o"};
    struct plan_conditions c;
    const char *items[] = {text};
    struct plan_list keys = {1, items};
    struct ordering order;
    plan_conditions_init(&c, &n, "shop", NULL);
    plan_conditions_add(&c, text);
    for (size_t i = 0; i < c.n; i++)
        if (!c.items[i].why)
            check(&c, &c.items[i].pred.key);
    if (plan_conditions_order(&c, &keys, &order))
        check(&c, &order.keys[0]);
    plan_conditions_free(&c);
    free(text);
    return 0;
}
