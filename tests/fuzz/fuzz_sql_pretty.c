/* A statement laid out for reading has the same tokens, of the same bytes, and is not much longer; what
 * stands out in it are parts of it, in order. */
#include <stdlib.h>
#include <string.h>

#include "core/sql/lex.h"
#include "core/sql/pretty.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SPANS = 300, TIMES = 90 }; /* before and behind a token there is a line of at most 41 bytes */

static struct sql_token solid(const char *p)
{
    struct sql_token t = sql_lex(p);
    while (t.kind == SQL_SPACE)
        t = sql_lex(t.text + t.len);
    return t;
}

static void same_tokens(const char *sql, const char *pretty)
{
    struct sql_token a = solid(sql), b = solid(pretty);
    while (a.kind == b.kind && a.kind != SQL_END && a.len == b.len && !memcmp(a.text, b.text, a.len)) {
        a = solid(a.text + a.len);
        b = solid(b.text + b.len);
    }
    if (a.kind != SQL_END || b.kind != SQL_END)
        abort();
}

static void parts_in_order(const char *sql)
{
    struct text_span part[SPANS];
    size_t n = sql_spans(sql, part, SPANS), end = 0;
    if (n > SPANS)
        abort();
    for (size_t i = 0; i < n; i++) {
        if (part[i].start < end || !part[i].len || part[i].start + part[i].len > strlen(sql))
            abort();
        end = part[i].start + part[i].len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *sql = mem_strndup((const char *)data, size);
    char *pretty = sql_pretty(sql), *again = sql_pretty(pretty);
    same_tokens(sql, pretty);
    same_tokens(pretty, again);
    if (strlen(pretty) > TIMES * (strlen(sql) + 1))
        abort();
    parts_in_order(pretty);
    free(again);
    free(pretty);
    free(sql);
    return 0;
}
