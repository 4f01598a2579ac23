/* One cache: what needs a look, its parts, commands, keys, memory, ends and the miss-ratio curve. */
#include <stdlib.h>

#include "core/table.h"
#include "view/caches/caches.h"

#define SECTION_COLUMN(key_, title_, unit_, flags_, priority_, help_, cell)                                  \
    {.key = #key_,                                                                                           \
     .title = title_,                                                                                        \
     .unit = unit_,                                                                                          \
     .flags = flags_,                                                                                        \
     .priority = priority_,                                                                                  \
     .help = help_,                                                                                          \
     .width = ((flags_)&COLUMN_GROW) ? 16 : 0},

static double ratio(int64_t part, int64_t rest)
{
    return part < 0 || rest < 0 || add_sat(part, rest) == 0 ? (double)NAN
                                                            : (double)part / ((double)part + (double)rest);
}

/* ---- figures ---- */

static void figures(struct doc *d, const struct cache_facts *f)
{
    const struct sd_cache *x = &f->e.r;
    struct section *s = doc_section(d, SECTION_FIELDS, "figures", doc_text(d, x->name));
    const struct {
        const char *key, *label;
        enum unit unit;
        struct cell v;
    } rows[] = {
        {"hit_ratio", "Hit rate", UNIT_SHARE, cell_real(f->hit_ratio)},
        {"lookups_per_s", "Lookups", UNIT_PER_S, cell_real(f->lookups_per_s)},
        {"misses_per_s", "Misses", UNIT_PER_S, cell_real(f->misses_per_s)},
        {"reasons", "Misses are", UNIT_NONE, cell_text(cache_miss_reasons(d, x))},
        {"hit_p50_ns", "Hit, median", UNIT_NS,
         cell_int(f->e.hit ? hist_quantile(f->e.hit, 0.5) : SD_UNKNOWN)},
        {"miss_p50_ns", "Miss, median", UNIT_NS,
         cell_int(f->e.miss ? hist_quantile(f->e.miss, 0.5) : SD_UNKNOWN)},
        {"bytes_used", "Memory used", UNIT_BYTES, cell_int(x->bytes_used)},
        {"bytes_max", "Limit", UNIT_BYTES, x->bytes_max == 0 ? cell_unknown() : cell_int(x->bytes_max)},
        {"bytes_rss", "Of the process", UNIT_BYTES, cell_int(x->bytes_rss)},
        {"policy", "At the limit", UNIT_NONE, cell_text(doc_text(d, x->policy))},
        {"entries", "Entries", UNIT_COUNT, cell_int(x->entries)},
        {"entries_with_ttl", "With an end", UNIT_COUNT, cell_int(x->entries_with_ttl)},
        {"evictions_per_s", "Evicted", UNIT_PER_S, cell_real(cache_rate(f, x->evictions))},
        {"expired_per_s", "Expired", UNIT_PER_S, cell_real(cache_rate(f, x->expired))},
        {"writes_per_s", "Stored", UNIT_PER_S, cell_real(cache_rate(f, x->writes))},
        {"requests_per_s", "Requests", UNIT_PER_S, cell_real(cache_rate(f, x->requests))},
        {"busy_share", "Processor", UNIT_SHARE, cell_real(cache_rate(f, x->busy_ns) / 1e9)},
        {"clients", "Clients", UNIT_COUNT, cell_int(x->clients)},
        {"role", "Role", UNIT_NONE, cell_text(doc_text(d, x->role))},
        {"version", "Version", UNIT_NONE, cell_text(doc_text(d, x->version))},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].v.type != CELL_UNKNOWN)
            section_field(d, s, rows[i].key, rows[i].label, rows[i].unit, rows[i].v);
    s->kinds = KINDS_CACHE;
}

/* ---- what needs a look ---- */

static const struct column FINDINGS[] = {
    {.key = "kind",
     .title = "What",
     .flags = COLUMN_LEFT | COLUMN_HIDDEN,
     .width = 14,
     .priority = 2,
     .help = "in one word"},
    {.key = "severity",
     .title = "Severity",
     .flags = COLUMN_LEFT | COLUMN_HIDDEN,
     .help = "info, warn or bad"},
    {.key = "text", .title = "Why", .flags = COLUMN_LEFT | COLUMN_GROW, .width = 30, .help = "the sentence"},
};

