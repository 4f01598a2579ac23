/* traces.c - traces: spans in, assembled by trace; which of them are kept; requests that can be looked up.
 *
 * Traces stand in three lines, each in the order in which they were last added to: FRESH, and behind it those
 * that were found worth keeping when their turn to go came: SLOW, among the slowest of their endpoint (the
 * root's service and name), and FAILED, with an error. So each one that goes costs a step or two. */
#include "core/model/traces.h"

#include "core/model/trace_links.h"
#include "core/model/trace_store.h"
#include "core/traces/trace_tree.h"

enum { FRESH, SLOW, FAILED, LINES };
enum { SLOWEST = 16, PLACES_HELD = 64 };
#define BELIEVED (3600 * SD_S) /* how far a span may end after the time of its batch */

/* The slowest kept of an endpoint, among those whose turn to go has come. */
struct slowest {
    uint64_t endpoint; /* numbers of the texts */
    struct kept_trace *of[SLOWEST];
    size_t n;
    UT_hash_handle hh;
};

struct line {
    struct kept_trace *first, *last;
    size_t n;
};

struct traces {
    struct text_table texts;
    struct kept_trace *by_id;
    struct slowest *slowest;
    struct line lines[LINES];
    size_t n;
    uint64_t next_key, record;
    int64_t lost;
    struct kept_trace *indexed[PLACES_HELD]; /* have places for their spans; one leaves for the next */
    size_t next_indexed;
    struct history exemplars;
    sd_time exemplars_of, exemplars_at; /* time of the newest batch with one, and where it stands */
    struct unpacked facts_of, shown;
    struct trace_links *links;
    uint64_t shown_key, shown_version;
};

static struct traces *traces_in(const struct model *m)
{
    return m->parts[DOMAIN_traces].state;
}

/* ---- lines ---- */

static void line_add(struct traces *x, struct kept_trace *t, int line)
{
    struct line *l = &x->lines[line];
    t->line = (uint8_t)line;
    t->before = l->last;
    t->after = NULL;
    *(l->last ? &l->last->after : &l->first) = t;
    l->last = t;
    l->n++;
}

static void line_leave(struct traces *x, struct kept_trace *t)
{
    struct line *l = &x->lines[t->line];
    *(t->before ? &t->before->after : &l->first) = t->after;
    *(t->after ? &t->after->before : &l->last) = t->before;
    l->n--;
}

static void leave_slowest(struct part *p, struct kept_trace *t)
{
    struct traces *x = p->state;
    struct slowest *s = t->among;
    if (!s)
        return;
    size_t i = 0;
    while (s->of[i] != t)
        i++;
    s->of[i] = s->of[--s->n];
    t->among = NULL;
    if (!s->n) {
        HASH_DEL(x->slowest, s);
        model_give(p, s, sizeof *s);
    }
}

static int64_t length_of(const struct kept_trace *t)
{
    return t->root == UINT32_MAX ? 0 : t->spans[t->root].duration;
}

/* Is it among the slowest of its endpoint? Then one that was may no more be: *out; NULL. */
static bool is_slow(struct part *p, struct kept_trace *t, struct kept_trace **out)
{
    struct traces *x = p->state;
    struct slowest *s;
    *out = NULL;
    if (t->root == UINT32_MAX)
        return false;
    uint64_t endpoint = (uint64_t)t->spans[t->root].service << 32 | t->spans[t->root].name;
    HASH_FIND(hh, x->slowest, &endpoint, sizeof endpoint, s);
    if (!s) {
        s = model_take(p, sizeof *s);
        s->endpoint = endpoint;
        HASH_ADD(hh, x->slowest, endpoint, sizeof s->endpoint, s);
    }
    size_t least = 0;
    for (size_t i = 1; i < s->n; i++)
        if (length_of(s->of[i]) < length_of(s->of[least]))
            least = i;
    if (s->n == SLOWEST) {
        if (length_of(t) <= length_of(s->of[least]))
            return false;
        *out = s->of[least];
        (*out)->among = NULL;
        s->of[least] = t;
    } else {
        s->of[s->n++] = t;
    }
    t->among = s;
    return true;
}

