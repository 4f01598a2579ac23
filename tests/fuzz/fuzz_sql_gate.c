/* What may be explained, fingerprints and normalising: any text. */
#include <stdlib.h>

#include "core/sql/statement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *sql = mem_strndup((const char *)data, size);
    struct sd_error why = {{0}};
    char fingerprint[17];
    if (!sql_may_explain(sql, &why) && !why.text[0])
        abort(); /* refused without a reason */
    struct sql_uses uses;
    struct sd_error stricter = {{0}};
    if (sql_may_execute(sql, &uses, &stricter) ? why.text[0] : !stricter.text[0])
        abort(); /* executed but not explained; refused without a reason */
    sql_uses_free(&uses);
    /* The same text as the body of a function. */
    struct sd_error body = {{0}}, plpgsql = {{0}};
    if ((!sql_may_be_body(sql, &body) && !body.text[0]) ||
        (!sql_may_be_plpgsql(sql, &plpgsql) && !plpgsql.text[0]))
        abort();
    if (sql_fingerprint(sql, fingerprint) && strlen(fingerprint) != 16)
        abort();
    sql_parameters(sql);
    free(sql_normalize(sql));
    free(sql);
    return 0;
}
