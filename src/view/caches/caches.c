/* Caches: every layer's hit rate side by side, why it misses, and what of 1,000 requests goes through. */
#include "view/caches/caches.h"

#include <stdlib.h>

#include "core/table.h"
#include "view/shared/figures.h"
#include "view/shared/worst.h"

enum { LINES_MAX = 5, FRESH_S = 60 };

/* ---- lists inside a row ---- */

static const struct column FINDING[] = {
    {.key = "kind", .title = "What", .flags = COLUMN_LEFT, .help = "in one word"},
    {.key = "severity", .title = "Severity", .flags = COLUMN_LEFT, .help = "info, warn or bad"},
    {.key = "text", .title = "Why", .flags = COLUMN_LEFT, .help = "the sentence"},
};
static const struct column NOTE[] = {{.key = "note", .title = "Note", .flags = COLUMN_LEFT}};
static const struct column BY_KEYS[] = {{.key = "keys", .title = "Keys", .unit = UNIT_COUNT},
                                        {.key = "miss_ratio", .title = "Misses", .unit = UNIT_SHARE}};
static const struct column BY_BYTES[] = {{.key = "bytes", .title = "Size", .unit = UNIT_BYTES},
                                         {.key = "miss_ratio", .title = "Misses", .unit = UNIT_SHARE}};

static double ratio(int64_t hits, int64_t misses)
{
    return hits < 0 || misses < 0 || add_sat(hits, misses) == 0
               ? (double)NAN
               : (double)hits / ((double)hits + (double)misses);
}

#define PREFIXES(X)                                                                                          \
    X(prefix, UNIT_NONE, cell_text(doc_text(d, p->prefix)))                                                  \
    X(kind, UNIT_NONE, cell_text(doc_text(d, p->kind)))                                                      \
    X(keys, UNIT_COUNT, cell_int(p->keys))                                                                   \
    X(keys_low, UNIT_COUNT, cell_int(p->keys_low))                                                           \
    X(keys_high, UNIT_COUNT, cell_int(p->keys_high))                                                         \
    X(bytes, UNIT_BYTES, cell_int(p->bytes))                                                                 \
    X(bytes_low, UNIT_BYTES, cell_int(p->bytes_low))                                                         \
    X(bytes_high, UNIT_BYTES, cell_int(p->bytes_high))                                                       \
    X(hits, UNIT_COUNT, cell_int(p->hits))                                                                   \
    X(misses, UNIT_COUNT, cell_int(p->misses))                                                               \
    X(hit_ratio, UNIT_SHARE, cell_real(ratio(p->hits, p->misses)))                                           \
    X(hit_ratio_low, UNIT_SHARE, cell_real(p->hit_ratio_low))                                                \
    X(hit_ratio_high, UNIT_SHARE, cell_real(p->hit_ratio_high))                                              \
    X(misses_cold, UNIT_COUNT, cell_int(p->misses_cold))                                                     \
    X(misses_expired, UNIT_COUNT, cell_int(p->misses_expired))                                               \
    X(misses_evicted, UNIT_COUNT, cell_int(p->misses_evicted))                                               \
    X(misses_invalidated, UNIT_COUNT, cell_int(p->misses_invalidated))                                       \
    X(ttl_p50_ns, UNIT_NS, cell_int(p->ttl_p50_ns))                                                          \
    X(hit_mean_ns, UNIT_NS, cell_int(p->hit_mean_ns))                                                        \
    X(miss_mean_ns, UNIT_NS, cell_int(p->miss_mean_ns))                                                      \
    X(watched_ns, UNIT_NS, cell_int(p->watched_ns))                                                          \
    X(sampled, UNIT_COUNT, cell_int(p->sampled))

#define PREFIX_ENUM(key, unit, cell) P_##key,
enum { PREFIXES(PREFIX_ENUM) P_COLUMNS };
#define PREFIX_COLUMN(key_, unit_, cell) {.key = #key_, .title = #key_, .unit = unit_},
static const struct column PREFIX[P_COLUMNS] = {PREFIXES(PREFIX_COLUMN)};

