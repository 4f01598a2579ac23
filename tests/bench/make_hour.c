/* make_hour.c - an hour's recording out of a short one: it is repeated, moved in time.
 *
 *   make_hour IN OUT [SECONDS]
 *
 * Only the last minute of IN is used: before it there may be what a log held already.
 * Times move by the length of the recording at each repetition and counters grow on by
 * what they grew in it, so that the hour is as full of news as the minute was. Texts
 * of statements come once, as a source sends them. Prints "seconds N". */
#include "core/batch.h"
#include "core/schema.h"
#include "format/record/recording.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_TEXT = 600, USED_SECONDS = 60 };

static struct batches {
    struct sd_batch **item;
    size_t n, cap;
} all;

/* What grew: one counter of one thing. */
static struct growth {
    char key[MAX_TEXT];
    int64_t first, last;
} * growths;
static size_t n_growths, cap_growths;

static void keep(void *ctx, struct sd_batch *b)
{
    (void)ctx;
    all.item = mem_grow(all.item, all.n, &all.cap, sizeof *all.item);
    all.item[all.n++] = b;
}

static int64_t *number(void *record, const struct sd_field *f)
{
    return (int64_t *)((char *)record + f->offset);
}

static bool is_counter(enum sd_kind kind, const struct sd_field *f)
{
    static const char *const rising[] = {"calls",        "total_ns",    "plan_ns",        "rows",
                                         "shared_hit",   "shared_read", "shared_written", "temp_read",
                                         "temp_written", "io_ns",       "wal_bytes",      NULL};
    static const char *const read[] = {"total", "unparsed", "bytes", NULL};
    static const char *const status[] = {"batches", "records", "cpu_ns", NULL};
    const char *const *names = kind == SD_STATEMENT ? rising : kind == SD_INTAKE ? read : status;
    if (kind != SD_STATEMENT && kind != SD_INTAKE && kind != SD_STATUS)
        return false;
    for (; *names; names++)
        if (str_eq(*names, f->name))
            return true;
    return false;
}

static struct growth *growth_of(const char *origin, enum sd_kind kind, const void *record,
                                const struct sd_field *f)
{
    char key[MAX_TEXT];
    const struct sd_statement *st = record;
    const struct sd_metric *m = record;
    if (kind == SD_STATEMENT)
        snprintf(key, sizeof key, "%s %s %s %s %lld %lld", origin, f->name, st->database ? st->database : "",
                 st->role ? st->role : "", (long long)st->query_id, (long long)st->toplevel);
    else if (kind == SD_METRIC)
        snprintf(key, sizeof key, "%s %s %s", origin, m->name ? m->name : "", m->labels ? m->labels : "");
    else
        snprintf(key, sizeof key, "%s %d %s", origin, (int)kind, f->name);
    for (size_t i = 0; i < n_growths; i++)
        if (!strcmp(growths[i].key, key))
            return &growths[i];
    growths = mem_grow(growths, n_growths, &cap_growths, sizeof *growths);
    struct growth *g = &growths[n_growths++];
    memset(g, 0, sizeof *g);
    g->first = g->last = SD_UNKNOWN;
    memcpy(g->key, key, sizeof key);
    return g;
}

/* `round` < 0: learns. Otherwise changes the record to what it is that much later. */
static void visit(const char *origin, enum sd_kind kind, void *record, int64_t round, int64_t length)
{
    const struct sd_schema *sc = schema_of(kind);
    for (size_t i = 0; i < sc->n_fields; i++) {
        const struct sd_field *f = &sc->fields[i];
        if (f->type != SD_FIELD_INT || !sd_known(*number(record, f)))
            continue;
        int64_t *value = number(record, f);
        if (str_eq(f->unit, "time")) {
            if (round > 0 && !str_eq(f->name, "backend_start") && !str_eq(f->name, "since"))
                *value += round * length;
        } else if (is_counter(kind, f)) {
            struct growth *g = growth_of(origin, kind, record, f);
            if (round >= 0) {
                *value += round * (g->last - g->first);
            } else {
                g->first = sd_known(g->first) ? g->first : *value;
                g->last = *value;
            }
        }
    }
    struct sd_metric *m = record;
    if (kind == SD_METRIC && m->counter == 1) {
        struct growth *g = growth_of(origin, kind, record, NULL);
        if (round >= 0) {
            m->value += (double)(round * (g->last - g->first));
        } else {
            g->first = sd_known(g->first) ? g->first : (int64_t)m->value;
            g->last = (int64_t)m->value;
        }
    }
    if (kind == SD_STATEMENT && round > 0)
        ((struct sd_statement *)record)->text = NULL;
}

