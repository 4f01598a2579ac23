/* Typed constants to casts in any text; in SQL that parses no parameter is lost or made. */
#include <stdlib.h>

#include "core/sql/statement.h"
#include "source/postgres/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *sql = mem_strndup((const char *)data, size);
    char *out = explain_rewrite(sql);
    struct sd_error why;
    if (sql_may_explain(sql, &why) && sql_parameters(sql) != sql_parameters(out))
        abort();
    free(out);
    free(sql);
    return 0;
}
