/* lighthouse_details.c - what the details of the audits say of elements, third parties, tasks and requests.
 */
#include "format/pages/lighthouse_parts.h"

enum { ROWS_MAX = 3000, FEW_MAX = 200, DEEPEST = 12 };

/* Rows of one kind, while they are read. */
struct rows {
    void *items;
    size_t n, cap, most;
};

#define ROWS_ADD(rows, row)                                                                                  \
    do {                                                                                                     \
        if ((rows)->n < (rows)->most) {                                                                      \
            (rows)->items = mem_grow((rows)->items, (rows)->n, &(rows)->cap, sizeof(row));                   \
            memcpy((char *)(rows)->items + (rows)->n++ * sizeof(row), &(row), sizeof(row));                  \
        }                                                                                                    \
    } while (0)

/* Each item of details; where an item is a table itself, as in a list, each of its items. */
static void each_item(struct lighthouse *l, struct json_pull details,
                      void (*fn)(struct lighthouse *l, struct json_pull item, struct rows *out),
                      struct rows *out, int depth)
{
    struct json_pull items = json_find(details, "items");
    if (!items.at || !json_enter(&items, '['))
        return;
    while (json_item(&items)) {
        struct json_pull item = items, inner = {0};
        json_skip(&items);
        if (json_peek(&item) != '{')
            continue;
        inner = json_find(item, "items");
        if (inner.at && depth < 2)
            each_item(l, item, fn, out, depth + 1);
        else
            fn(l, item, out);
    }
}

static void items_of(struct lighthouse *l, enum lighthouse_details which,
                     void (*fn)(struct lighthouse *l, struct json_pull item, struct rows *out),
                     struct rows *out)
{
    if (l->details[which].at)
        each_item(l, l->details[which], fn, out, 0);
}

/* ---- the element of the largest paint ---- */

/* The first selector of a node, in the order of the text; NULL. Real ones are four levels deep. */
static const char *first_selector(struct lighthouse *l, struct json_pull j, int depth)
{
    const char *found = NULL;
    char c = json_peek(&j);
    if (depth == DEEPEST)
        return NULL;
    if (c == '{') {
        if (lighthouse_says(l, j, "type", "node") &&
            (found = lighthouse_text_of(l, j, "selector", LIGHTHOUSE_TEXT_MAX)))
            return found;
        for (json_enter(&j, '{'); !found && json_key(&j); json_skip(&j))
            found = first_selector(l, j, depth + 1);
    } else if (c == '[') {
        for (json_enter(&j, '['); !found && json_item(&j); json_skip(&j))
            found = first_selector(l, j, depth + 1);
    }
    return found;
}

struct phase {
    const char *name;
    int64_t ns;
};

static void take_phase(struct lighthouse *l, struct json_pull item, struct rows *out)
{
    double ms = lighthouse_number_of(item, "timing");
    const char *name = lighthouse_text_of(l, item, "phase", 64);
    if (!name) {
        ms = lighthouse_number_of(item, "duration");
        name = lighthouse_text_of(l, item, "label", 64);
    }
    struct phase p = {.name = name, .ns = lighthouse_ns(ms)};
    if (p.name && sd_known(p.ns))
        ROWS_ADD(out, p);
}

static void tell_lcp(struct lighthouse *l)
{
    static const enum lighthouse_details from[] = {LIGHTHOUSE_LCP_ELEMENT, LIGHTHOUSE_LCP_BREAKDOWN,
                                                   LIGHTHOUSE_LCP_PHASES};
    struct rows rows = {.most = FEW_MAX};
    for (size_t i = 0; i < ARRAY_LEN(from); i++) {
        if (!l->out->lcp_element && l->details[from[i]].at)
            l->out->lcp_element = first_selector(l, l->details[from[i]], 0);
        if (!rows.n)
            items_of(l, from[i], take_phase, &rows);
    }
    const size_t size = sizeof(struct phase);
    l->out->lcp_phases = lighthouse_texts(l, rows.items, rows.n, size, offsetof(struct phase, name));
    l->out->lcp_phase_ns = lighthouse_ints(l, rows.items, rows.n, size, offsetof(struct phase, ns));
    free(rows.items);
}

/* ---- what moved ---- */

struct shift {
    const char *element;
    double score;
    size_t number;
};

static void take_shift(struct lighthouse *l, struct json_pull item, struct rows *out)
{
    struct json_pull node = json_find(item, "node");
    struct shift x = {.score = lighthouse_number_of(item, "score"), .number = out->n};
    x.element = node.at ? lighthouse_text_of(l, node, "selector", LIGHTHOUSE_TEXT_MAX) : NULL;
    if (x.element && isfinite(x.score)) /* the total of the insight is of no element */
        ROWS_ADD(out, x);
}

