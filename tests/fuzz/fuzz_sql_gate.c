/* What may be explained, fingerprints and normalising: any text. */
#include <stdlib.h>

#include "core/sql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *sql = mem_strndup((const char *)data, size);
    struct sd_error why = {{0}};
    char fingerprint[17];
    if (!sql_may_explain(sql, &why) && !why.text[0])
        abort(); /* refused without a reason */
    if (sql_fingerprint(sql, fingerprint) && strlen(fingerprint) != 16)
        abort();
    sql_parameters(sql);
    free(sql_normalize(sql));
    free(sql);
    return 0;
}
