/* clickhouse_put.c - a put is one INSERT for each tier and day that it has rows of: nearly always one. Its
 * last row is a mark; a put of several parts is seen once all of them are there (clickhouse_sight.c). Rows
 * have their identity from run, put and what they are, so that sending a part again changes nothing. */
#include <inttypes.h>
#include <stdlib.h>

#include "store/clickhouse_internal.h"

struct part {
    size_t tier;
    uint16_t day;
    struct clickhouse_block *block;
    size_t rows;                   /* without those of `together` */
    sd_time oldest;                /* when the first of them begins; 0: there are none */
    struct history_fold *together; /* NULL: there are no requests in it */
};

struct parts {
    struct part *items;
    size_t n, cap, last;
};

/* The same run of the same import is another one each time: the last that ended is seen. */
static uint64_t run_number(const struct store_run *run)
{
    char *text = run->import ? mem_printf("%s %" PRId64, run->id, run->began) : mem_strdup(run->id);
    uint64_t number = str_hash(text, strlen(text));
    free(text);
    return number;
}

static struct part *part_for(struct parts *p, size_t tier, uint16_t day, const struct store_run *run,
                             uint64_t put)
{
    for (size_t k = 0; k < p->n; k++) {
        size_t i = (p->last + k) % p->n;
        if (p->items[i].tier == tier && p->items[i].day == day) {
            p->last = i;
            return &p->items[i];
        }
    }
    p->items = mem_grow(p->items, p->n, &p->cap, sizeof *p->items);
    p->items[p->n] = (struct part){
        .tier = tier, .day = day, .block = clickhouse_block_new(run_number(run), run->import, put)};
    p->last = p->n;
    return &p->items[p->n++];
}

/* Intervals that end at the same moment are one. */
static void add_together(struct part *part, const struct history_row *row)
{
    if (!part->together)
        part->together = history_fold_new(&(struct history_steps){.step_ns = 1},
                                          HISTORY_BY_HOST | HISTORY_BY_SOURCE | HISTORY_TOGETHER);
    history_fold_add(part->together, row);
}

/* Beside the rows of each endpoint: who asks of machines reads a row for each, not hundreds. */
static void end_parts(struct parts *p)
{
    for (size_t i = 0; i < p->n; i++) {
        struct part *part = &p->items[i];
        size_t n = part->together ? history_fold_len(part->together) : 0;
        part->rows = clickhouse_block_len(part->block);
        for (size_t k = 0; k < n; k++) {
            struct history_row row = history_fold_row(part->together, k);
            clickhouse_block_add_together(part->block, &row);
        }
        history_fold_free(part->together);
        part->together = NULL;
    }
}

/* Into which tier does not depend on when it is sent, so that sending it again finds the same place. */
static void share_out(const struct clickhouse *c, const struct store_run *run, const struct store_put *put,
                      struct parts *p)
{
    sd_time clock = run->import ? run->began : put->to;
    for (size_t i = 0; i < put->n; i++) {
        struct history_row row = put->rows[i];
        size_t tier = history_tier_of(&c->tiers, &row, clock);
        if (!row.host)
            row.host = run->host;
        struct part *part =
            part_for(p, MIN(tier, c->tiers.n - 1), clickhouse_day(history_row_end(&row)), run, put->number);
        clickhouse_block_add(part->block, &row);
        part->oldest = part->oldest ? MIN(part->oldest, row.at) : row.at;
        if (row.kind == SD_HTTP)
            add_together(part, &row);
    }
    end_parts(p);
    /* The part with the mark of the whole is the last. */
    uint16_t day = clickhouse_day(put->to);
    part_for(p, 0, day, run, put->number);
    struct part swap = p->items[p->last];
    p->items[p->last] = p->items[p->n - 1];
    p->items[p->n - 1] = swap;
}

/* What an import tells of is in whole steps of the coarsest tier that it has rows in. */
static struct store_put in_steps(const struct clickhouse *c, const struct store_run *run,
                                 const struct store_put *put, const struct parts *p)
{
    struct store_put whole = *put;
    size_t tier = 0;
    for (size_t i = 0; i < p->n; i++)
        tier = MAX(tier, p->items[i].tier);
    int64_t step = c->tiers.items[tier].step_ns;
    if (run->import && put->from < put->to) {
        whole.from = history_step_start(add_sat(put->from, 1), step);
        whole.to = add_sat(history_step_start(put->to, step), step);
    }
    return whole;
}

static enum sd_result send_part(struct clickhouse *c, const struct part *part, struct sd_error *err)
{
    struct strbuf sql = {0}, body = {0};
    strbuf_str(&sql, "INSERT INTO ");
    sql_tier(&sql, c, part->tier, false);
    strbuf_char(&sql, ' ');
    clickhouse_block_columns(&sql);
    strbuf_str(&sql, " FORMAT Native");
    clickhouse_block_encode(part->block, &body);
    enum sd_result result = clickhouse_ask(c,
                                           &(struct clickhouse_ask){.sql = strbuf_text(&sql),
                                                                    .body = body.text,
                                                                    .body_len = body.len,
                                                                    .wait_ns = clickhouse_put_wait_ns},
                                           err);
    strbuf_free(&sql);
    strbuf_free(&body);
    return result;
}

enum sd_result clickhouse_put(struct store *s, const struct store_run *run, const struct store_put *put,
                              struct sd_error *err)
{
    struct clickhouse *c = (struct clickhouse *)s;
    struct parts p = {0};
    enum sd_result result = SD_OK;
    sd_time newest = 0;
    if (put->before && (result = clickhouse_put(s, run, put->before, err)) != SD_OK)
        return result;
    for (size_t i = 0; i < put->n; i++)
        newest = MAX(newest, history_row_end(&put->rows[i]));
    share_out(c, run, put, &p);
    struct store_put whole = in_steps(c, run, put, &p);
    for (size_t i = 0; i < p.n && result == SD_OK; i++) {
        struct clickhouse_mark mark = {.host = run->host,
                                       .version = run->version,
                                       .from = whole.from,
                                       .to = whole.to,
                                       .sent = put->sent,
                                       .began = run->began,
                                       .lost = put->lost,
                                       .rows = (int64_t)p.items[i].rows,
                                       .part = (int64_t)i + 1,
                                       .parts = (int64_t)p.n,
                                       .newest = newest,
                                       .oldest = p.items[i].oldest};
        clickhouse_block_mark(p.items[i].block, &mark, p.items[i].day);
        result = send_part(c, &p.items[i], err);
    }
    for (size_t i = 0; i < p.n; i++)
        clickhouse_block_free(p.items[i].block);
    free(p.items);
    return result;
}

enum sd_result clickhouse_end(struct store *s, const struct store_run *run, struct sd_error *err)
{
    struct clickhouse *c = (struct clickhouse *)s;
    struct strbuf sql = {0};
    if (!run->import)
        return SD_OK;
    strbuf_str(&sql, "INSERT INTO ");
    sql_notes(&sql, c, false);
    strbuf_str(&sql, " (what, step, day, id, run, upto, holder) VALUES");
    char *values = mem_printf(" (%d, 0, '1970-01-01', %" PRIu64 ", %" PRIu64 ", %" PRId64 ", '')",
                              NOTE_IMPORT, str_hash(run->id, strlen(run->id)), run_number(run), run->began);
    strbuf_str(&sql, values);
    enum sd_result result = clickhouse_ask(
        c, &(struct clickhouse_ask){.sql = strbuf_text(&sql), .wait_ns = clickhouse_put_wait_ns}, err);
    strbuf_free(&sql);
    free(values);
    return result;
}