static int by_shift(const void *a, const void *b)
{
    const struct shift *x = a, *y = b;
    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static void tell_shifts(struct lighthouse *l)
{
    static const enum lighthouse_details from[] = {LIGHTHOUSE_SHIFTS, LIGHTHOUSE_SHIFT_ELEMENTS,
                                                   LIGHTHOUSE_SHIFT_CULPRITS};
    struct rows rows = {.most = FEW_MAX};
    for (size_t i = 0; !rows.n && i < ARRAY_LEN(from); i++)
        items_of(l, from[i], take_shift, &rows);
    const size_t size = sizeof(struct shift);
    if (rows.n)
        qsort(rows.items, rows.n, size, by_shift);
    l->out->cls_elements = lighthouse_texts(l, rows.items, rows.n, size, offsetof(struct shift, element));
    l->out->cls_scores = lighthouse_reals(l, rows.items, rows.n, size, offsetof(struct shift, score));
    free(rows.items);
}

/* ---- third parties ---- */

struct third {
    const char *entity;
    int64_t bytes, main_ns, blocking_ns;
};

static void take_third(struct lighthouse *l, struct json_pull item, struct rows *out)
{
    struct json_pull entity = json_find(item, "entity");
    struct third x = {.entity = entity.at ? lighthouse_text(l, &entity, LIGHTHOUSE_TEXT_MAX) : NULL,
                      .bytes = lighthouse_count(lighthouse_number_of(item, "transferSize")),
                      .main_ns = lighthouse_ns(lighthouse_number_of(item, "mainThreadTime")),
                      .blocking_ns = lighthouse_ns(lighthouse_number_of(item, "blockingTime"))};
    entity = json_find(item, "entity");
    if (!x.entity && entity.at) /* versions 5 to 9: a link */
        x.entity = lighthouse_text_of(l, entity, "text", LIGHTHOUSE_TEXT_MAX);
    if (x.entity)
        ROWS_ADD(out, x);
}

static void tell_thirds(struct lighthouse *l)
{
    struct rows rows = {.most = FEW_MAX};
    items_of(l, LIGHTHOUSE_THIRD_PARTY_SUMMARY, take_third, &rows);
    if (!rows.n)
        items_of(l, LIGHTHOUSE_THIRD_PARTIES, take_third, &rows);
    const size_t size = sizeof(struct third);
    struct sd_page_report *o = l->out;
    o->third_parties = lighthouse_texts(l, rows.items, rows.n, size, offsetof(struct third, entity));
    o->third_party_bytes = lighthouse_ints(l, rows.items, rows.n, size, offsetof(struct third, bytes));
    o->third_party_main_ns = lighthouse_ints(l, rows.items, rows.n, size, offsetof(struct third, main_ns));
    o->third_party_blocking_ns =
        lighthouse_ints(l, rows.items, rows.n, size, offsetof(struct third, blocking_ns));
    free(rows.items);
}

/* ---- long tasks ---- */

struct task {
    const char *url;
    int64_t start_ns, ns;
};

static void take_task(struct lighthouse *l, struct json_pull item, struct rows *out)
{
    struct task x = {.url = lighthouse_text_of(l, item, "url", LIGHTHOUSE_URL_MAX),
                     .start_ns = lighthouse_ns(lighthouse_number_of(item, "startTime")),
                     .ns = lighthouse_ns(lighthouse_number_of(item, "duration"))};
    if (sd_known(x.ns))
        ROWS_ADD(out, x);
}

static int longest_first(const void *a, const void *b)
{
    const struct task *x = a, *y = b;
    if (x->ns != y->ns)
        return x->ns < y->ns ? 1 : -1;
    return x->start_ns < y->start_ns ? -1 : x->start_ns > y->start_ns;
}

static void tell_tasks(struct lighthouse *l)
{
    struct rows rows = {.most = FEW_MAX};
    items_of(l, LIGHTHOUSE_LONG_TASKS, take_task, &rows);
    const size_t size = sizeof(struct task);
    if (rows.n)
        qsort(rows.items, rows.n, size, longest_first);
    l->out->long_tasks = lighthouse_texts(l, rows.items, rows.n, size, offsetof(struct task, url));
    l->out->long_task_start_ns =
        lighthouse_ints(l, rows.items, rows.n, size, offsetof(struct task, start_ns));
    l->out->long_task_ns = lighthouse_ints(l, rows.items, rows.n, size, offsetof(struct task, ns));
    free(rows.items);
}

/* ---- requests ---- */

struct request {
    const char *url, *type;
    int64_t start_ns, ns, bytes, blocking;
    size_t number;
};

static double first_number(struct json_pull item, const char *now, const char *before)
{
    double v = lighthouse_number_of(item, now);
    return isnan(v) ? lighthouse_number_of(item, before) : v;
}

static void take_request(struct lighthouse *l, struct json_pull item, struct rows *out)
{
    double start = first_number(item, "networkRequestTime", "startTime");
    double end = first_number(item, "networkEndTime", "endTime");
    struct request x = {.url = lighthouse_text_of(l, item, "url", LIGHTHOUSE_URL_MAX),
                        .type = lighthouse_text_of(l, item, "resourceType", 32),
                        .start_ns = lighthouse_ns(start),
                        .ns = end >= start ? lighthouse_ns(end - start) : SD_UNKNOWN,
                        .bytes = lighthouse_count(lighthouse_number_of(item, "transferSize")),
                        .number = out->n};
    if (x.url)
        ROWS_ADD(out, x);
}

static void take_url(struct lighthouse *l, struct json_pull item, struct rows *out)
{
    const char *url = lighthouse_text_of(l, item, "url", LIGHTHOUSE_URL_MAX);
    if (url)
        ROWS_ADD(out, url);
}

static int by_start(const void *a, const void *b)
{
    const struct request *x = a, *y = b;
    if (x->start_ns != y->start_ns)
        return x->start_ns < y->start_ns ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static void mark_blocking(struct lighthouse *l, const struct rows *requests)
{
    struct rows urls = {.most = FEW_MAX};
    items_of(l, LIGHTHOUSE_BLOCKING, take_url, &urls);
    if (!urls.n)
        items_of(l, LIGHTHOUSE_BLOCKING_INSIGHT, take_url, &urls);
    struct request *r = requests->items;
    const char *const *url = urls.items;
    for (size_t i = 0; i < requests->n; i++)
        for (size_t k = 0; k < urls.n; k++)
            r[i].blocking |= str_eq(r[i].url, url[k]);
    free(urls.items);
}

static void tell_requests(struct lighthouse *l)
{
    struct rows rows = {.most = ROWS_MAX};
    struct sd_page_report *o = l->out;
    items_of(l, LIGHTHOUSE_REQUESTS, take_request, &rows);
    mark_blocking(l, &rows);
    const size_t size = sizeof(struct request);
    if (rows.n)
        qsort(rows.items, rows.n, size, by_start);
    o->requests = lighthouse_texts(l, rows.items, rows.n, size, offsetof(struct request, url));
    o->request_types = lighthouse_texts(l, rows.items, rows.n, size, offsetof(struct request, type));
    o->request_start_ns = lighthouse_ints(l, rows.items, rows.n, size, offsetof(struct request, start_ns));
    o->request_ns = lighthouse_ints(l, rows.items, rows.n, size, offsetof(struct request, ns));
    o->request_bytes = lighthouse_ints(l, rows.items, rows.n, size, offsetof(struct request, bytes));
    o->request_blocking = lighthouse_ints(l, rows.items, rows.n, size, offsetof(struct request, blocking));
    free(rows.items);
}

/* ---- resources ---- */

struct resource {
    const char *type;
    int64_t count, bytes;
};

static void take_resource(struct lighthouse *l, struct json_pull item, struct rows *out)
{
    struct resource x = {.type = lighthouse_text_of(l, item, "resourceType", 64),
                         .count = lighthouse_count(lighthouse_number_of(item, "requestCount")),
                         .bytes = lighthouse_count(first_number(item, "size", "transferSize"))};
    if (x.type)
        ROWS_ADD(out, x);
}

static void tell_resources(struct lighthouse *l)
{
    struct rows rows = {.most = FEW_MAX};
    items_of(l, LIGHTHOUSE_RESOURCES, take_resource, &rows);
    const size_t size = sizeof(struct resource);
    l->out->resources = lighthouse_texts(l, rows.items, rows.n, size, offsetof(struct resource, type));
    l->out->resource_counts = lighthouse_ints(l, rows.items, rows.n, size, offsetof(struct resource, count));
    l->out->resource_bytes = lighthouse_ints(l, rows.items, rows.n, size, offsetof(struct resource, bytes));
    free(rows.items);
}

/* ---- the page's own marks and measures ---- */

struct timing {
    const char *name;
    double ms;
};

static void take_timing(struct lighthouse *l, struct json_pull item, struct rows *out)
{
    struct timing x = {.name = lighthouse_text_of(l, item, "name", LIGHTHOUSE_TEXT_MAX),
                       .ms = first_number(item, "duration", "startTime")};
    if (x.name)
        ROWS_ADD(out, x);
}

static void tell_timings(struct lighthouse *l)
{
    struct rows rows = {.most = FEW_MAX};
    items_of(l, LIGHTHOUSE_USER_TIMINGS, take_timing, &rows);
    const size_t size = sizeof(struct timing);
    l->out->user_timings = lighthouse_texts(l, rows.items, rows.n, size, offsetof(struct timing, name));
    l->out->user_timing_values = lighthouse_reals(l, rows.items, rows.n, size, offsetof(struct timing, ms));
    free(rows.items);
}

void lighthouse_read_details(struct lighthouse *l)
{
    tell_lcp(l);
    tell_shifts(l);
    tell_thirds(l);
    tell_tasks(l);
    tell_requests(l);
    tell_resources(l);
    tell_timings(l);
}
