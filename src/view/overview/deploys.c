/* Deploys and restarts beside what changed. */
#include "view/overview/deploys.h"

#include <strings.h>

#include "base/clock.h"
#include "view/shared/common.h"

enum { EVENTS_MOST = 256, LISTED = 20 };

enum { D_AT, D_TITLE, D_TEXT, D_ORIGIN, D_COLUMNS };

static const struct column COLUMNS[D_COLUMNS] = {
    [D_AT] = {.key = "at", .title = "At", .unit = UNIT_TIME, .help = "when it happened"},
    [D_TITLE] = {.key = "title",
                 .title = "What",
                 .flags = COLUMN_LEFT,
                 .width = 16,
                 .help = "a deploy with its version, a restart"},
    [D_TEXT] = {.key = "text",
                .title = "More",
                .flags = COLUMN_LEFT | COLUMN_GROW,
                .help = "what the source says of it"},
    [D_ORIGIN] = {.key = "origin",
                  .title = "Source",
                  .flags = COLUMN_LEFT,
                  .priority = 2,
                  .help = "the source that told of it"},
};

static bool begins(const char *title, const char *word)
{
    return title && !strncasecmp(title, word, strlen(word));
}

static bool is_deploy(const struct event_entry *e)
{
    return begins(e->event->title, "deploy");
}

/* What makes another program of what runs. */
static bool changes_things(const struct event_entry *e)
{
    static const char *const words[] = {"deploy", "restart", "rollback", "release", "version"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (begins(e->event->title, words[i]))
            return true;
    return false;
}

static size_t events_in(const struct view_ctx *c, struct span span, struct event_entry *out)
{
    struct event_entry all[EVENTS_MOST];
    size_t n = model_events(c->model, span, all, EVENTS_MOST), kept = 0;
    for (size_t i = 0; i < n; i++)
        if (changes_things(&all[i]))
            out[kept++] = all[i];
    return kept;
}

void deploys_dividing(const struct view_ctx *c, struct event_entry *out)
{
    struct model_usage u = model_usage(c->model);
    struct event_entry e[EVENTS_MOST];
    *out = (struct event_entry){0};
    if (!sd_known(u.first) || !sd_known(u.last))
        return;
    struct span of = span_is_all(c->span)
                         ? (struct span){u.first, u.last}
                         : (struct span){MAX(c->span.from, u.first), MIN(c->span.to, u.last)};
    int64_t margin = span_length(of) / 10;
    size_t n = events_in(c, (struct span){add_sat(of.from, margin), add_sat(of.to, -margin)}, e);
    for (size_t i = 0; i < n && !out->event; i++)
        if (is_deploy(&e[i]))
            *out = e[i];
}

const char *deploy_words(struct doc *d, const struct event_entry *e)
{
    return doc_text(d, e->event->title);
}

void deploys_section(struct doc *d, const struct view_ctx *c, struct span span)
{
    struct event_entry e[EVENTS_MOST];
    size_t n = events_in(c, span, e);
    if (!n)
        return;
    struct section *s = doc_table(d, "events", "Deploys and restarts", COLUMNS, D_COLUMNS);
    s->table.sort_column = -1;
    for (size_t i = 0; i < n && i < LISTED; i++) {
        struct row *r = doc_row(d, &s->table);
        r->cells[D_AT] = cell_int(e[i].at);
        r->cells[D_TITLE] = cell_text(doc_text(d, e[i].event->title));
        r->cells[D_TEXT] = cell_text(doc_text(d, e[i].event->text));
        r->cells[D_ORIGIN] = cell_text(doc_text(d, e[i].origin));
    }
}