static struct sd_batch *moved(const struct sd_batch *b, int64_t round, int64_t length)
{
    struct sd_batch *copy = batch_new(batch_origin(b), batch_time(b) + MAX(round, 0) * length);
    for (size_t i = 0; i < batch_len(b); i++) {
        enum sd_kind kind;
        const void *record = batch_record(b, i, &kind);
        union { /* large enough for any */
#define ANY(number, UPPER, lower, help) struct sd_##lower lower;
            SD_RECORDS(ANY)
        } any;
        memcpy(&any, record, schema_of(kind)->size);
        visit(batch_origin(b), kind, &any, round, length);
        batch_add(copy, kind, &any);
    }
    return copy;
}

static void write_second(FILE *f, struct batches *second, struct strbuf *frame)
{
    strbuf_clear(frame);
    if (second->n)
        recording_encode_many((const struct sd_batch *const *)second->item, second->n, frame);
    fwrite(strbuf_text(frame), 1, frame->len, f);
    for (size_t i = 0; i < second->n; i++)
        batch_unref(second->item[i]);
    second->n = 0;
}

int main(int argc, char **argv)
{
    struct recording_stats stats;
    struct sd_error err;
    struct strbuf frame = {0};
    struct batches second = {0};
    char *data;
    size_t len;
    int64_t wanted = (argc > 3 ? atoll(argv[3]) : 3600) * SD_S;
    FILE *f = argc > 2 ? fopen(argv[2], "wb") : NULL;
    if (!f || !file_read(argv[1], (size_t)1 << 30, &data, &len, &err) ||
        !recording_decode(data, len, keep, NULL, NULL, &stats, &err) || !all.n) {
        fprintf(stderr, "usage: make_hour IN OUT [SECONDS]; IN a recording with batches\n");
        return 1;
    }
    sd_time first = INT64_MAX, last = INT64_MIN;
    size_t used = 0;
    for (size_t i = 0; i < all.n; i++)
        last = MAX(last, batch_time(all.item[i]));
    for (size_t i = 0; i < all.n; i++) {
        sd_time at = batch_time(all.item[i]);
        if (at <= last - USED_SECONDS * SD_S)
            continue;
        first = MIN(first, at);
        batch_unref(moved(all.item[i], -1, 0));
        all.item[used++] = all.item[i];
    }
    all.n = used;
    int64_t length = (last - first) / SD_S * SD_S + SD_S, rounds = (wanted + length - 1) / length;
    recording_header(&frame);
    fwrite(frame.text, 1, frame.len, f);
    sd_time end = first;
    for (int64_t round = 0; round < rounds; round++) {
        int64_t slot = -1;
        for (size_t i = 0; i < all.n; i++) {
            struct sd_batch *b = moved(all.item[i], round, length);
            if (batch_time(b) - first >= wanted) {
                batch_unref(b);
                continue;
            }
            if (batch_time(b) / SD_S != slot)
                write_second(f, &second, &frame);
            slot = batch_time(b) / SD_S;
            end = MAX(end, batch_time(b));
            second.item = mem_grow(second.item, second.n, &second.cap, sizeof *second.item);
            second.item[second.n++] = b;
        }
        write_second(f, &second, &frame);
    }
    printf("seconds %lld\n", (long long)((end - first) / SD_S));
    return ferror(f) || fclose(f) ? 1 : 0;
}
