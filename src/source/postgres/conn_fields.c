/* conn_fields.c - what a result of libpq holds: no answer of a server is a crash. */
#include "source/postgres/internal.h"

#include <endian.h>

#include "base/num.h"

void conn_array_item(struct strbuf *b, const char *s)
{
    strbuf_char(b, b->len ? ',' : '{');
    if (!s) {
        strbuf_str(b, "NULL");
        return;
    }
    strbuf_char(b, '"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            strbuf_char(b, '\\');
        strbuf_char(b, *s);
    }
    strbuf_char(b, '"');
}

int64_t conn_int(const PGresult *r, int row, int col)
{
    if (conn_is_null(r, row, col))
        return SD_UNKNOWN;
    const char *v = PQgetvalue(r, row, col);
    uint64_t u64;
    uint32_t u32;
    switch (PQgetlength(r, row, col)) {
    case 8:
        memcpy(&u64, v, 8);
        return (int64_t)be64toh(u64);
    case 4:
        memcpy(&u32, v, 4);
        return (int32_t)be32toh(u32);
    case 1:
        return v[0] != 0;
    default:
        return SD_UNKNOWN;
    }
}

double conn_real(const PGresult *r, int row, int col)
{
    if (conn_is_null(r, row, col) || PQgetlength(r, row, col) != 8)
        return NAN;
    uint64_t u;
    double d;
    memcpy(&u, PQgetvalue(r, row, col), 8);
    u = be64toh(u);
    memcpy(&d, &u, 8);
    return d;
}

int64_t conn_ms(const PGresult *r, int row, int col)
{
    double ms = conn_real(r, row, col);
    return ms >= 0 ? real_to_int(ms * 1e6) : SD_UNKNOWN;
}

sd_time conn_time(const PGresult *r, int row, int col)
{
    const int64_t epoch_us = (int64_t)946684800 * 1000000; /* 2000-01-01 */
    int64_t us = conn_int(r, row, col);
    /* infinity and what does not fit */
    if (us == SD_UNKNOWN || us == INT64_MAX || us > INT64_MAX / 1000 - epoch_us || us < -epoch_us)
        return SD_UNKNOWN;
    return (us + epoch_us) * 1000;
}

const char *conn_text(const PGresult *r, int row, int col)
{
    const char *text = conn_maybe(r, row, col);
    return text ? text : "";
}

const char *conn_maybe(const PGresult *r, int row, int col)
{
    return conn_is_null(r, row, col) ? NULL : PQgetvalue(r, row, col);
}

bool conn_is_null(const PGresult *r, int row, int col)
{
    return row < 0 || row >= PQntuples(r) || col < 0 || col >= PQnfields(r) || PQgetisnull(r, row, col);
}