static struct cell prefix_list(struct doc *d, const struct cache_facts *f)
{
    struct table *t = doc_list(d, PREFIX, P_COLUMNS);
    for (size_t i = 0; i < f->n_prefixes; i++) {
        const struct sd_cache_prefix *p = f->prefixes[i].r;
        struct row *r = doc_row(d, t);
#define PREFIX_CELL(key, unit, cell) r->cells[P_##key] = (cell);
        PREFIXES(PREFIX_CELL)
    }
    return cell_list(t);
}

static struct cell curve_list(struct doc *d, const struct sd_cache_curve *x)
{
    bool keys = x && str_eq(x->unit, "keys");
    struct table *t = doc_list(d, keys ? BY_KEYS : BY_BYTES, 2);
    size_t n = x && x->sizes && x->miss_ratios ? MIN(x->sizes->n, x->miss_ratios->n) : 0;
    for (size_t i = 0; i < n; i++) {
        struct row *r = doc_row(d, t);
        double size = x->sizes->items[i];
        r->cells[0] = size >= 0 && size < 9e18 ? cell_int((int64_t)size) : cell_unknown();
        r->cells[1] = cell_real(x->miss_ratios->items[i]);
    }
    return cell_list(t);
}

static bool counts_by_prefix(const struct cache_facts *f)
{
    for (size_t i = 0; i < f->n_prefixes; i++)
        if (((const struct sd_cache_prefix *)f->prefixes[i].r)->hits >= 0)
            return true;
    return false;
}

static struct cell notes_list(struct doc *d, const struct cache_facts *f)
{
    struct table *t = doc_list(d, NOTE, ARRAY_LEN(NOTE));
    const struct sd_texts *notes = f->e.r.notes;
    if (f->e.whole && f->e.r.hits >= 0)
        doc_row(d, t)->cells[0] = cell_text("There was one reading: counts are since the start of counting.");
    if (f->e.resets > 0)
        doc_row(d, t)->cells[0] = cell_text(
            doc_printf(d, "Its counters started again %lld time%s; what was counted since is added.",
                       (long long)f->e.resets, f->e.resets == 1 ? "" : "s"));
    bool memcached = str_eq(f->e.r.product, "memcached");
    bool redis = str_eq(f->e.r.product, "redis") || str_eq(f->e.r.product, "valkey");
    if (!counts_by_prefix(f) && (memcached || redis))
        doc_row(d, t)->cells[0] = cell_text(
            memcached ? "Hit rates by prefix are not known: --sample detail says how they can be."
                      : "Hit rates by prefix are not known: --sample monitor says how they can be.");
    for (uint32_t i = 0; notes && i < notes->n; i++)
        doc_row(d, t)->cells[0] = cell_text(doc_text(d, notes->items[i]));
    return cell_list(t);
}

static struct cell findings_list(struct doc *d, const struct cache_finding *found, size_t n)
{
    struct table *t = doc_list(d, FINDING, ARRAY_LEN(FINDING));
    for (size_t i = 0; i < n; i++) {
        struct row *r = doc_row(d, t);
        r->cells[0] = cell_text(found[i].kind);
        r->cells[1] = cell_text(severity_name(found[i].severity));
        r->cells[2] = cell_text(found[i].text);
    }
    return cell_list(t);
}

/* ---- the table ---- */

static int64_t quantile(const struct hist *h, double q)
{
    return h ? hist_quantile(h, q) : SD_UNKNOWN;
}