static void trace_gone(struct part *p, struct kept_trace *t)
{
    struct traces *x = p->state;
    for (size_t i = 0; t->places && i < PLACES_HELD; i++)
        if (x->indexed[i] == t)
            x->indexed[i] = NULL;
    leave_slowest(p, t);
    line_leave(x, t);
    HASH_DEL(x->by_id, t);
    kept_trace_free(p, &x->texts, t);
    x->n--;
}

/* One goes: the oldest that is neither slow nor failed. When there are none but those, the oldest failed one,
 * or the oldest slow one when failed ones are few. False: there is none at all. */
static bool one_goes(struct part *p)
{
    struct traces *x = p->state;
    struct kept_trace *t, *other;
    while ((t = x->lines[FRESH].first)) {
        if (is_slow(p, t, &other)) {
            line_leave(x, t);
            line_add(x, t, SLOW);
            t = other;
            if (!t)
                continue;
        }
        if (!t->errors)
            break;
        line_leave(x, t);
        line_add(x, t, FAILED);
    }
    if (!t)
        t = x->lines[FAILED].n && x->lines[FAILED].n >= x->lines[SLOW].n ? x->lines[FAILED].first
                                                                         : x->lines[SLOW].first;
    if (!t)
        t = x->lines[FAILED].first;
    if (!t)
        return false;
    trace_gone(p, t);
    x->lost++;
    return true;
}

/* ---- spans in ---- */

/* One gets room to find its spans by; the one that got it longest ago gives its own back. */
static void will_grow(struct part *p, struct kept_trace *t)
{
    struct traces *x = p->state;
    struct kept_trace **at = &x->indexed[x->next_indexed++ % PLACES_HELD];
    for (size_t i = 0; i < PLACES_HELD; i++)
        if (x->indexed[i] == t)
            return;
    if (*at)
        kept_trace_forget_places(p, *at);
    *at = t;
}

static struct kept_trace *trace_of(struct part *p, const char *id)
{
    struct traces *x = p->state;
    struct kept_trace *t;
    size_t n = strlen(id);
    HASH_FIND(hh, x->by_id, id, n, t);
    if (t)
        return t;
    t = model_take(p, sizeof *t);
    t->id = model_strdup(p, id, n);
    t->key = ++x->next_key;
    t->root = UINT32_MAX;
    t->seen = t->end = SD_UNKNOWN;
    HASH_ADD_KEYPTR(hh, x->by_id, t->id, n, t);
    line_add(x, t, FRESH);
    x->n++;
    return t;
}

/* Places in the lists of a record, by span: those of span i are order[first[i]] up to order[first[i + 1]]. */
struct by_span {
    uint32_t *first, *order;
};

static struct by_span group(const struct sd_ints *of, uint32_t spans)
{
    uint32_t n = of ? of->n : 0;
    struct by_span g = {.first = mem_array((size_t)spans + 2, sizeof *g.first),
                        .order = mem_array((size_t)n + 1, sizeof *g.order)};
    for (uint32_t i = 0; i < n; i++)
        if (of->items[i] >= 0 && of->items[i] < spans)
            g.first[of->items[i] + 2]++;
    for (uint32_t i = 2; i < spans + 2; i++)
        g.first[i] += g.first[i - 1];
    for (uint32_t i = 0; i < n; i++)
        if (of->items[i] >= 0 && of->items[i] < spans)
            g.order[g.first[of->items[i] + 1]++] = i;
    return g;
}

static void add_span(struct part *p, struct kept_trace *t, const struct span_source *s,
                     struct record_texts *known, sd_time at)
{
    struct traces *x = p->state;
    /* Nearly all room is taken, and most of it by this one: all others going would not help for long. */
    if (p->bytes > p->share - p->share / 8 && kept_trace_bytes(t) > p->share / 4) {
        t->cut = true;
        t->facts.fresh = false;
        return;
    }
    if (kept_trace_add(p, &x->texts, t, s, known) != SPAN_IS_NEW)
        return;
    int64_t start = list_int(s->r->start, s->span), duration = list_int(s->r->duration, s->span);
    int64_t end = sd_known(start) ? add_sat(start, zero_if_unknown(duration)) : at;
    t->end = MAX(t->end, MIN(end, at + BELIEVED));
    t->facts.fresh = false;
}