static void findings(struct doc *d, const struct view_ctx *c, const struct cache_facts *f)
{
    struct cache_finding found[CACHE_FINDINGS_MAX];
    size_t n = cache_findings(d, c, f, found);
    struct section *s = doc_table(d, "findings", "Needs attention", FINDINGS, ARRAY_LEN(FINDINGS));
    for (size_t i = 0; i < n; i++) {
        struct row *r = doc_row(d, &s->table);
        r->cells[0] = cell_text(found[i].kind);
        r->cells[1] = cell_text(severity_name(found[i].severity));
        r->cells[2] = cell_text(found[i].text);
        r->severity = found[i].severity;
    }
    s->empty = "Nothing of what is known of it.";
}

/* ---- its parts ---- */

#define PARTS(X)                                                                                             \
    X(prefix, "Part", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, "prefix of keys, route, table or slab",       \
      cell_text(doc_text(d, p->prefix)))                                                                     \
    X(keys, "Keys", UNIT_COUNT, 0, 2, "how many; an estimate where sampled", cell_int(p->keys))              \
    X(bytes, "Memory", UNIT_BYTES, 0, 0, "the same", cell_int(p->bytes))                                     \
    X(hit_ratio, "Hit rate", UNIT_SHARE, COLUMN_BAR, 0, "of its lookups in the time watched",                \
      cell_real(ratio(p->hits, p->misses)))                                                                  \
    X(misses, "Misses", UNIT_COUNT, 0, 0, "in the time watched", cell_int(p->misses))                        \
    X(reasons, "Misses are", UNIT_NONE, COLUMN_LEFT | COLUMN_NO_JSON, 1, "why it misses, as shares",         \
      cell_text(reasons(d, p)))                                                                              \
    X(hits, "Hits", UNIT_COUNT, COLUMN_HIDDEN, 9, "in the time watched", cell_int(p->hits))                  \
    X(ttl_p50_ns, "TTL", UNIT_NS, 0, 3, "median of what is left of the keys that have an end",               \
      cell_int(p->ttl_p50_ns))                                                                               \
    X(hit_mean_ns, "A hit takes", UNIT_NS, 0, 3, "mean duration, where it is known",                         \
      cell_int(p->hit_mean_ns))                                                                              \
    X(miss_mean_ns, "A miss takes", UNIT_NS, 0, 3, "the same of a miss", cell_int(p->miss_mean_ns))          \
    X(reuse_p50_ns, "Read again", UNIT_NS, 0, 4, "median time between two lookups of a key",                 \
      cell_int(p->reuse_p50_ns))                                                                             \
    X(idle_p50_ns, "Idle", UNIT_NS, COLUMN_HIDDEN, 5, "median time since a key was read",                    \
      cell_int(p->idle_p50_ns))                                                                              \
    X(kind, "Kind", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "prefix, route, table, index or slab",        \
      cell_text(doc_text(d, p->kind)))                                                                       \
    X(method, "Counted by", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "how the lookups were counted",       \
      cell_text(doc_text(d, p->method)))

static const char *reasons(struct doc *d, const struct sd_cache_prefix *p)
{
    struct sd_cache r = {.misses = p->misses,
                         .misses_cold = p->misses_cold,
                         .misses_expired = p->misses_expired,
                         .misses_evicted = p->misses_evicted,
                         .misses_invalidated = p->misses_invalidated,
                         .bypassed = SD_UNKNOWN};
    return cache_miss_reasons(d, &r);
}

#define PART_ENUM(key, title, unit, flags, priority, help, cell) P_##key,
enum { PARTS(PART_ENUM) P_COLUMNS };
static const struct column PART_COLUMNS[P_COLUMNS] = {PARTS(SECTION_COLUMN)};

