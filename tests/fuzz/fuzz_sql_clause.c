/* A statement, a line with "--" alone, a plan: whatever they are, what is found lies in
 * the statement, in order and apart from each other. Conditions alone are read too. */
#include <stdlib.h>

#include "core/plans/clause.h"
#include "core/sql/terms.h"
#include "format/plans/explain_input.h"

static void check(const struct clauses *parts, size_t len)
{
    size_t end = 0;
    for (size_t i = 0; i < parts->n; i++) {
        const struct clause *p = &parts->items[i];
        if (!p->len || p->start < end || p->start + p->len > len)
            abort();
        end = p->start + p->len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *sql = mem_strndup((const char *)data, size), *plan = strstr(sql, "\n--\n");
    struct terms t;
    struct terms_part parts[8];
    terms_read(sql, strlen(sql), &t);
    for (size_t i = terms_split(sql, parts, 8); i-- > 0;) {
        if (parts[i].text < sql || parts[i].text + parts[i].len > sql + size)
            abort();
        terms_read(parts[i].text, parts[i].len, &t);
    }
    if (plan) {
        struct explain e;
        struct sd_error err = {""};
        *plan = 0;
        plan += 4;
        struct sql_clause *c = sql_clause_open(sql);
        explain_read(plan, strlen(plan), &e, &err);
        for (size_t k = 0; c && k < e.n_plans; k++)
            for (size_t i = 0; i < e.plans[k]->n_nodes && i < 50; i++) {
                struct clauses found;
                sql_clause_find(c, e.plans[k]->nodes[i], i % 2 ? "index_filter" : NULL, &found);
                check(&found, strlen(sql));
            }
        explain_free(&e);
        sql_clause_close(c);
    }
    free(sql);
    return 0;
}
