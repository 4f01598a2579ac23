/* page_parts.c - the tables of the view page. */
#include "view/pages/page_parts.h"

#include "core/pages/third_party.h"
#include "core/schema.h"

enum { ADVICE_FROM_NS = 50000000, ADVICE_FROM_BYTES = 50000 };

static size_t length(const struct sd_texts *list)
{
    return list ? list->n : 0;
}

/* The file's name behind the last slash, with its query left out; the whole where there is none. */
static const char *short_url(struct doc *d, const char *url)
{
    if (!url)
        return NULL;
    size_t end = strcspn(url, "?#");
    while (end > 1 && url[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && url[start - 1] != '/')
        start--;
    return end > start ? doc_printf(d, "%.*s", (int)MIN(end - start, (size_t)200), url + start)
                       : doc_text(d, url);
}

#define PART_COLUMN(key_, title_, unit_, flags_, priority_, help_, cell)                                     \
    {.key = #key_,                                                                                           \
     .title = title_,                                                                                        \
     .unit = unit_,                                                                                          \
     .flags = flags_,                                                                                        \
     .priority = priority_,                                                                                  \
     .help = help_,                                                                                          \
     .width = ((flags_)&COLUMN_GROW) ? 16 : 0},
#define PART_CELL(key, title, unit, flags, priority, help, cell) row->cells[at++] = (cell);

/* ---- the largest paint ---- */

#define PHASES(X)                                                                                            \
    X(phase, "Waits for", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, "a part of the time until the paint",     \
      cell_text(doc_text(d, r->lcp_phases->items[i])))                                                       \
    X(duration_ns, "Takes", UNIT_NS, 0, 0, "how long", cell_int(list_int(r->lcp_phase_ns, i)))               \
    X(share, "Share", UNIT_SHARE, COLUMN_BAR, 1, "of all parts",                                             \
      cell_real(num_ratio(list_int(r->lcp_phase_ns, i), sum)))
static const struct column PHASE_COLUMNS[] = {PHASES(PART_COLUMN)};

void page_largest_paint(struct doc *d, const struct sd_page_report *r)
{
    int64_t sum = 0;
    for (size_t i = 0; i < length(r->lcp_phases); i++)
        sum = add_sat(sum, MAX(list_int(r->lcp_phase_ns, i), 0));
    if (!r->lcp_element && !length(r->lcp_phases))
        return;
    struct section *s = doc_table(d, "lcp_phases", "Largest paint", PHASE_COLUMNS, ARRAY_LEN(PHASE_COLUMNS));
    s->note = doc_text(d, r->lcp_element);
    s->empty = "The report does not say what it waits for.";
    for (size_t i = 0; i < length(r->lcp_phases); i++) {
        struct row *row = doc_row(d, &s->table);
        size_t at = 0;
        PHASES(PART_CELL)
    }
}

/* ---- what blocks ---- */

#define BLOCKING(X)                                                                                          \
    X(name, "Request", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW | COLUMN_NO_JSON, 0, "its file",                 \
      cell_text(short_url(d, r->requests->items[i])))                                                        \
    X(url, "URL", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "of it",                                        \
      cell_text(doc_text(d, r->requests->items[i])))                                                         \
    X(type, "Type", UNIT_NONE, COLUMN_LEFT, 1, "Script, Stylesheet, ...",                                    \
      cell_text(r->request_types ? doc_text(d, r->request_types->items[i]) : NULL))                          \
    X(start_ns, "Start", UNIT_NS, 0, 2, "since the start of the load",                                       \
      cell_int(list_int(r->request_start_ns, i)))                                                            \
    X(duration_ns, "Takes", UNIT_NS, 0, 0, "how long it took", cell_int(list_int(r->request_ns, i)))         \
    X(transfer_bytes, "Size", UNIT_BYTES, 0, 0, "transferred", cell_int(list_int(r->request_bytes, i)))
static const struct column BLOCKING_COLUMNS[] = {BLOCKING(PART_COLUMN)};

void page_blocking(struct doc *d, const struct sd_page_report *r)
{
    struct section *s = NULL;
    for (size_t i = 0; i < length(r->requests); i++) {
        if (list_int(r->request_blocking, i) != 1)
            continue;
        if (!s) {
            s = doc_table(d, "blocking", "Blocks rendering", BLOCKING_COLUMNS, ARRAY_LEN(BLOCKING_COLUMNS));
            s->note = "nothing is painted before these are loaded";
        }
        struct row *row = doc_row(d, &s->table);
        size_t at = 0;
        BLOCKING(PART_CELL)
    }
}

/* ---- opportunities ---- */

#define OPPORTUNITIES(X)                                                                                     \
    X(title, "What to do", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, "the audit's title",                     \
      cell_text(r->opportunity_titles ? doc_text(d, r->opportunity_titles->items[i]) : NULL))                \
    X(audit, "Audit", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "its name",                                 \
      cell_text(doc_text(d, r->opportunities->items[i])))                                                    \
    X(saving_ns, "Spares", UNIT_NS, 0, 0, "time; null: not said", cell_int(list_int(r->opportunity_ns, i)))  \
    X(saving_bytes, "Spares bytes", UNIT_BYTES, 0, 1, "transferred",                                         \
      cell_int(list_int(r->opportunity_bytes, i)))
static const struct column OPPORTUNITY_COLUMNS[] = {OPPORTUNITIES(PART_COLUMN)};

void page_opportunities(struct doc *d, const struct sd_page_report *r)
{
    if (!length(r->opportunities))
        return;
    struct section *s =
        doc_table(d, "opportunities", "Opportunities", OPPORTUNITY_COLUMNS, ARRAY_LEN(OPPORTUNITY_COLUMNS));
    s->note = "by time, then bytes; Lighthouse's estimates";
    s->weight = 1;
    for (size_t i = 0; i < length(r->opportunities); i++) {
        struct row *row = doc_row(d, &s->table);
        size_t at = 0;
        OPPORTUNITIES(PART_CELL)
    }
}

/* ---- third parties ---- */

#define THIRDS(X)                                                                                            \
    X(entity, "Third party", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, "as Lighthouse names it",              \
      cell_text(doc_text(d, r->third_parties->items[i])))                                                    \
    X(transfer_bytes, "Size", UNIT_BYTES, 0, 0, "transferred", cell_int(bytes))                              \
    X(main_thread_ns, "Main thread", UNIT_NS, 0, 0, "time on it", cell_int(main_ns))                         \
    X(blocking_ns, "Blocks", UNIT_NS, 0, 0, "time of tasks beyond 50 ms; null: not said",                    \
      cell_int(blocking))                                                                                    \
    X(advice, "What would spare it", UNIT_NONE, COLUMN_LEFT, 1,                                              \
      "a facade, a deferral, or a copy of one's own; null: it costs little",                                 \
      cell_text(costs ? third_party_advice(r->third_parties->items[i]) : NULL))
static const struct column THIRD_COLUMNS[] = {THIRDS(PART_COLUMN)};

/* Below it, as long as it is. */
static const char *third_about(struct doc *d, const struct section *s, const struct row *r, bool chosen)
{
    (void)d, (void)s, (void)chosen;
    const struct cell *advice = &r->cells[ARRAY_LEN(THIRD_COLUMNS) - 1];
    return advice->type == CELL_TEXT ? advice->s : "It costs little.";
}

void page_third_parties(struct doc *d, const struct sd_page_report *r)
{
    if (!length(r->third_parties))
        return;
    struct section *s =
        doc_table(d, "third_parties", "Third parties", THIRD_COLUMNS, ARRAY_LEN(THIRD_COLUMNS));
    s->about = third_about;
    s->about_lines = 2;
    for (size_t i = 0; i < length(r->third_parties); i++) {
        int64_t bytes = list_int(r->third_party_bytes, i), main_ns = list_int(r->third_party_main_ns, i);
        int64_t blocking = list_int(r->third_party_blocking_ns, i);
        bool costs = main_ns >= ADVICE_FROM_NS || blocking >= ADVICE_FROM_NS || bytes >= ADVICE_FROM_BYTES;
        struct row *row = doc_row(d, &s->table);
        size_t at = 0;
        THIRDS(PART_CELL)
        row->severity = blocking >= ADVICE_FROM_NS ? SEVERITY_WARN : SEVERITY_NONE;
    }
}

/* ---- shifts ---- */

#define SHIFTS(X)                                                                                            \
    X(element, "Moved", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, "selector of the element",                  \
      cell_text(doc_text(d, r->cls_elements->items[i])))                                                     \
    X(score, "Shift", UNIT_NONE, 0, 0, "its part of the layout shift",                                       \
      cell_real(r->cls_scores &&i < r->cls_scores->n ? r->cls_scores->items[i] : (double)NAN))
static const struct column SHIFT_COLUMNS[] = {SHIFTS(PART_COLUMN)};

void page_shifts(struct doc *d, const struct sd_page_report *r)
{
    if (!length(r->cls_elements))
        return;
    struct section *s = doc_table(d, "cls_sources", "What moved", SHIFT_COLUMNS, ARRAY_LEN(SHIFT_COLUMNS));
    for (size_t i = 0; i < length(r->cls_elements); i++) {
        struct row *row = doc_row(d, &s->table);
        size_t at = 0;
        SHIFTS(PART_CELL)
    }
}

/* ---- long tasks ---- */

#define TASKS(X)                                                                                             \
    X(name, "Long task of", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW | COLUMN_NO_JSON, 0, "the script that ran", \
      cell_text(short_url(d, r->long_tasks->items[i])))                                                      \
    X(url, "URL", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "of it; null: not said",                        \
      cell_text(doc_text(d, r->long_tasks->items[i])))                                                       \
    X(start_ns, "Start", UNIT_NS, 0, 1, "since the start of the load",                                       \
      cell_int(list_int(r->long_task_start_ns, i)))                                                          \
    X(duration_ns, "Takes", UNIT_NS, 0, 0, "how long the main thread was busy",                              \
      cell_int(list_int(r->long_task_ns, i)))
static const struct column TASK_COLUMNS[] = {TASKS(PART_COLUMN)};

void page_long_tasks(struct doc *d, const struct sd_page_report *r)
{
    if (!length(r->long_tasks))
        return;
    struct section *s = doc_table(d, "long_tasks", "Long tasks", TASK_COLUMNS, ARRAY_LEN(TASK_COLUMNS));
    for (size_t i = 0; i < length(r->long_tasks); i++) {
        struct row *row = doc_row(d, &s->table);
        size_t at = 0;
        TASKS(PART_CELL)
    }
}