static void spans_add(struct part *p, const struct sd_spans *r, sd_time at)
{
    struct traces *x = p->state;
    uint32_t n = r->id ? r->id->n : 0, n_traces = r->traces ? r->traces->n : 0;
    struct by_span attributes = group(r->of_span, n), events = group(r->event_span, n);
    struct kept_trace **traces = mem_array((size_t)n_traces + 1, sizeof *traces);
    struct record_texts known = record_texts_new(r);
    x->record++;
    for (uint32_t i = 0; i < n; i++) {
        int64_t k = list_int(r->trace, i);
        const char *id = list_text(r->traces, k);
        if (!id || !*id)
            continue;
        if (!traces[k]) {
            traces[k] = trace_of(p, id);
            leave_slowest(p, traces[k]);
            line_leave(x, traces[k]);
            line_add(x, traces[k], FRESH);
            traces[k]->seen = MAX(traces[k]->seen, at);
            if (traces[k]->record != x->record)
                traces[k]->n_before = traces[k]->n;
            traces[k]->record = x->record;
        }
        if (traces[k]->n >= 16 && !traces[k]->places)
            will_grow(p, traces[k]);
        struct span_source s = {.r = r,
                                .span = i,
                                .attributes = attributes.order + attributes.first[i],
                                .n_attributes = attributes.first[i + 1] - attributes.first[i],
                                .events = events.order + events.first[i],
                                .n_events = events.first[i + 1] - events.first[i]};
        add_span(p, traces[k], &s, &known, at);
    }
    free(attributes.first);
    free(attributes.order);
    free(events.first);
    free(events.order);
    free(traces);
    record_texts_free(p, &x->texts, r, &known);
}

/* ---- the domain ---- */

/* Several batches may be of one time, and a moment of a history is one: the next ones are moved on by some
 * ns. */
static sd_time free_moment(struct traces *x, sd_time at)
{
    x->exemplars_at = at == x->exemplars_of ? x->exemplars_at + 1 : at;
    x->exemplars_of = at;
    for (int i = 0; i < 64; i++, x->exemplars_at++) {
        const struct moment *k = history_at(&x->exemplars, x->exemplars_at);
        if (!k || k->at != x->exemplars_at)
            break;
    }
    return x->exemplars_at;
}

static void exemplars_add(struct part *p, const struct sd_batch *b)
{
    struct traces *x = p->state;
    size_t n = 0;
    const void *r, **records = mem_array(batch_len(b) + 1, sizeof *records);
    for (size_t i = 0; (r = batch_each(b, SD_EXEMPLAR, &i));)
        records[n++] = r;
    sd_time at = free_moment(x, batch_time(b));
    if (n)
        history_add_upto(p, &x->exemplars, at, SD_EXEMPLAR, records, n, p->share / 8);
    free(records);
    while (x->exemplars.bytes > p->share / 16 && history_thin(p, &x->exemplars))
        ;
}

static void traces_apply(struct part *p, struct origin *o, const struct sd_batch *b)
{
    struct traces *x = p->state;
    const struct sd_spans *r;
    (void)o;
    for (size_t i = 0; (r = batch_each(b, SD_SPANS, &i));)
        spans_add(p, r, batch_time(b));
    if (batch_kinds(b) & SD_KIND_BIT(SD_EXEMPLAR))
        exemplars_add(p, b);
    while (x->n > p->most && one_goes(p))
        ;
}

/* The end of the last span, as far as it can be true. */
static sd_time traces_until(const struct sd_batch *b)
{
    const struct sd_spans *r;
    sd_time at = batch_time(b), to = at;
    for (size_t i = 0; (r = batch_each(b, SD_SPANS, &i));)
        for (uint32_t k = 0; r->id && k < r->id->n; k++) {
            int64_t start = list_int(r->start, k), duration = zero_if_unknown(list_int(r->duration, k));
            int64_t end = sd_known(start) ? add_sat(start, duration) : at;
            if (end > to && end < at + BELIEVED)
                to = end;
        }
    return to;
}

static void traces_drop(struct part *p, sd_time before)
{
    struct traces *x = p->state;
    for (int l = 0; l < LINES; l++)
        for (struct kept_trace *t = x->lines[l].first, *next; t; t = next) {
            next = t->after;
            if (MAX(t->seen, t->end) < before)
                trace_gone(p, t);
        }
    history_drop(p, &x->exemplars, before);
}

