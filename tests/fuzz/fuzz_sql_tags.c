/* sqlcommenter tags of any text. */
#include <stdlib.h>

#include "core/sql/statement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *sql = mem_strndup((const char *)data, size);
    struct sql_tags t;
    if (sql_tags(sql, &t) && !t.route && !t.method && !t.trace_id && !t.application)
        abort();
    if (t.trace_id && strlen(t.trace_id) != 32)
        abort();
    sql_tags_free(&t);
    char *plain = sql_strip_tags(sql);
    if (strlen(plain) > strlen(sql))
        abort();
    free(plain);
    free(sql);
    return 0;
}
