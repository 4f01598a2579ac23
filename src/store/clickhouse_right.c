/* clickhouse_right.c - may a user record into a history in ClickHouse? Asked of the engine's own tables; none
 * of slowdive's is read, which a user who may only insert is not allowed to. */
#include <stdlib.h>

#include "store/clickhouse_internal.h"

struct found {
    bool readonly, notes;
};

static bool take_setting(void *ctx, struct rowbinary *r, struct arena *a)
{
    struct found *f = ctx;
    const char *value = rowbinary_text(r, a);
    if (r->more || r->bad)
        return false;
    f->readonly = !str_eq(value, "0");
    return true;
}

static bool take_name(void *ctx, struct rowbinary *r, struct arena *a)
{
    struct found *f = ctx;
    rowbinary_text(r, a);
    if (r->more || r->bad)
        return false;
    f->notes = true;
    return true;
}

static bool take_word(void *ctx, const char *bytes, size_t n)
{
    struct strbuf *b = ctx;
    strbuf_add(b, bytes, MIN(n, (size_t)64));
    return b->len < 64;
}

/* Versions before rights have no such statement: they refuse it, and `readonly` is all there is. */
static enum sd_result is_granted(struct clickhouse *c, bool *granted)
{
    struct strbuf sql = {0}, answer = {0};
    struct sd_error ignored;
    strbuf_str(&sql, "CHECK GRANT INSERT ON ");
    sql_name(&sql, c->database);
    strbuf_str(&sql, ".history_notes");
    enum sd_result result = clickhouse_ask(
        c,
        &(struct clickhouse_ask){
            .sql = strbuf_text(&sql), .wait_ns = clickhouse_read_wait_ns, .take = take_word, .ctx = &answer},
        &ignored);
    *granted = result != SD_OK || !str_starts(strbuf_text(&answer), "0");
    strbuf_free(&sql);
    strbuf_free(&answer);
    return clickhouse_ends(c) ? result : SD_OK;
}

static enum sd_result ask_right(struct clickhouse *c, enum store_right *out, struct sd_error *err)
{
    struct found f = {false, false};
    struct strbuf sql = {0};
    bool granted = true;
    enum sd_result result =
        clickhouse_select(c, "SELECT value FROM system.settings WHERE name = 'readonly' FORMAT RowBinary",
                          &(struct clickhouse_rows){take_setting, &f}, err);
    strbuf_str(&sql, "SELECT name FROM system.tables WHERE name = 'history_notes' AND database = ");
    sql_text(&sql, c->database);
    strbuf_str(&sql, " FORMAT RowBinary");
    if (result == SD_OK)
        result = clickhouse_select(c, strbuf_text(&sql), &(struct clickhouse_rows){take_name, &f}, err);
    if (result == SD_OK && !f.readonly && f.notes)
        result = is_granted(c, &granted);
    strbuf_free(&sql);
    *out = f.readonly || !granted ? STORE_READS : f.notes ? STORE_WRITES : STORE_NOT_MADE;
    return result;
}

enum sd_result clickhouse_right(const char *url, const struct store_options *o, enum store_right *out,
                                struct sd_error *err)
{
    struct clickhouse *c = mem_alloc(sizeof *c);
    enum sd_result result = clickhouse_connect(c, url, o, err);
    if (result == SD_OK)
        result = ask_right(c, out, err);
    clickhouse_disconnect(c);
    free(c->base.url);
    free(c);
    return result;
}
