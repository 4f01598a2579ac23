#include "view/shared/waits.h"

#include "view/shared/common.h"

enum { WORDS_MAX = 3, EVENTS_MAX = 32 };
#define WORDS_SHARE 0.05 /* smaller parts are not named */

static const struct column LIST[] = {
    {.key = "wait",
     .title = "Wait",
     .help = "CPU, I/O, locks, internal locks, client, other processes, other"},
    {.key = "share", .title = "Share", .unit = UNIT_SHARE, .help = "share of the sampled session time"},
    {.key = "seconds", .title = "Seconds", .flags = COLUMN_HIDDEN, .help = "seconds of session time sampled"},
};

static const struct column EVENTS[] = {
    {.key = "wait",
     .title = "Waits on",
     .flags = COLUMN_LEFT,
     .width = 14,
     .help = "CPU, I/O, locks, internal locks, client, other processes, other"},
    {.key = "share",
     .title = "Share",
     .unit = UNIT_SHARE,
     .flags = COLUMN_BAR,
     .help = "share of the sampled session time"},
    {.key = "event",
     .title = "Event",
     .flags = COLUMN_LEFT | COLUMN_GROW,
     .width = 12,
     .help = "the server's wait event type and event; null when it runs on a processor"},
    {.key = "seconds",
     .title = "Seconds",
     .unit = UNIT_LOAD,
     .priority = 2,
     .help = "seconds of session time sampled"},
};

/* Groups by time, most first; count of those with any. */
static size_t ordered(const struct wait_sums *w, enum wait_group out[WAIT_GROUPS_N])
{
    size_t n = 0;
    for (enum wait_group g = 0; g < WAIT_GROUPS_N; g++) {
        size_t i = n;
        if (!(w->seconds[g] > 0))
            continue;
        for (; i > 0 && w->seconds[out[i - 1]] < w->seconds[g]; i--)
            out[i] = out[i - 1];
        out[i] = g;
        n++;
    }
    return n;
}

const char *waits_words(struct doc *d, const struct wait_sums *w)
{
    enum wait_group order[WAIT_GROUPS_N];
    char share[UNIT_TEXT_MAX];
    struct strbuf b = {0};
    size_t n = ordered(w, order);
    if (w->total < WAITS_ENOUGH_S)
        return NULL;
    for (size_t i = 0; i < n && i < WORDS_MAX; i++) {
        double part = w->seconds[order[i]] / w->total;
        if (i && part < WORDS_SHARE)
            break;
        strbuf_printf(&b, "%s%s %s", i ? ", " : "", wait_group_name(order[i]),
                      unit_format(UNIT_SHARE, part, share));
    }
    const char *text = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}

struct cell waits_list(struct doc *d, const struct wait_sums *w)
{
    enum wait_group order[WAIT_GROUPS_N];
    if (w->total < WAITS_ENOUGH_S)
        return cell_unknown();
    struct table *t = doc_list(d, LIST, ARRAY_LEN(LIST));
    size_t n = ordered(w, order);
    for (size_t i = 0; i < n; i++) {
        struct cell *v = doc_row(d, t)->cells;
        v[0] = cell_text(wait_group_name(order[i]));
        v[1] = cell_real(w->seconds[order[i]] / w->total);
        v[2] = cell_real(w->seconds[order[i]]);
    }
    return cell_list(t);
}

void waits_section(struct doc *d, const struct view_ctx *c, const struct query *q, const struct endpoint *e)
{
    struct wait_load w[EVENTS_MAX];
    size_t n = model_waits_of(c->model, q, e, c->span, w, EVENTS_MAX);
    struct section *s = doc_table(d, "waits", "What it waits on", EVENTS, ARRAY_LEN(EVENTS));
    double total = 0;
    for (size_t i = 0; i < n; i++)
        total += w[i].seconds;
    s->note = common_note(d, c, &(struct note){KINDS_ACTIVITY, SD_UNKNOWN, .last = SD_UNKNOWN});
    s->empty = common_as_seen(d, c, KINDS_ACTIVITY,
                              "It was not seen running: sessions are sampled ten times a second, and what "
                              "takes less is rarely seen.");
    if (total < WAITS_ENOUGH_S)
        n = 0; /* a share of three samples is none */
    for (size_t i = 0; i < n; i++) {
        struct row *r = doc_row(d, &s->table);
        r->cells[0] = cell_text(wait_group_name(wait_group_of(w[i].wait_type)));
        r->cells[1] = cell_real(w[i].seconds / total);
        if (w[i].wait_type)
            r->cells[2] = cell_text(w[i].wait_event ? doc_printf(d, "%s:%s", w[i].wait_type, w[i].wait_event)
                                                    : doc_text(d, w[i].wait_type));
        r->cells[3] = cell_real(w[i].seconds);
    }
}