#define CACHES(X)                                                                                            \
    X(layer, "Layer", UNIT_NONE, COLUMN_LEFT, 1, "browser, cdn, proxy, application or database",             \
      cell_text(doc_text(d, x->layer)))                                                                      \
    X(name, "Cache", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, "product and address",                         \
      cell_text(doc_text(d, x->name)))                                                                       \
    X(hit_ratio, "Hit rate", UNIT_SHARE, COLUMN_BAR, 0, "lookups that hit, of all lookups",                  \
      cell_real(f->hit_ratio))                                                                               \
    X(lookups_per_s, "Lookups/s", UNIT_PER_S, 0, 1, "hits and misses per second; null: of one reading",      \
      cell_real(f->lookups_per_s))                                                                           \
    X(misses_per_s, "Misses/s", UNIT_PER_S, 0, 0, "misses per second: what the layer below has to do",       \
      cell_real(f->misses_per_s))                                                                            \
    X(reasons, "Misses are", UNIT_NONE, COLUMN_LEFT | COLUMN_NO_JSON, 3, "why it misses, as shares",         \
      cell_text(cache_miss_reasons(d, x)))                                                                   \
    X(evictions_per_s, "Evicted/s", UNIT_PER_S, 0, 2, "entries removed to make room per second",             \
      cell_real(cache_rate(f, x->evictions)))                                                                \
    X(bytes_used, "Used", UNIT_BYTES, 0, 2, "bytes in use now", cell_int(x->bytes_used))                     \
    X(bytes_max, "Limit", UNIT_BYTES, 0, 3, "limit of that; 0 or null: none, or unknown",                    \
      cell_int(x->bytes_max))                                                                                \
    X(hit_p50_ns, "Hit P50", UNIT_NS, 0, 4, "median duration of a hit", cell_int(quantile(f->e.hit, 0.5)))   \
    X(miss_p50_ns, "Miss P50", UNIT_NS, 0, 4, "median duration of a miss",                                   \
      cell_int(quantile(f->e.miss, 0.5)))                                                                    \
    X(hit_p99_ns, "Hit P99", UNIT_NS, COLUMN_HIDDEN, 9, "99 % of the hits are faster",                       \
      cell_int(quantile(f->e.hit, 0.99)))                                                                    \
    X(miss_p99_ns, "Miss P99", UNIT_NS, COLUMN_HIDDEN, 9, "99 % of the misses are faster",                   \
      cell_int(quantile(f->e.miss, 0.99)))                                                                   \
    X(hits, "Hits", UNIT_COUNT, COLUMN_HIDDEN, 9,                                                            \
      "lookups that found it, in the span; of a file: of the file", cell_int(x->hits))                       \
    X(misses, "Misses", UNIT_COUNT, COLUMN_HIDDEN, 9, "lookups that did not", cell_int(x->misses))           \
    X(bypassed, "Bypassed", UNIT_COUNT, COLUMN_HIDDEN, 9,                                                    \
      "requests that went past it; of nginx they are misses, too", cell_int(x->bypassed))                    \
    X(misses_cold, "Cold", UNIT_COUNT, COLUMN_HIDDEN, 9, "misses of what was never there",                   \
      cell_int(x->misses_cold))                                                                              \
    X(misses_expired, "Expired", UNIT_COUNT, COLUMN_HIDDEN, 9, "misses of what had expired",                 \
      cell_int(x->misses_expired))                                                                           \
    X(misses_evicted, "Evicted", UNIT_COUNT, COLUMN_HIDDEN, 9, "misses of what had been evicted",            \
      cell_int(x->misses_evicted))                                                                           \
    X(misses_invalidated, "Deleted", UNIT_COUNT, COLUMN_HIDDEN, 9, "misses of what had been deleted",        \
      cell_int(x->misses_invalidated))                                                                       \
    X(evictions, "Evictions", UNIT_COUNT, COLUMN_HIDDEN, 9, "entries removed to make room",                  \
      cell_int(x->evictions))                                                                                \
    X(expired, "Ended", UNIT_COUNT, COLUMN_HIDDEN, 9, "entries removed because their time was over",         \
      cell_int(x->expired))                                                                                  \
    X(entries, "Entries", UNIT_COUNT, COLUMN_HIDDEN, 9, "now in it", cell_int(x->entries))                   \
    X(requests_per_s, "Requests/s", UNIT_PER_S, COLUMN_HIDDEN, 9, "commands or requests of every kind",      \
      cell_real(cache_rate(f, x->requests)))                                                                 \
    X(policy, "Policy", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "what is evicted at the limit",           \
      cell_text(doc_text(d, x->policy)))                                                                     \
    X(role, "Role", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "master or replica",                          \
      cell_text(doc_text(d, x->role)))                                                                       \
    X(clients, "Clients", UNIT_COUNT, COLUMN_HIDDEN, 9, "connected now", cell_int(x->clients))               \
    X(version, "Version", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "of the product",                       \
      cell_text(doc_text(d, x->version)))                                                                    \
    X(since, "Since", UNIT_TIME, COLUMN_HIDDEN, 9, "start of counting", cell_int(x->since))                  \
    X(source, "Source", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "the source",                             \
      cell_text(doc_text(d, f->e.origin)))                                                                   \
    X(notes, "Notes", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "what is unknown and why, in sentences",    \
      notes_list(d, f))                                                                                      \
    X(findings, "Findings", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9,                                       \
      "what needs a look: kind, severity (info, warn, bad), text", findings_list(d, found, n_found))         \
    X(prefixes, "Prefixes", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9,                                       \
      "its parts: prefix, kind (prefix, route, table, index, slab), keys, bytes, hits, misses, hit_ratio, "  \
      "misses_cold, misses_expired, misses_evicted, misses_invalidated, ttl_p50_ns, hit_mean_ns, "           \
      "miss_mean_ns, watched_ns, sampled; "                                                                  \
      "_low and _high: the 95 % interval of what was sampled",                                               \
      prefix_list(d, f))                                                                                     \
    X(mrc, "Curve", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9,                                               \
      "miss-ratio curve: keys or bytes, miss_ratio", curve_list(d, f->curve))