static bool traces_less(struct part *p, size_t want)
{
    struct traces *x = p->state;
    size_t held = p->bytes;
    for (size_t i = 0; i < PLACES_HELD; i++)
        if (x->indexed[i]) { /* room that large ones have for more */
            kept_trace_forget_places(p, x->indexed[i]);
            kept_trace_fit(p, x->indexed[i]);
            x->indexed[i] = NULL;
        }
    while (p->bytes > want && one_goes(p))
        ;
    while (p->bytes > want && history_thin(p, &x->exemplars))
        ;
    return p->bytes < held;
}

static void traces_clear(struct part *p)
{
    struct traces *x = p->state;
    struct slowest *s, *next;
    for (int l = 0; l < LINES; l++)
        while (x->lines[l].first)
            trace_gone(p, x->lines[l].first);
    HASH_ITER(hh, x->slowest, s, next)
    {
        HASH_DEL(x->slowest, s);
        model_give(p, s, sizeof *s);
    }
    history_free(p, &x->exemplars);
    text_table_free(p, &x->texts);
    unpacked_free(&x->facts_of);
    unpacked_free(&x->shown);
    trace_links_free(p, x->links);
    x->links = NULL;
}

const struct domain traces_domain = {
    .name = "traces",
    .kinds = SD_KIND_BIT(SD_SPANS) | SD_KIND_BIT(SD_EXEMPLAR),
    .is_data = true,
    .beside = SD_KIND_BIT(SD_EXEMPLAR),
    .state_size = sizeof(struct traces),
    .apply = traces_apply,
    .until = traces_until,
    .drop = traces_drop,
    .less = traces_less,
    .clear = traces_clear,
};

/* ---- facts ---- */

/* The endpoint of a request: of the root, or of the first server's span in the order of the tree. */
static const char *endpoint_in(const struct trace_tree *tree, char buf[256])
{
    for (uint32_t i = 0; i < tree->n; i++) {
        const struct trace_span *s = &tree->trace->spans[tree->nodes[i].span];
        const char *name = s->kind == SPAN_SERVER ? span_endpoint(tree->trace, s, buf) : NULL;
        if (name)
            return name;
    }
    return NULL;
}

static void find_facts(struct part *p, struct kept_trace *t)
{
    struct traces *x = p->state;
    char buf[256];
    if (t->facts.fresh || !t->n)
        return;
    kept_trace_fit(p, t);
    const struct trace *trace = kept_trace_unpack(&x->texts, t, &x->facts_of);
    struct trace_tree *tree = trace_tree_new(trace);
    uint32_t root = tree->nodes[tree->root].span;
    struct kept_facts f = {.fresh = true,
                           .service = t->spans[root].service,
                           .name = t->spans[root].name,
                           .notes = tree->notes,
                           .start = tree->start,
                           .duration = tree->duration};
    const char *endpoint = endpoint_in(tree, buf);
    for (uint32_t i = 0; i < trace->n; i++)
        if (span_db_system(trace, &trace->spans[i])) {
            f.db_calls++;
            f.db_ns = add_sat(f.db_ns, zero_if_unknown(trace->spans[i].duration));
        }
    trace_tree_free(tree);
    uint32_t before = t->facts.endpoint;
    f.endpoint = endpoint ? text_hold(p, &x->texts, 0, endpoint) : 0;
    text_release(p, &x->texts, before);
    t->facts = f;
}

static struct part *part_in(const struct model *m)
{
    return &((struct model *)(uintptr_t)m)->parts[DOMAIN_traces]; /* what is found out is kept */
}

/* When it was, for spans of time: when it came, when its own clock cannot be believed. */
static struct span time_of(const struct kept_trace *t)
{
    sd_time from = t->facts.start, to = add_sat(from, zero_if_unknown(t->facts.duration));
    if ((t->facts.notes & TRACE_ABSURD_TIMES) || !sd_known(from))
        from = to = t->seen;
    return (struct span){from, to};
}

static bool overlaps(const struct kept_trace *t, struct span span)
{
    struct span own = time_of(t);
    return span_is_all(span) || (own.from < span.to && own.to >= span.from);
}

static int newest_first(const void *a, const void *b)
{
    const struct kept_trace *s = *(struct kept_trace *const *)a, *t = *(struct kept_trace *const *)b;
    sd_time x = time_of(s).from, y = time_of(t).from;
    return x != y ? (x < y) - (x > y) : (s->key < t->key) - (s->key > t->key);
}

