/* A function's definition, read for the names in it: any text. */
#include <stdlib.h>

#include "source/postgres/harmless.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_strndup((const char *)data, size);
    struct sql_uses u = {0};
    char *word = harmless_read(text, &u);
    harmless_points(text, &u, 0);
    if (word && !word[0])
        abort(); /* refused without a reason */
    free(word);
    sql_uses_free(&u);
    free(text);
    return 0;
}