#define CACHE_ENUM(key, title, unit, flags, priority, help, cell) C_##key,
enum { CACHES(CACHE_ENUM) C_COLUMNS };
#define CACHE_COLUMN(key_, title_, unit_, flags_, priority_, help_, cell)                                    \
    {.key = #key_,                                                                                           \
     .title = title_,                                                                                        \
     .unit = unit_,                                                                                          \
     .flags = flags_,                                                                                        \
     .priority = priority_,                                                                                  \
     .help = help_,                                                                                          \
     .width = ((flags_)&COLUMN_GROW) ? 18 : 0},
static const struct column COLUMNS[C_COLUMNS] = {CACHES(CACHE_COLUMN)};

static void fill(struct doc *d, const struct view_ctx *c, const struct cache_facts *f, struct row *r)
{
    const struct sd_cache *x = &f->e.r;
    struct cache_finding found[CACHE_FINDINGS_MAX];
    size_t n_found = cache_findings(d, c, f, found);
#define CACHE_CELL(key, title, unit, flags, priority, help, cell) r->cells[C_##key] = (cell);
    CACHES(CACHE_CELL)
    r->severity = n_found && found[0].severity >= SEVERITY_WARN ? found[0].severity : SEVERITY_NONE;
    r->dive = (struct dive){.view = "cache", .arg = doc_text(d, x->name)};
}

struct section *caches_table(struct doc *d, const struct view_ctx *c, const struct caches_found *f,
                             size_t from, size_t n)
{
    struct section *s = doc_table(d, "rows", "Caches", COLUMNS, C_COLUMNS);
    for (size_t i = from; i < from + n; i++)
        fill(d, c, &f->items[i], doc_row(d, &s->table));
    s->kinds = KINDS_CACHE;
    return s;
}

/* ---- what of 1,000 requests goes through ---- */

static const struct column FLOW[] = {
    {.key = "layer", .title = "Layer", .flags = COLUMN_LEFT},
    {.key = "lookups", .title = "Lookups"},
    {.key = "kept", .title = "Kept"},
    {.key = "passed", .title = "Passed on"},
};

struct layer {
    const char *name;
    double lookups, kept; /* per second */
};