static void parts(struct doc *d, const struct view_ctx *c, const struct cache_facts *f)
{
    struct section *s = doc_table(d, "prefixes", "Parts", PART_COLUMNS, P_COLUMNS);
    bool counted = false;
    for (size_t i = 0; i < f->n_prefixes; i++) {
        const struct sd_cache_prefix *p = f->prefixes[i].r;
        struct row *r = doc_row(d, &s->table);
#define PART_CELL(key, title, unit, flags, priority, help, cell) r->cells[P_##key] = (cell);
        PARTS(PART_CELL)
        counted |= p->misses >= 0;
        if (i == 0 && p->method)
            s->note = doc_text(d, p->method);
    }
    table_sort(&s->table, counted ? P_misses : P_bytes, true);
    s->weight = 2;
    s->empty =
        !str_eq(f->e.r.product, "redis") && !str_eq(f->e.r.product, "valkey") &&
                !str_eq(f->e.r.product, "memcached")
            ? "Its source tells nothing of its parts."
            : doc_printf(d, "Nothing is known of its parts.%s",
                         c->key ? common_hint(d, c, "sample-cache", "looks into it, and says its cost before")
                                : " --sample says how they can be known, and what it costs.");
}

/* ---- memory as a treemap ---- */

/* Of the doc, heaviest first: what is drawn later must not be the model's. */
struct memory_part {
    const char *label;
    double bytes;
};
struct memory_map {
    double bytes;
    size_t n;
    struct memory_part parts[];
};

static void memory_box(void *ctx, size_t i, struct box *b)
{
    const struct memory_map *m = ctx;
    if (i == BOXES_ROOT) {
        b->children = b->inside = m->n;
        b->weight = m->bytes;
        return;
    }
    b->label = m->parts[i].label;
    b->weight = b->self = m->parts[i].bytes;
    b->parent = BOXES_ROOT;
    b->colour = (unsigned)i;
}

static size_t memory_child(void *ctx, size_t parent, size_t k)
{
    (void)ctx;
    (void)parent;
    return k;
}

static uint64_t memory_identity(void *ctx, size_t i)
{
    const struct memory_map *m = ctx;
    uint64_t id = str_hash(m->parts[i].label, strlen(m->parts[i].label));
    return id ? id : 1;
}

static const struct boxes_source MEMORY = {
    .box = memory_box, .child = memory_child, .identity = memory_identity};

static int heavier_first(const void *a, const void *b)
{
    const struct memory_part *x = a, *y = b;
    return x->bytes > y->bytes ? -1 : x->bytes < y->bytes ? 1 : strcmp(x->label, y->label);
}

static void memory(struct doc *d, const struct cache_facts *f)
{
    struct memory_map *m = arena_alloc(d->arena, sizeof *m + f->n_prefixes * sizeof *m->parts);
    *m = (struct memory_map){0};
    for (size_t k = 0; k < f->n_prefixes; k++) {
        const struct sd_cache_prefix *p = f->prefixes[k].r;
        if (p->bytes <= 0)
            continue;
        m->parts[m->n++] = (struct memory_part){.label = doc_text(d, p->prefix ? p->prefix : "?"),
                                                .bytes = (double)p->bytes};
        m->bytes += (double)p->bytes;
    }
    if (!m->n)
        return;
    qsort(m->parts, m->n, sizeof *m->parts, heavier_first);
    struct section *s = doc_section(d, SECTION_BOXES, "memory", "Memory by part");
    s->boxes =
        (struct boxes){.shape = BOXES_TREEMAP, .unit = UNIT_BYTES, .n = m->n, .source = &MEMORY, .ctx = m};
    s->weight = 1;
}

/* ---- when keys end ---- */

static const struct column ENDS[] = {
    {.key = "upto_ns",
     .title = "Ends within",
     .unit = UNIT_NS,
     .help = "upper end of the range of what is left; null: later"},
    {.key = "share",
     .title = "Keys",
     .unit = UNIT_SHARE,
     .flags = COLUMN_BAR | COLUMN_GROW,
     .width = 20,
     .help = "share of the keys looked at that have an end"},
    {.key = "count", .title = "Looked at", .unit = UNIT_COUNT, .help = "how many"},
};

