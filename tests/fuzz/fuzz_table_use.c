/* Whatever a statement is: its use of tables, candidates for them, their DDL and size. */
#include <stdlib.h>

#include "core/indexes/candidate.h"
#include "core/indexes/size.h"
#include "core/sql/first_table.h"

static struct catalog *shop(void)
{
    static struct catalog *c;
    static const char *const names[] = {"event", "account", "city", "item"};
    static const char *const columns[] = {"id",      "tenant",   "account_id", "kind",     "created",
                                          "amount",  "email",    "city_id",    "status",   "name",
                                          "country", "order_id", "product_id", "quantity", "zip"};
    static const char *const types[] = {"int8",    "int4",    "int4",  "text",  "timestamp", "numeric",
                                        "varchar", "tsrange", "point", "_int4", "inet"};
    if (c)
        return c;
    c = db_catalog_new();
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct catalog_relation *r = db_catalog_add(c, "public", names[i], 'r');
        r->rows = 1e6;
        r->pages = 2e4;
        r->toast_pages = i % 2 ? 100 : 0;
        for (size_t k = 0; k < ARRAY_LEN(columns); k++)
            db_catalog_column(c, r, columns[k], types[k % ARRAY_LEN(types)])->n_distinct = (double)(k * k);
    }
    struct catalog_relation *v = db_catalog_add(c, "public", "active_account", 'v');
    v->view =
        "SELECT id AS account, email AS mail FROM active_account, account WHERE status = 'x'"; /* of itself */
    db_catalog_column(c, v, "account", "int4");
    db_catalog_column(c, v, "mail", "text");
    return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *sql = mem_strndup((const char *)data, size);
    struct statement_use use;
    struct sd_error err;
    if (statement_use(shop(), sql, &use, &err)) {
        struct candidate_list l = {0};
        candidates(shop(), &use, &l);
        for (size_t i = 0; i < l.n; i++) {
            struct strbuf ddl = {0};
            struct index_def merged;
            index_def_ddl(&l.items[i], "x", &ddl);
            if (!(index_size(&l.items[i]) > 0))
                abort();
            candidate_merge(&l.items[i], &l.items[0], &merged);
            strbuf_free(&ddl);
        }
        candidate_free(&l);
        statement_use_free(&use);
    }
    char *first = sql_first_table(sql, "public", "account"),
         *again = first ? sql_first_table(first, "public", "account") : NULL;
    if (again) /* it is the first then */
        abort();
    free(first);
    free(sql);
    return 0;
}