/* The layers there are, from the browser to the database, each with all its caches whose rates are known. */
static size_t layers_of(const struct caches_found *f, struct layer out[8])
{
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++) {
        const struct cache_facts *x = &f->items[i];
        if (!(x->lookups_per_s > 0) || cache_layer_rank(x->e.r.layer) >= cache_layer_rank(NULL))
            continue;
        if (!n || !str_eq(out[n - 1].name, x->e.r.layer))
            out[n++] = (struct layer){.name = x->e.r.layer};
        out[n - 1].lookups += x->lookups_per_s;
        out[n - 1].kept += x->lookups_per_s * x->hit_ratio;
    }
    return n;
}

static void flow(struct doc *d, const struct caches_found *f)
{
    struct layer layers[8];
    size_t n = layers_of(f, layers);
    struct table *t = doc_list(d, FLOW, ARRAY_LEN(FLOW));
    struct strbuf text = {0};
    char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX], e[UNIT_TEXT_MAX];
    for (size_t i = 0; i < n; i++) {
        double scale = 1000 / layers[0].lookups, lookups = layers[i].lookups * scale,
               kept = layers[i].kept * scale;
        struct row *r = doc_row(d, t);
        r->cells[0] = cell_text(doc_text(d, layers[i].name));
        r->cells[1] = cell_real(lookups);
        r->cells[2] = cell_real(kept);
        r->cells[3] = cell_real(lookups - kept);
        bool blocks = str_eq(layers[i].name, "database");
        strbuf_printf(&text, "%s%s: %s %s, %s kept, %s go on", text.len ? "  >  " : "", layers[i].name,
                      unit_format(UNIT_COUNT, round(lookups), a),
                      blocks ? "blocks"
                      : i    ? "lookups"
                             : "requests",
                      unit_format(UNIT_COUNT, round(kept), b),
                      unit_format(UNIT_COUNT, round(lookups - kept), e));
    }
    doc_field(d, "flow", UNIT_NONE, cell_list(t));
    if (n) {
        struct section *s = doc_section(d, SECTION_TEXT, NULL, "Of 1,000 requests to the first layer");
        s->text = doc_text(d, strbuf_text(&text));
    }
    strbuf_free(&text);
}

/* ---- over time ---- */

static void trend(struct doc *d, const struct view_ctx *c, const struct caches_found *f)
{
    struct span drawn = common_drawn(c, common_span(c));
    size_t n = common_points(c, drawn), lines = 0;
    if (!sd_known(drawn.from) || !n)
        return;
    struct cache_point *p = mem_array(n, sizeof *p);
    struct section *s = NULL;
    for (size_t i = 0; i < f->n && lines < LINES_MAX; i++) {
        if (f->items[i].e.whole || !isfinite(f->items[i].hit_ratio))
            continue;
        if (!s) {
            s = common_graph(d, "trend", "Hit rate over time", UNIT_SHARE, drawn, n);
            s->kinds = KINDS_CACHE;
            s->weight = 1;
        }
        model_cache_series(c->model, f->items[i].e.origin, f->items[i].e.r.name, drawn, n, p);
        struct graph_line *line = doc_line(d, &s->graph, doc_text(d, f->items[i].e.r.name));
        line->whole = f->items[i].hit_ratio;
        for (size_t k = 0; k < n; k++)
            line->values[k] = p[k].hit_ratio;
        lines++;
    }
    free(p);
}

/* ---- what needs a look ---- */

static void list_findings(const struct view_ctx *c, const struct caches_found *f, bool only_now,
                          struct worst_list *l)
{
    for (size_t i = 0; i < f->n; i++) {
        struct cache_finding found[CACHE_FINDINGS_MAX];
        bool now = common_age(c->now, f->items[i].e.at) <= FRESH_S * SD_S || !c->live;
        size_t n = now || !only_now ? cache_findings(l->d, c, &f->items[i], found) : 0;
        for (size_t k = 0; k < n; k++)
            if (found[k].severity >= SEVERITY_WARN)
                worst_add(l, (struct worst_item){
                                 .what = "cache",
                                 .severity = found[k].severity,
                                 .rank = found[k].rank,
                                 .share = NAN,
                                 .subject = doc_text(l->d, f->items[i].e.r.name),
                                 .why = found[k].text,
                                 .dive = {.view = "cache", .arg = doc_text(l->d, f->items[i].e.r.name)}});
    }
}