static void ends(struct doc *d, const struct cache_facts *f)
{
    enum { RANGES = 32 };
    int64_t upto[RANGES], counts[RANGES] = {0}, all = 0;
    size_t n = 0;
    for (size_t i = 0; i < f->n_prefixes; i++) {
        const struct sd_cache_prefix *p = f->prefixes[i].r;
        size_t m = p->ttl_upto_ns && p->ttl_counts ? MIN(p->ttl_upto_ns->n, p->ttl_counts->n) : 0;
        if (!n)
            for (n = 0; n < MIN(m, (size_t)RANGES); n++)
                upto[n] = p->ttl_upto_ns->items[n];
        for (size_t k = 0; k < MIN(m, n); k++) {
            counts[k] = add_sat(counts[k], MAX(p->ttl_counts->items[k], 0));
            all = add_sat(all, MAX(p->ttl_counts->items[k], 0));
        }
    }
    if (all <= 0)
        return;
    struct section *s = doc_table(d, "ends", "When keys end", ENDS, ARRAY_LEN(ENDS));
    for (size_t k = 0; k < n; k++) {
        struct row *r = doc_row(d, &s->table);
        r->cells[0] = upto[k] == INT64_MAX ? cell_unknown() : cell_int(upto[k]);
        r->cells[1] = cell_real((double)counts[k] / (double)all);
        r->cells[2] = cell_int(counts[k]);
    }
}

/* ---- commands ---- */

#define COMMANDS(X)                                                                                          \
    X(command, "Command", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, "its name",                               \
      cell_text(doc_text(d, x->command)))                                                                    \
    X(share, "Share", UNIT_SHARE, COLUMN_BAR, 0, "of the server's time in commands in the span",             \
      cell_real(ns / all))                                                                                   \
    X(calls_per_s, "Calls/s", UNIT_PER_S, 0, 1, "calls per second", cell_real(calls / f->seconds))           \
    X(mean_ns, "Mean", UNIT_NS, 0, 0, "time of a call in the span",                                          \
      cell_real(calls > 0 ? ns / calls : (double)NAN))                                                       \
    X(p50_ns, "P50", UNIT_NS, 0, 2, "median since the server's start, as it reports it",                     \
      cell_int(x->p50_ns))                                                                                   \
    X(p99_ns, "P99", UNIT_NS, 0, 1, "99 % are faster, the same", cell_int(x->p99_ns))                        \
    X(p999_ns, "P99.9", UNIT_NS, 0, 3, "99.9 % are faster, the same", cell_int(x->p999_ns))                  \
    X(failed, "Failed", UNIT_COUNT, 0, 3, "calls that failed, since the server's start",                     \
      cell_int(x->failed))                                                                                   \
    X(rejected, "Rejected", UNIT_COUNT, COLUMN_HIDDEN, 9, "calls that were not run", cell_int(x->rejected))  \
    X(calls, "Calls", UNIT_COUNT, COLUMN_HIDDEN, 9, "in the span", cell_real(calls))                         \
    X(total_ns, "Total", UNIT_NS, COLUMN_HIDDEN, 9, "their time", cell_real(ns))

#define COMMAND_ENUM(key, title, unit, flags, priority, help, cell) M_##key,
enum { COMMANDS(COMMAND_ENUM) M_COLUMNS };
static const struct column COMMAND_COLUMNS[M_COLUMNS] = {COMMANDS(SECTION_COLUMN)};

/* A fall is a restart. */
static double grown(int64_t now, int64_t before)
{
    return now < 0 ? (double)NAN : before < 0 || now < before ? (double)now : (double)(now - before);
}

static void commands(struct doc *d, const struct cache_facts *f)
{
    double all = 0;
    if (!f->n_commands)
        return;
    for (size_t i = 0; i < f->n_commands; i++) {
        const struct sd_cache_command *x = f->commands[i].r, *was = f->commands[i].before;
        double ns = grown(x->total_ns, was ? was->total_ns : 0);
        all += ns > 0 ? ns : 0;
    }
    struct section *s = doc_table(d, "commands", "Commands", COMMAND_COLUMNS, M_COLUMNS);
    for (size_t i = 0; i < f->n_commands; i++) {
        const struct sd_cache_command *x = f->commands[i].r, *was = f->commands[i].before;
        double ns = grown(x->total_ns, was ? was->total_ns : 0),
               calls = grown(x->calls, was ? was->calls : 0);
        struct row *r = doc_row(d, &s->table);
#define COMMAND_CELL(key, title, unit, flags, priority, help, cell) r->cells[M_##key] = (cell);
        COMMANDS(COMMAND_CELL)
    }
    table_sort(&s->table, M_share, true);
    s->weight = 1;
}

