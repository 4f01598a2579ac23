/* rows_out.c - rows of a history as the batches that sources once published.
 *
 * Intervals of requests are of all sources together, in the name of this one: endpoints are the same wherever
 * they were counted. Samples, totals and states keep the machine and the source that told them as their
 * origin, so that no counter of one is taken for that of another. */
#include <poll.h>
#include <stdlib.h>

#include "core/history/forms.h"
#include "core/labels.h"
#include "core/schema.h"
#include "source/history/history_parts.h"

enum { ROOM_MS = 5, BATCH_ROWS = 4096 };

bool rows_out_publish(struct sd_source *s, struct sd_batch *b)
{
    while (s->follow && s->host->fits && !s->host->fits(s, b)) {
        if (s->host->should_stop(s) || s->host->withdrawn(s)) {
            s->host->discard(b);
            return false;
        }
        poll(NULL, 0, ROOM_MS); /* not `wait`: a request that is queued would end it at once */
    }
    s->host->publish(s, b);
    return true;
}

static void end_batch(struct rows_out *o)
{
    struct sd_batch *b = o->b;
    o->b = NULL;
    if (b && !rows_out_publish(o->source, b))
        o->stopped = true;
}

void rows_out_free(struct rows_out *o)
{
    if (o->b)
        o->source->host->discard(o->b);
    history_calls_free(o->calls);
    strbuf_free(&o->origin);
    strbuf_free(&o->room);
    strbuf_free(&o->next);
}

static struct sd_batch *batch_of(struct rows_out *o, const char *origin, const char *host, sd_time at)
{
    struct sd_source *s = o->source;
    bool named = s->host->size > offsetof(struct sd_host, batch_of) && s->host->batch_of;
    return named ? s->host->batch_of(s, origin, host, at) : s->host->batch(s, at);
}

/* ---- profiles ---- */

static void add_call(void *ctx, enum sd_kind kind, const void *record)
{
    struct rows_out *o = ctx;
    o->source->host->add(o->b, kind, record);
}

/* A batch for each, at its end, in the name of the profile. Whoever follows gets a step in two parts when two
 * puts tell of it: they begin nanoseconds apart, so that one is not taken for the other. */
static void end_calls(struct rows_out *o)
{
    struct history *x = o->source->priv;
    size_t n = o->calls ? history_calls_len(o->calls) : 0;
    if (n)
        end_batch(o);
    for (size_t i = 0; i < n && !o->stopped; i++) {
        sd_time began = add_sat(o->calls_of.at, o->source->follow ? (int64_t)(x->given++ % 1000) : 0);
        o->b = batch_of(o, history_calls_name(o->calls, i), o->only, history_row_end(&o->calls_of));
        history_calls_records(o->calls, i, began, o->calls_of.length_ns, add_call, o);
        end_batch(o);
    }
    if (n)
        history_calls_clear(o->calls);
}

static void add_stack(struct rows_out *o, const struct history_row *row)
{
    if (!o->calls)
        o->calls = history_calls_new();
    if (row->length_ns != o->calls_of.length_ns)
        end_calls(o);
    o->calls_of = *row;
    history_calls_add(o->calls, row);
}

void rows_out_end(struct rows_out *o)
{
    end_batch(o);
    if (!o->stopped)
        end_calls(o);
}

/* ---- all others ---- */

/* "web1/access.log". */
static void origin_of(struct rows_out *o, const struct history_row *row, struct strbuf *out)
{
    strbuf_clear(out);
    if (history_kind(row->kind)->how == HISTORY_SUM || (!row->host && !row->source))
        strbuf_str(out, o->source->name);
    else
        strbuf_printf(out, "%s%s%s", row->host ? row->host : "", row->host && row->source ? "/" : "",
                      row->source ? row->source : "");
}

/* Labels with the machine among them, in their order. */
static const char *with_host(struct strbuf *room, const char *labels, const char *host)
{
    char known[8];
    if (!host || label_value(labels, "host", known, sizeof known))
        return labels;
    const char *rest = labels ? labels : "";
    strbuf_clear(room);
    for (const char *pair = rest; *pair; pair = rest) {
        size_t len = 0;
        while (pair[len] && pair[len] != ',')
            len += pair[len] == '\\' && pair[len + 1] ? 2 : 1;
        if (strncmp(pair, "host", 4) > 0)
            break;
        strbuf_printf(room, "%s%.*s", room->len ? "," : "", (int)len, pair);
        rest = pair + len + (pair[len] == ',');
    }
    label_add(room, "host", host);
    if (*rest)
        strbuf_printf(room, ",%s", rest);
    return room->text;
}

/* What is missing is said with it, so that nothing is taken for "there is none". */
static bool add_bundle(struct rows_out *o, const struct sd_bundle *kept)
{
    enum { NOTES_MAX = 100 };
    const char *notes[NOTES_MAX + 1];
    struct sd_texts all = {0, notes};
    struct sd_bundle r = *kept;
    for (; kept->notes && all.n < kept->notes->n && all.n < NOTES_MAX; all.n++)
        notes[all.n] = kept->notes->items[all.n];
    notes[all.n++] = "a history keeps the files of a build, not the modules, packages and routes in them";
    r.notes = &all;
    return o->source->host->add(o->b, SD_BUNDLE, &r);
}

/* A machine is said again where the record has a place for it. */
static bool add(struct rows_out *o, const struct history_row *row)
{
    const struct sd_host *h = o->source->host;
    const char *host = row->host ? row->host : o->only;
    if (row->kind == SD_HTTP) {
        struct sd_http r = *(const struct sd_http *)row->record;
        r.host = host;
        r.interval_ns = row->length_ns;
        return h->add(o->b, SD_HTTP, &r);
    }
    if (row->kind == SD_METRIC) {
        struct sd_metric r = *(const struct sd_metric *)row->record;
        r.labels = with_host(&o->room, r.labels, host);
        return h->add(o->b, SD_METRIC, &r);
    }
    if (row->kind == SD_HISTORY_CACHE || row->kind == SD_HISTORY_LATENCY) {
        struct history_row of = *row;
        struct history_record r;
        enum sd_kind kind;
        of.host = host;
        return !history_record_of(&of, &r, &kind) || h->add(o->b, kind, &r.r);
    }
    if (row->kind == SD_BUNDLE)
        return add_bundle(o, row->record);
    return h->add(o->b, row->kind, row->record);
}

static void begin(struct rows_out *o, const struct history_row *row)
{
    struct strbuf now = o->origin;
    o->origin = o->next;
    o->next = now;
    o->b = batch_of(o, strbuf_text(&o->origin), row->host ? row->host : o->only, row->at);
    o->at = row->at;
}

bool rows_out_row(void *out, const struct history_row *row)
{
    struct rows_out *o = out;
    if (sd_known(o->after) && history_row_end(row) <= o->after)
        return true;
    if (o->calls && row->at != o->calls_of.at)
        end_calls(o);
    if (row->kind == SD_HISTORY_STACK) {
        add_stack(o, row);
        o->rows++;
        return !o->stopped;
    }
    origin_of(o, row, &o->next);
    if (o->b && (o->at != row->at || !str_eq(strbuf_text(&o->origin), strbuf_text(&o->next))))
        end_batch(o);
    if (o->stopped)
        return false;
    if (!o->b)
        begin(o, row);
    if (!add(o, row)) { /* it is full: the next one takes it */
        end_batch(o);
        if (o->stopped)
            return false;
        origin_of(o, row, &o->next);
        begin(o, row);
        add(o, row);
    }
    o->rows++;
    return true;
}
