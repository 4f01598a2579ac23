/* server_io.c - pg_stat_io, 16 and later: who reads and writes. */
#include "source/postgres/server_state.h"

#include "base/num.h"
#include "core/schema.h"
#include "source/postgres/buffers.h"

enum { BACKEND, OBJECT, CONTEXT, SINCE, FIRST_COUNTER };

/* Until 17 the bytes are the operations times op_bytes. */
static const struct {
    size_t at;
    const char *column, *sql, *older;
} COUNTERS[] = {
#define COUNTER(field, column_, sql_, older_)                                                                \
    {.at = offsetof(struct sd_server_io, field), .column = column_, .sql = sql_, .older = older_},
    COUNTER(reads, "reads", "reads", NULL) COUNTER(read_bytes, "read_bytes", "read_bytes::int8",
                                                   "(reads * op_bytes)::int8")
        COUNTER(read_ns, "read_time", "(round(read_time::numeric * 1000) * 1000)::int8", NULL)
            COUNTER(writes, "writes", "writes", NULL) COUNTER(write_bytes, "write_bytes", "write_bytes::int8",
                                                              "(writes * op_bytes)::int8")
                COUNTER(write_ns, "write_time", "(round(write_time::numeric * 1000) * 1000)::int8",
                        NULL) COUNTER(extends, "extends", "extends", NULL)
                    COUNTER(extend_bytes, "extend_bytes", "extend_bytes::int8", "(extends * op_bytes)::int8")
                        COUNTER(extend_ns, "extend_time", "(round(extend_time::numeric * 1000) * 1000)::int8",
                                NULL) COUNTER(hits, "hits", "hits", NULL)
                            COUNTER(evictions, "evictions", "evictions", NULL)
                                COUNTER(reuses, "reuses", "reuses", NULL)
                                    COUNTER(writebacks, "writebacks", "writebacks", NULL)
                                        COUNTER(fsyncs, "fsyncs", "fsyncs", NULL)
                                            COUNTER(fsync_ns, "fsync_time",
                                                    "(round(fsync_time::numeric * 1000) * 1000)::int8", NULL)
#undef COUNTER
};

char *server_io_sql(const char *columns)
{
    struct strbuf sql = {0};
    char name[64];
    if (!columns_have(columns, "pg_stat_io.backend_type"))
        return NULL;
    bool in_blocks = columns_have(columns, "pg_stat_io.op_bytes");
    strbuf_str(&sql, OWN_TAG "SELECT backend_type, object, context, stats_reset");
    for (size_t i = 0; i < ARRAY_LEN(COUNTERS); i++) {
        snprintf(name, sizeof name, "pg_stat_io.%s", COUNTERS[i].column);
        bool has = columns_have(columns, name);
        strbuf_printf(&sql, ", %s",
                      has                              ? COUNTERS[i].sql
                      : COUNTERS[i].older && in_blocks ? COUNTERS[i].older
                                                       : "NULL::int8");
    }
    strbuf_str(&sql, " FROM pg_catalog.pg_stat_io WHERE coalesce(reads, 0) + coalesce(writes, 0) + "
                     "coalesce(extends, 0) + coalesce(hits, 0) + coalesce(fsyncs, 0) > 0 "
                     "ORDER BY backend_type, object, context LIMIT 500");
    return strbuf_detach(&sql);
}

void server_io_add(struct postgres *p, struct sd_batch *b, const PGresult *r)
{
    int64_t evictions = SD_UNKNOWN;
    for (int row = 0; row < PQntuples(r); row++) {
        struct sd_server_io io;
        schema_clear(schema_of(SD_SERVER_IO), &io);
        io.backend_type = conn_maybe(r, row, BACKEND);
        io.object = conn_maybe(r, row, OBJECT);
        io.context = conn_maybe(r, row, CONTEXT);
        io.since = conn_time(r, row, SINCE);
        for (size_t i = 0; i < ARRAY_LEN(COUNTERS); i++) {
            int64_t v = conn_int(r, row, FIRST_COUNTER + (int)i);
            memcpy((char *)&io + COUNTERS[i].at, &v, sizeof v);
        }
        p->s->host->add(b, SD_SERVER_IO, &io);
        if (str_eq(io.object, "relation"))
            evictions = add_known(evictions, io.evictions);
    }
    buffers_evicted(p, evictions);
}