void caches_worst(const struct view_ctx *c, struct worst_list *l)
{
    struct caches_found f = caches_find(c);
    list_findings(c, &f, true, l);
    caches_found_free(&f);
}

static const struct column NEEDS[] = {
    {.key = "cache", .title = "Cache", .flags = COLUMN_LEFT, .width = 20, .priority = 1, .help = "its name"},
    {.key = "why", .title = "Why", .flags = COLUMN_LEFT | COLUMN_GROW, .width = 30, .help = "the sentence"},
};

static void needs_look(struct doc *d, const struct view_ctx *c, const struct caches_found *f)
{
    struct worst_list l = {.d = d};
    list_findings(c, f, false, &l);
    worst_sort(&l);
    if (l.n) {
        struct section *s = doc_table(d, NULL, "Needs attention", NEEDS, ARRAY_LEN(NEEDS));
        for (size_t i = 0; i < l.n; i++) {
            struct row *r = doc_row(d, &s->table);
            r->cells[0] = cell_text(l.items[i].subject);
            r->cells[1] = cell_text(l.items[i].why);
            r->severity = l.items[i].severity;
            r->dive = l.items[i].dive;
        }
    }
    free(l.items);
}

static struct doc *build_caches(const struct view_ctx *c)
{
    struct doc *d = doc_new("caches", "Caches");
    struct caches_found f = caches_find(c);
    common_envelope(d, c, common_span(c));
    flow(d, &f);
    needs_look(d, c, &f);
    struct section *s = caches_table(d, c, &f, 0, f.n);
    s->weight = 1;
    s->note =
        f.n ? common_note(d, c, &(struct note){KINDS_CACHE, SD_UNKNOWN, .last = f.items[0].e.at}) : NULL;
    s->empty = common_empty(d, c, KINDS_CACHE);
    d->focus = (int)d->n_sections - 1;
    trend(d, c, &f);
    caches_found_free(&f);
    return d;
}

/* ---- what `changes` compares ---- */

static void caches_figures(const struct view_ctx *c, struct figures *out)
{
    struct caches_found f = caches_find(c);
    struct cache_point p[FIGURE_PARTS];
    for (size_t i = 0; i < f.n; i++) {
        const struct cache_facts *x = &f.items[i];
        if (x->e.whole || !isfinite(x->hit_ratio))
            continue;
        struct figure misses = {.kind = "cache",
                                .key = doc_text(out->d, x->e.r.name),
                                .name = "misses of lookups",
                                .method = FIGURE_LEVEL,
                                .unit = UNIT_SHARE,
                                .value = 1 - x->hit_ratio,
                                .n_parts = out->n_parts,
                                .events = (double)x->e.r.misses,
                                .more_is_worse = true,
                                .weight = x->misses_per_s / 1000,
                                .dive = {.view = "cache", .arg = doc_text(out->d, x->e.r.name)}};
        model_cache_series(c->model, x->e.origin, x->e.r.name, out->span, out->n_parts, p);
        for (size_t k = 0; k < out->n_parts; k++)
            misses.parts[k] = 1 - p[k].hit_ratio;
        figures_add(out, &misses);
    }
    caches_found_free(&f);
}

static const struct column ALSO[] = {
    {.key = "flow",
     .title = "Flow",
     .help = "of 1,000 lookups in the first layer: layer, lookups, kept (hits), passed (misses)"},
    {.key = "trend", .title = "Over time", .help = "points of at and the hit rate of each cache"},
};

const struct view caches_view = {
    .name = "caches",
    .place = PLACE_CACHE,
    .title = "Caches",
    .summary = "every layer's hit rate side by side, why it misses, and what needs a look",
    .lists = "cache",
    .thing = "name",
    .needs = KINDS_CACHE,
    .build = build_caches,
    .worst = caches_worst,
    .linked = caches_linked,
    .actions = caches_actions,
    .figures = caches_figures,
    .columns = COLUMNS,
    .n_columns = C_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
