/* clickhouse_nodes.c - the nodes of a cluster: which of them answer, and so how much of a history is read.
 *
 * A Distributed table asks one replica of each shard, and fails when one cannot be reached, or leaves it out
 * when the setting skip_unavailable_shards says so. Before a reading the nodes are counted: when some are
 * missing the rest is read, and what is missing is told. `history_nodes` is Distributed over system.one,
 * which has one row: its rows are the nodes that answer. Histories made before it was have the same through a
 * table function, which one with readonly 1 may not use. */
#include <inttypes.h>
#include <stdlib.h>

#include "store/clickhouse_internal.h"

struct found {
    char *engine; /* "Distributed(fleet, 'db', ...)", some versions quote the first as well */
    uint64_t readonly;
};

static bool take_found(void *ctx, struct rowbinary *r, struct arena *a)
{
    struct found *f = ctx;
    const char *engine = rowbinary_text(r, a);
    uint64_t readonly = rowbinary_int(r, 1);
    if (r->more || r->bad)
        return false;
    free(f->engine);
    f->engine = mem_strdup(engine);
    f->readonly = readonly;
    return true;
}

static char *cluster_of(const char *engine)
{
    const char *at = engine ? strchr(engine, '(') : NULL;
    struct strbuf name = {0};
    if (!at)
        return NULL;
    char quote = at[1] == '\'' ? '\'' : ',';
    for (at += quote == '\'' ? 2 : 1; *at && *at != quote; at++) {
        if (*at == '\\' && at[1])
            at++;
        strbuf_char(&name, *at);
    }
    return name.len ? strbuf_detach(&name) : NULL;
}

enum sd_result clickhouse_nodes_prepare(struct clickhouse *c, struct sd_error *err)
{
    struct strbuf sql = {0};
    struct found f = {NULL, 0};
    strbuf_str(&sql, "SELECT engine_full, toUInt8((SELECT value FROM system.settings WHERE name = "
                     "'readonly')) FROM system.tables WHERE name = 'history_notes' AND database = ");
    sql_text(&sql, c->database);
    strbuf_str(&sql, " FORMAT RowBinary");
    enum sd_result result =
        clickhouse_select(c, strbuf_text(&sql), &(struct clickhouse_rows){take_found, &f}, err);
    strbuf_free(&sql);
    char *name = result == SD_OK ? cluster_of(f.engine) : NULL;
    if (name) {
        free(c->cluster);
        c->cluster = name;
    }
    c->may_set = f.readonly != 1;
    free(f.engine);
    return result == SD_RETRY ? result : SD_OK; /* one who may not know it does without */
}

struct count {
    uint64_t there, all;
};

static bool take_count(void *ctx, struct rowbinary *r, struct arena *a)
{
    (void)a;
    struct count *n = ctx;
    uint64_t there = rowbinary_int(r, 8), all = rowbinary_int(r, 8);
    if (r->more || r->bad)
        return false;
    *n = (struct count){there, all};
    return true;
}

static void note_missing(struct clickhouse *c, const struct count *n)
{
    free(c->base.partial);
    c->base.partial = mem_printf("%" PRIu64 " of %" PRIu64 " nodes", n->all - n->there, n->all);
}

enum sd_result clickhouse_nodes_look(struct clickhouse *c, struct sd_error *err)
{
    struct strbuf sql = {0};
    struct count n = {0, 0};
    struct sd_error why;
    c->partial = false;
    if (!c->distributed || !c->cluster)
        return SD_OK;
    c->partial = true; /* this question itself */
    strbuf_str(&sql, "SELECT toUInt64(count()), toUInt64((SELECT uniqExact(shard_num) FROM system.clusters "
                     "WHERE cluster = ");
    sql_text(&sql, c->cluster);
    strbuf_str(&sql, ")) FROM ");
    sql_cluster(&sql, c, "one");
    strbuf_str(&sql, " FORMAT RowBinary");
    enum sd_result result =
        clickhouse_select(c, strbuf_text(&sql), &(struct clickhouse_rows){take_count, &n}, &why);
    strbuf_free(&sql);
    c->partial = result == SD_OK && n.there < n.all;
    if (c->partial)
        note_missing(c, &n);
    if (result == SD_RETRY && !c->may_set && strstr(why.text, "connection tries failed"))
        return sd_fail(
            err, SD_RETRY,
            "a node of the cluster %.60s cannot be reached, and %.60s may not read without it: its "
            "profile has no skip_unavailable_shards",
            c->cluster, c->user ? c->user : "default");
    return result == SD_RETRY ? sd_fail(err, SD_RETRY, "%s", why.text) : SD_OK;
}

/* A table of `system` on all nodes. */
void sql_cluster(struct strbuf *out, const struct clickhouse *c, const char *table)
{
    if (c->has_nodes && str_eq(table, "one")) {
        sql_name(out, c->database);
        strbuf_str(out, ".history_nodes");
        return;
    }
    strbuf_str(out, "cluster(");
    sql_text(out, c->cluster);
    strbuf_printf(out, ", system, %s)", table);
}