/* ---- slow executions and keys ---- */

static const struct column SLOW[] = {
    {.key = "at", .title = "At", .unit = UNIT_TIME, .help = "when"},
    {.key = "duration_ns", .title = "Time", .unit = UNIT_NS, .help = "how long nothing else ran"},
    {.key = "bytes",
     .title = "Size",
     .unit = UNIT_BYTES,
     .priority = 2,
     .help = "of a large request or reply"},
    {.key = "command", .title = "Command", .flags = COLUMN_LEFT, .width = 12, .help = "its name"},
    {.key = "prefix",
     .title = "Of",
     .flags = COLUMN_LEFT | COLUMN_GROW,
     .width = 16,
     .help = "prefix of its first key"},
    {.key = "arguments", .title = "Arguments", .unit = UNIT_COUNT, .priority = 3, .help = "how many"},
    {.key = "client", .title = "Client", .flags = COLUMN_LEFT, .priority = 4, .help = "address or name"},
    {.key = "log",
     .title = "Log",
     .flags = COLUMN_LEFT | COLUMN_HIDDEN,
     .help = "slow, large-request or large-reply"},
};

static void slow(struct doc *d, const struct cache_facts *f)
{
    if (!f->n_slow)
        return;
    struct section *s = doc_table(d, "slow", "Slow executions the server remembers", SLOW, ARRAY_LEN(SLOW));
    for (size_t i = 0; i < f->n_slow; i++) {
        const struct sd_cache_slow *x = f->slow[i].r;
        struct row *r = doc_row(d, &s->table);
        const struct cell cells[ARRAY_LEN(SLOW)] = {cell_int(x->at),
                                                    cell_int(x->duration_ns),
                                                    cell_int(x->bytes),
                                                    cell_text(doc_text(d, x->command)),
                                                    cell_text(doc_text(d, x->prefix)),
                                                    cell_int(x->arguments),
                                                    cell_text(doc_text(d, x->client)),
                                                    cell_text(doc_text(d, x->log))};
        memcpy(r->cells, cells, sizeof cells);
    }
    table_sort(&s->table, 1, true);
}

static const struct column KEYS[] = {
    {.key = "key",
     .title = "Key",
     .flags = COLUMN_LEFT | COLUMN_GROW,
     .width = 20,
     .help = "cut to 256 bytes"},
    {.key = "type", .title = "Type", .flags = COLUMN_LEFT, .priority = 2, .help = "string, hash, ..."},
    {.key = "bytes", .title = "Memory", .unit = UNIT_BYTES, .help = "of it"},
    {.key = "items", .title = "Members", .unit = UNIT_COUNT, .priority = 3, .help = "of a list, hash, set"},
    {.key = "lookup_share",
     .title = "Lookups",
     .unit = UNIT_SHARE,
     .flags = COLUMN_BAR,
     .priority = 1,
     .help = "share of all lookups"},
    {.key = "lookups",
     .title = "Count",
     .unit = UNIT_COUNT,
     .flags = COLUMN_HIDDEN,
     .help = "in the time watched"},
    {.key = "misses", .title = "Misses", .unit = UNIT_COUNT, .priority = 3, .help = "in the time watched"},
    {.key = "ttl_ns",
     .title = "TTL",
     .unit = UNIT_NS,
     .priority = 4,
     .help = "what is left; null: it has no end, or is unknown"},
    {.key = "idle_ns", .title = "Idle", .unit = UNIT_NS, .priority = 5, .help = "since it was read"},
    {.key = "frequency", .title = "Freq", .priority = 5, .help = "OBJECT FREQ: 0 to 255, logarithmic"},
};

