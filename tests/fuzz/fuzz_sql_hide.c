/* Literals of any text are hidden: the result holds no string, number or comment, but for the one by which
 * PostgreSQL 18 says that a list was longer. */
#include <stdlib.h>
#include <string.h>

#include "core/sql/statement.h"
#include "core/sql/lex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char squashed[] = "/*, ... */";
    char *sql = mem_strndup((const char *)data, size);
    char *hidden = sql_hide_literals(sql);
    struct sql_token t;
    for (const char *p = hidden; (t = sql_lex(p)).kind != SQL_END; p += t.len)
        if (t.kind == SQL_STRING || t.kind == SQL_NUMBER ||
            (t.kind == SQL_COMMENT && (t.len != sizeof squashed - 1 || memcmp(p, squashed, t.len) != 0)))
            abort();
    free(hidden);
    free(sql);
    return 0;
}
