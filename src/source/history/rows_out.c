/* rows_out.c - rows of a history as the batches that sources once published.
 *
 * Intervals of requests are of all sources together, in the name of this one: endpoints are the same wherever
 * they were counted. Samples, totals and states keep the machine and the source that told them as their
 * origin, so that no counter of one is taken for that of another. */
#include <poll.h>
#include <stdlib.h>

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

void rows_out_end(struct rows_out *o)
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
    strbuf_free(&o->origin);
    strbuf_free(&o->room);
    strbuf_free(&o->next);
}

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
    return h->add(o->b, row->kind, row->record);
}

static void begin(struct rows_out *o, const struct history_row *row)
{
    struct sd_source *s = o->source;
    bool named = s->host->size > offsetof(struct sd_host, batch_of) && s->host->batch_of;
    struct strbuf now = o->origin;
    o->origin = o->next;
    o->next = now;
    o->b = named ? s->host->batch_of(s, strbuf_text(&o->origin), row->host ? row->host : o->only, row->at)
                 : s->host->batch(s, row->at);
    o->at = row->at;
}

bool rows_out_row(void *out, const struct history_row *row)
{
    struct rows_out *o = out;
    if (sd_known(o->after) && history_row_end(row) <= o->after)
        return true;
    origin_of(o, row, &o->next);
    if (o->b && (o->at != row->at || !str_eq(strbuf_text(&o->origin), strbuf_text(&o->next))))
        rows_out_end(o);
    if (o->stopped)
        return false;
    if (!o->b)
        begin(o, row);
    if (!add(o, row)) { /* it is full: the next one takes it */
        rows_out_end(o);
        if (o->stopped)
            return false;
        origin_of(o, row, &o->next);
        begin(o, row);
        add(o, row);
    }
    o->rows++;
    return true;
}