/* Those of a span, with fresh facts; *n is set. Free it. */
static struct kept_trace **traces_of(const struct model *m, struct span span, size_t *n)
{
    struct traces *x = traces_in(m);
    struct kept_trace **all = mem_array(x->n + 1, sizeof(struct kept_trace *));
    *n = 0;
    for (int l = 0; l < LINES; l++)
        for (struct kept_trace *t = x->lines[l].first; t; t = t->after) {
            if (!t->n)
                continue;
            find_facts(part_in(m), t);
            if (overlaps(t, span))
                all[(*n)++] = t;
        }
    return all;
}

size_t model_traces(const struct model *m, struct span span, struct trace_entry *out, size_t max)
{
    const struct traces *x = traces_in(m);
    size_t n;
    struct kept_trace **all = traces_of(m, span, &n);
    qsort(all, n, sizeof(struct kept_trace *), newest_first);
    for (size_t i = 0; i < n && i < max; i++) {
        const struct kept_trace *t = all[i];
        out[i] = (struct trace_entry){.id = t->id,
                                      .service = text_of(&x->texts, t->facts.service),
                                      .name = text_of(&x->texts, t->facts.name),
                                      .endpoint = text_of(&x->texts, t->facts.endpoint),
                                      .start = t->facts.start,
                                      .duration_ns = t->facts.duration,
                                      .spans = (int64_t)t->n,
                                      .errors = t->errors,
                                      .db_calls = t->facts.db_calls,
                                      .db_ns = t->facts.db_ns,
                                      .notes = t->facts.notes,
                                      .key = t->key};
    }
    free(all);
    return MIN(n, max);
}

static struct kept_trace *find_trace(const struct traces *x, const char *id)
{
    struct kept_trace *t;
    char padded[33];
    size_t n = strlen(id);
    HASH_FIND(hh, x->by_id, id, n, t);
    if (t || n >= 32)
        return t;
    memset(padded, '0', 32 - n);
    memcpy(padded + 32 - n, id, n + 1);
    HASH_FIND(hh, x->by_id, padded, 32, t);
    return t;
}

const struct trace *model_trace(const struct model *m, const char *id)
{
    struct traces *x = traces_in(m);
    const struct kept_trace *t = id ? find_trace(x, id) : NULL;
    if (!t || !t->n)
        return NULL;
    uint64_t version = part_in(m)->version;
    if (x->shown_key != t->key || x->shown_version != version)
        kept_trace_unpack(&x->texts, t, &x->shown);
    x->shown_key = t->key;
    x->shown_version = version;
    return &x->shown.trace;
}

struct trace_links **traces_links(const struct model *m)
{
    return &traces_in(m)->links;
}

int64_t model_traces_lost(const struct model *m)
{
    return traces_in(m)->lost;
}

/* ---- statements ---- */

struct use {
    uint32_t endpoint, statement, system;
    const struct kept_trace *last;
    int64_t calls, total_ns, traces;
};
struct uses {
    struct use *items;
    size_t n, cap;
    uint32_t *places;
    size_t n_places;
};

static size_t place_of_use(const struct uses *u, uint32_t endpoint, uint32_t statement, uint32_t system)
{
    uint64_t h = ((uint64_t)endpoint << 32 | statement) * UINT64_C(0x9e3779b97f4a7c15) ^ system * 31u;
    size_t i = (h >> 16) & (u->n_places - 1);
    for (; u->places[i]; i = (i + 1) & (u->n_places - 1)) {
        const struct use *k = &u->items[u->places[i] - 1];
        if (k->endpoint == endpoint && k->statement == statement && k->system == system)
            break;
    }
    return i;
}

static struct use *use_of(struct uses *u, uint32_t endpoint, uint32_t statement, uint32_t system)
{
    if (2 * (u->n + 1) > u->n_places) {
        free(u->places);
        u->n_places = u->n_places ? 2 * u->n_places : 256;
        u->places = mem_array(u->n_places, sizeof *u->places);
        for (size_t i = 0; i < u->n; i++)
            u->places[place_of_use(u, u->items[i].endpoint, u->items[i].statement, u->items[i].system)] =
                (uint32_t)i + 1;
    }
    size_t k = place_of_use(u, endpoint, statement, system);
    if (!u->places[k]) {
        u->items = mem_grow(u->items, u->n, &u->cap, sizeof *u->items);
        u->items[u->n++] = (struct use){.endpoint = endpoint, .statement = statement, .system = system};
        u->places[k] = (uint32_t)u->n;
    }
    return &u->items[u->places[k] - 1];
}