static void keys(struct doc *d, const struct cache_facts *f)
{
    bool asked = false;
    if (!f->n_keys)
        return;
    struct section *s = doc_table(d, "keys", "Keys that stand out", KEYS, ARRAY_LEN(KEYS));
    for (size_t i = 0; i < f->n_keys; i++) {
        const struct sd_cache_key *x = f->keys[i].r;
        struct row *r = doc_row(d, &s->table);
        const struct cell cells[ARRAY_LEN(KEYS)] = {cell_text(doc_text(d, x->key ? x->key : x->prefix)),
                                                    cell_text(doc_text(d, x->type)),
                                                    cell_int(x->bytes),
                                                    cell_int(x->items),
                                                    cell_real(x->lookup_share),
                                                    cell_int(x->lookups),
                                                    cell_int(x->misses),
                                                    cell_int(x->ttl_ns),
                                                    cell_int(x->idle_ns),
                                                    cell_int(x->frequency)};
        memcpy(r->cells, cells, sizeof cells);
        asked |= x->lookups > 0;
    }
    table_sort(&s->table, asked ? 4 : 2, true);
    s->weight = 1;
}

/* ---- the curve ---- */

static const struct column CURVE[] = {
    {.key = "size", .title = "Size", .help = "keys or bytes"},
    {.key = "miss_ratio",
     .title = "Would miss",
     .unit = UNIT_SHARE,
     .flags = COLUMN_BAR | COLUMN_GROW,
     .width = 20,
     .help = "of the lookups"},
    {.key = "now",
     .title = "",
     .flags = COLUMN_LEFT | COLUMN_NO_JSON,
     .width = 5,
     .help = "the size it has now"},
};

static void curve(struct doc *d, const struct cache_facts *f)
{
    const struct sd_cache_curve *x = f->curve;
    char share[UNIT_TEXT_MAX], lookups[UNIT_TEXT_MAX];
    size_t n = x && x->sizes && x->miss_ratios ? MIN(x->sizes->n, x->miss_ratios->n) : 0;
    if (!n)
        return;
    struct column *columns = arena_copy(d->arena, CURVE, sizeof CURVE);
    columns[0].unit = str_eq(x->unit, "bytes") ? UNIT_BYTES : UNIT_COUNT;
    struct section *s = doc_table(d, "mrc", "Misses by size", columns, ARRAY_LEN(CURVE));
    size_t now = n;
    for (size_t i = 0; i < n && x->now > 0; i++)
        if (now == n || fabs(x->sizes->items[i] - x->now) < fabs(x->sizes->items[now] - x->now))
            now = i;
    for (size_t i = 0; i < n; i++) {
        struct row *r = doc_row(d, &s->table);
        double size = x->sizes->items[i];
        r->cells[0] = size >= 0 && size < 9e18 ? cell_int((int64_t)size) : cell_unknown();
        r->cells[1] = cell_real(x->miss_ratios->items[i]);
        r->cells[2] = cell_text(i == now ? "< now" : "");
    }
    s->note = doc_printf(d, "from %s lookups%s%s", unit_format_int(UNIT_COUNT, x->lookups, lookups),
                         isfinite(x->error) ? ", expected error " : "",
                         isfinite(x->error) ? unit_format(UNIT_SHARE, x->error, share) : "");
    s->weight = 1;
}

/* ---- the doc ---- */

static void trend(struct doc *d, const struct view_ctx *c, const struct cache_facts *f)
{
    struct span drawn = common_drawn(c, common_span(c));
    size_t n = common_points(c, drawn);
    if (!sd_known(drawn.from) || !n || f->e.whole)
        return;
    struct cache_point *p = mem_array(n, sizeof *p);
    model_cache_series(c->model, f->e.origin, f->e.r.name, drawn, n, p);
    struct section *s = common_graph(d, "trend", "Hit rate over time", UNIT_SHARE, drawn, n);
    struct graph_line *line = doc_line(d, &s->graph, "hit_ratio");
    line->whole = f->hit_ratio;
    for (size_t k = 0; k < n; k++)
        line->values[k] = p[k].hit_ratio;
    s->kinds = KINDS_CACHE;
    s->weight = 1;
    free(p);
}

