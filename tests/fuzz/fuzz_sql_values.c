/* A statement, a newline, values for its parameters: refused with a sentence or put in. */
#include <stdlib.h>

#include "core/sql/statement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *sql = mem_strndup((const char *)data, size), *values = strchr(sql, '\n');
    struct sd_error err = {""};
    if (values) {
        *values++ = '\0';
        char *out = sql_with_values(sql, values, &err);
        if (!out && !err.text[0])
            abort();
        free(out);
    }
    free(sql);
    return 0;
}