static uint32_t system_of(const struct text_table *x, const struct kept_trace *t, const struct kept_span *s,
                          const uint32_t keys[2])
{
    for (int k = 0; k < 2; k++)
        for (uint32_t i = 0; keys[k] && i < s->n_attributes; i++) {
            uint32_t a = t->attributes[s->first_attribute + i];
            if (x->items[a].key == keys[k])
                return a;
        }
    return 0;
}

static int costliest_first(const void *a, const void *b)
{
    const struct use *x = a, *y = b;
    return (x->total_ns < y->total_ns) - (x->total_ns > y->total_ns);
}

size_t model_trace_uses(const struct model *m, struct span span, struct trace_use *out, size_t max)
{
    const struct traces *x = traces_in(m);
    const uint32_t keys[2] = {text_find(&x->texts, 0, "db.system.name"),
                              text_find(&x->texts, 0, "db.system")};
    struct uses u = {0};
    size_t n;
    struct kept_trace **all = traces_of(m, span, &n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < all[i]->n; k++) {
            const struct kept_span *s = &all[i]->spans[k];
            if (!s->statement)
                continue;
            struct use *use =
                use_of(&u, all[i]->facts.endpoint, s->statement, system_of(&x->texts, all[i], s, keys));
            use->calls++;
            use->total_ns = add_sat(use->total_ns, zero_if_unknown(s->duration));
            use->traces += use->last != all[i];
            use->last = all[i];
        }
    uint32_t *requests = mem_array((size_t)x->texts.n + 1, sizeof *requests);
    for (size_t i = 0; i < n; i++)
        requests[all[i]->facts.endpoint]++;
    if (u.n)
        qsort(u.items, u.n, sizeof *u.items, costliest_first);
    for (size_t i = 0; i < u.n && i < max; i++)
        out[i] = (struct trace_use){.endpoint = text_of(&x->texts, u.items[i].endpoint),
                                    .statement = text_of(&x->texts, u.items[i].statement),
                                    .system = text_of(&x->texts, u.items[i].system),
                                    .calls = u.items[i].calls,
                                    .total_ns = u.items[i].total_ns,
                                    .traces = u.items[i].traces,
                                    .requests = requests[u.items[i].endpoint]};
    free(requests);
    n = MIN(u.n, max);
    free(all);
    free(u.items);
    free(u.places);
    return n;
}

/* ---- exemplars ---- */

static int slowest_first(const void *a, const void *b)
{
    const struct sd_exemplar *x = ((const struct record_entry *)a)->r,
                             *y = ((const struct record_entry *)b)->r;
    return (x->duration_ns < y->duration_ns) - (x->duration_ns > y->duration_ns);
}

static bool is_of(const struct sd_exemplar *e, const char *endpoint)
{
    size_t n = e->method ? strlen(e->method) : 0;
    if (!endpoint)
        return true;
    if (!e->route || (n && (strncmp(endpoint, e->method, n) != 0 || endpoint[n] != ' ')))
        return false;
    return strcmp(endpoint + (n ? n + 1 : 0), e->route) == 0;
}

size_t model_exemplars(const struct model *m, const char *endpoint, struct span span,
                       struct record_entry *out, size_t max)
{
    const struct history *h = &traces_in(m)->exemplars;
    struct record_entry *all = NULL;
    size_t n = 0, cap = 0;
    for (size_t i = 0; i < h->n; i++)
        for (size_t k = 0; k < h->items[i].n; k++) {
            const struct sd_exemplar *e = h->items[i].records[k];
            sd_time at = sd_known(e->at) ? e->at : h->items[i].at;
            if (!is_of(e, endpoint) || (!span_is_all(span) && (at < span.from || at >= span.to)))
                continue;
            all = mem_grow(all, n, &cap, sizeof *all);
            all[n++] = (struct record_entry){.r = e, .at = at, .before_at = SD_UNKNOWN};
        }
    if (n)
        qsort(all, n, sizeof *all, slowest_first);
    n = MIN(n, max);
    if (n)
        memcpy(out, all, n * sizeof *all);
    free(all);
    return n;
}