static const struct cache_facts *chosen(const struct caches_found *f, const char *name)
{
    const struct cache_facts *worst = NULL;
    for (size_t i = 0; i < f->n; i++) {
        const struct cache_facts *x = &f->items[i];
        if (name && str_eq(x->e.r.name, name))
            return x;
        if (!name && (!worst || x->misses_per_s > worst->misses_per_s))
            worst = x;
    }
    return worst;
}

static void none(struct doc *d, const struct view_ctx *c, bool any)
{
    struct section *s = doc_section(d, SECTION_TEXT, NULL, "Cache");
    s->text = c->arg && any
                  ? doc_printf(d, "No cache called \"%s\" is known. The view caches lists all.", c->arg)
                  : common_empty(d, c, KINDS_CACHE);
    d->missing = c->arg && !d->missing ? s->text : d->missing;
}

static void sections(struct doc *d, const struct view_ctx *c, const struct caches_found *found,
                     const struct cache_facts *f)
{
    d->title = doc_text(d, f->e.r.name);
    findings(d, c, f);
    caches_table(d, c, found, (size_t)(f - found->items), 1)->aside = true;
    figures(d, f);
    parts(d, c, f);
    d->focus = (int)d->n_sections - 1;
    keys(d, f);
    commands(d, f);
    slow(d, f);
    memory(d, f);
    ends(d, f);
    curve(d, f);
    trend(d, c, f);
}

static struct doc *build_cache(const struct view_ctx *c)
{
    struct doc *d = doc_new("cache", "Cache");
    struct caches_found found = caches_find(c);
    common_envelope(d, c, common_span(c));
    const struct cache_facts *f = chosen(&found, c->arg);
    doc_field(d, "cache", UNIT_NONE, cell_text(doc_text(d, f ? f->e.r.name : c->arg)));
    if (f)
        sections(d, c, &found, f);
    else
        none(d, c, found.n > 0);
    caches_found_free(&found);
    return d;
}

static const char *subject(const struct model *m, size_t i)
{
    static char name[600]; /* as the model's text: good until the next question */
    struct cache_entry e[64];
    size_t n = model_caches(m, SPAN_ALL, INT64_MAX, e, ARRAY_LEN(e));
    bool there = i < n && e[i].r.name;
    if (there)
        snprintf(name, sizeof name, "%s", e[i].r.name);
    for (size_t k = 0; k < n; k++)
        cache_entry_free(&e[k]);
    return there ? name : NULL;
}

static const struct column ALSO[] = {
    {.key = "cache", .title = "Cache", .help = "its name: what --select takes"},
    {.key = "findings", .title = "Findings", .help = "what needs a look: kind, severity, text"},
    {.key = "figures", .title = "Figures", .help = "of it; what is unknown is absent"},
    {.key = "rows", .title = "Row", .help = "of it, as in the view caches"},
    {.key = "keys",
     .title = "Keys",
     .help = "that stand out: key, type, bytes, items, lookup_share, lookups, misses, ttl_ns, idle_ns, "
             "frequency"},
    {.key = "commands",
     .title = "Commands",
     .help =
         "command, share, calls_per_s, mean_ns, p50_ns, p99_ns, p999_ns, failed, rejected, calls, total_ns"},
    {.key = "slow",
     .title = "Slow",
     .help =
         "executions the server remembers: at, duration_ns, bytes, command, prefix, arguments, client, log"},
    {.key = "memory", .title = "Memory", .help = "by part, as boxes"},
    {.key = "ends", .title = "Ends", .help = "when keys end: upto_ns, share, count"},
    {.key = "mrc", .title = "Curve", .help = "misses by size: size, miss_ratio"},
    {.key = "trend", .title = "Over time", .help = "points of at, hit_ratio"},
};

const struct view cache_view = {
    .name = "cache",
    .place = PLACE_CACHE,
    .title = "Cache",
    .summary = "one cache: its parts, commands, keys, memory, and what more memory would bring",
    .about = "cache",
    .subject = subject,
    .needs = KINDS_CACHE,
    .build = build_cache,
    .rows = "prefixes",
    .columns = PART_COLUMNS,
    .n_columns = P_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
