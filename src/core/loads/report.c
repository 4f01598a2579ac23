#include "core/loads/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

/* ---- one value per name ---- */

struct of_name {
    int64_t requests, failed;
    size_t from, n; /* its latencies in `values` */
};

struct merge {
    const struct load_result *const *results;
    size_t n;
    bool every; /* all files hold every request */
    struct load_result *out;
    struct name_index row_names; /* of out->rows, of several files with figures */
};

static bool holds_every(const struct load_result *r)
{
    return r->values != LOAD_VALUES_PERCENTILES;
}

/* More than all cannot have failed, whatever a file says. */
static int64_t within(int64_t failed, int64_t requests)
{
    return sd_known(requests) ? MIN(failed, requests) : failed;
}

/* ---- over all requests ---- */

static size_t requests_of(const struct merge *m)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n; i++)
        n += m->results[i]->samples.n;
    return n;
}

/* Known latencies of all requests, or of the successful ones, into `values`; how many. */
static size_t gather(const struct merge *m, bool only_ok, int64_t *values)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n; i++) {
        const struct load_sample_set *s = &m->results[i]->samples;
        for (size_t k = 0; k < s->n; k++)
            if (sd_known(s->latency_ns[k]) && !(only_ok && s->failed[k]))
                values[n++] = s->latency_ns[k];
    }
    return n;
}

/* The number that each name of each file has among all names. */
static uint32_t *common_names(const struct merge *m, struct name_index *all, size_t file)
{
    const struct name_index *names = &m->results[file]->samples.names;
    uint32_t *number = mem_array(names->n, sizeof *number);
    for (size_t i = 0; i < names->n; i++)
        number[i] = name_index_of(all, names->names[i]);
    return number;
}

static int by_requests(const void *a, const void *b)
{
    const struct tool_row *x = a, *y = b;
    if (x->requests != y->requests)
        return x->requests < y->requests ? 1 : -1;
    return strcmp(x->name, y->name);
}

static void put_rows(struct merge *m, const struct name_index *all, const struct of_name *of, int64_t *values)
{
    if (all->n == 1 && !*all->names[0])
        return; /* the tool names no requests */
    for (size_t i = 0; i < all->n; i++) {
        struct tool_row *row = load_result_row(m->out, all->names[i], strlen(all->names[i]));
        if (!row)
            break;
        row->requests = of[i].requests;
        row->failed = of[i].failed;
        row->latency = load_block_of(values + of[i].from, of[i].n);
    }
}

/* Rows by name: latencies of a name side by side, in two passes. `values` has room for all of them. */
static void name_rows(struct merge *m, int64_t *values)
{
    struct name_index all = {0};
    uint32_t **number = mem_array(m->n, sizeof *number);
    for (size_t i = 0; i < m->n; i++)
        number[i] = common_names(m, &all, i);
    struct of_name *of = mem_array(all.n, sizeof *of);
    for (size_t i = 0; i < m->n; i++) {
        const struct load_sample_set *s = &m->results[i]->samples;
        for (size_t k = 0; k < s->n; k++) {
            struct of_name *o = &of[number[i][s->name[k]]];
            o->requests++;
            o->failed += s->failed[k];
            o->n += sd_known(s->latency_ns[k]);
        }
    }
    for (size_t i = 0, from = 0; i < all.n; i++) {
        of[i].from = from;
        from += of[i].n;
        of[i].n = 0;
    }
    for (size_t i = 0; i < m->n; i++) {
        const struct load_sample_set *s = &m->results[i]->samples;
        for (size_t k = 0; k < s->n; k++) {
            struct of_name *o = &of[number[i][s->name[k]]];
            if (sd_known(s->latency_ns[k]))
                values[o->from + o->n++] = s->latency_ns[k];
        }
        free(number[i]);
    }
    put_rows(m, &all, of, values);
    free(number);
    free(of);
    name_index_free(&all);
}

static void count_samples(struct load_result *out, const struct load_sample_set *s)
{
    int64_t *of = mem_array(1000, sizeof *of);
    for (size_t k = 0; k < s->n; k++) {
        out->failed += s->failed[k];
        if (s->status[k] >= 100)
            of[s->status[k]]++;
    }
    for (int status = 100; status < 1000; status++) {
        char text[8];
        snprintf(text, sizeof text, "%d", status);
        load_result_status(out, text, of[status]);
    }
    free(of);
    out->requests = add_sat(out->requests, (int64_t)s->n);
}

static void from_requests(struct merge *m)
{
    size_t n = requests_of(m);
    int64_t *values = mem_array(n, sizeof *values);
    m->out->latency = load_block_of(values, gather(m, false, values));
    m->out->ok = load_block_of(values, gather(m, true, values));
    name_rows(m, values);
    free(values);
}

/* ---- over the tools' own figures ---- */

/* What can be said of both together: how many, the mean, the least and the most. The first has `first`. */
static void add_block(struct load_block *sum, const struct load_block *b, bool first)
{
    if (first) {
        *sum = *b;
        return;
    }
    struct load_block both = LOAD_BLOCK_UNKNOWN;
    if (sd_known(sum->count) && sd_known(b->count)) {
        both.count = add_sat(sum->count, b->count);
        if (sd_known(sum->mean_ns) && sd_known(b->mean_ns) && both.count > 0)
            both.mean_ns = real_to_int(
                ((double)sum->mean_ns * (double)sum->count + (double)b->mean_ns * (double)b->count) /
                (double)both.count);
    }
    if (sd_known(sum->min_ns) && sd_known(b->min_ns))
        both.min_ns = MIN(sum->min_ns, b->min_ns);
    if (sd_known(sum->max_ns) && sd_known(b->max_ns))
        both.max_ns = MAX(sum->max_ns, b->max_ns);
    *sum = both;
}

/* `*fresh`: it is a new one. NULL: there are too many. */
static struct tool_row *row_named(struct merge *m, const char *name, bool *fresh)
{
    struct load_result *out = m->out;
    uint32_t i = name_index_of_bytes(&m->row_names, name, strlen(name), out->arena);
    *fresh = i == out->n_rows;
    return i < out->n_rows ? &out->rows[i] : *fresh ? load_result_row(out, name, strlen(name)) : NULL;
}

static void add_row(struct merge *m, const struct tool_row *from)
{
    bool fresh = true;
    struct tool_row *row = m->n == 1 ? load_result_row(m->out, from->name, strlen(from->name))
                                     : row_named(m, from->name, &fresh);
    if (!row)
        return;
    row->requests = fresh ? from->requests : add_known(row->requests, from->requests);
    int64_t failed = within(from->failed, from->requests);
    row->failed = fresh ? failed : add_known(row->failed, failed);
    add_block(&row->latency, &from->latency, fresh);
}

static void from_figures(struct merge *m)
{
    struct load_result *out = m->out;
    for (size_t i = 0; i < m->n; i++) {
        struct load_report one = {0};
        const struct load_result *r = m->results[i];
        if (holds_every(r)) {
            load_report_make(&one, &r, 1); /* the figures it would have printed */
            r = &one.r;
        }
        add_block(&out->latency, &r->latency, i == 0);
        add_block(&out->ok, &r->ok, i == 0);
        for (size_t k = 0; k < r->n_rows; k++)
            add_row(m, &r->rows[k]);
        load_report_free(&one);
    }
    name_index_free(&m->row_names);
    if (m->n > 1)
        load_result_note(out,
                         "Not every file holds every request: percentiles of all together are not known.");
}

/* ---- time ---- */

struct span {
    int64_t from, to;
};

static int by_from(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

/* How long at least one of the files was running; SD_UNKNOWN: their clocks have nothing in common. */
static int64_t union_of(const struct merge *m)
{
    struct span *spans = mem_array(m->n, sizeof *spans);
    int64_t sum = 0, until = INT64_MIN;
    bool known = true;
    for (size_t i = 0; i < m->n && known; i++) {
        const struct load_sample_set *s = &m->results[i]->samples;
        known = (s->absolute || m->n == 1) && load_samples_span(s, &spans[i].from, &spans[i].to);
    }
    if (known)
        qsort(spans, m->n, sizeof *spans, by_from);
    for (size_t i = 0; i < m->n && known; i++) {
        int64_t from = MAX(spans[i].from, until);
        if (spans[i].to > from)
            sum = add_sat(sum, add_sat(spans[i].to, -from));
        until = MAX(until, spans[i].to);
    }
    free(spans);
    return known ? sum : SD_UNKNOWN;
}

static int64_t duration_of(const struct load_result *r)
{
    int64_t first, last;
    if (sd_known(r->duration_ns) || !load_samples_span(&r->samples, &first, &last))
        return r->duration_ns;
    return add_sat(last, -first);
}

static double rate_of(int64_t requests, int64_t duration_ns)
{
    return sd_known(duration_ns) && duration_ns > 0 && sd_known(requests)
               ? (double)requests / ((double)duration_ns / 1e9)
               : (double)NAN;
}

/* Files without a common clock were written by parts of one run, at the same time. */
static void times(struct merge *m)
{
    struct load_result *out = m->out;
    if (m->n == 1) {
        const struct load_result *r = m->results[0];
        out->duration_ns = duration_of(r);
        out->rate_per_s = isnan(r->rate_per_s) ? rate_of(out->requests, out->duration_ns) : r->rate_per_s;
        return;
    }
    out->duration_ns = m->every ? union_of(m) : SD_UNKNOWN;
    if (sd_known(out->duration_ns)) {
        out->rate_per_s = rate_of(out->requests, out->duration_ns);
        return;
    }
    double rate = 0;
    int64_t longest = SD_UNKNOWN;
    for (size_t i = 0; i < m->n; i++) {
        const struct load_result *r = m->results[i];
        int64_t duration = duration_of(r), requests = holds_every(r) ? (int64_t)r->samples.n : r->requests;
        longest = i == 0 || (sd_known(longest) && sd_known(duration)) ? MAX(longest, duration) : SD_UNKNOWN;
        rate += isnan(r->rate_per_s) ? rate_of(requests, duration) : r->rate_per_s;
    }
    out->duration_ns = longest;
    out->rate_per_s = rate;
    load_result_note(out,
                     "The files say nothing of when they began: they are taken as parts of one run, at the "
                     "same time.");
}

/* ---- all ---- */

static void counts(struct merge *m)
{
    struct load_result *out = m->out;
    bool requests = true, failed = true;
    out->requests = out->failed = 0;
    for (size_t i = 0; i < m->n; i++) {
        const struct load_result *r = m->results[i];
        int64_t bytes = sd_known(r->bytes_received) || !r->samples.n ? r->bytes_received : r->samples.bytes;
        out->bytes_received = i == 0 || (sd_known(bytes) && sd_known(out->bytes_received))
                                  ? add_known(out->bytes_received, bytes)
                                  : SD_UNKNOWN;
        if (holds_every(r)) {
            count_samples(out, &r->samples);
            continue;
        }
        requests = requests && sd_known(r->requests);
        failed = failed && sd_known(r->failed);
        out->requests = add_known(out->requests, r->requests);
        out->failed = add_known(out->failed, within(r->failed, r->requests));
        for (size_t k = 0; k < r->n_statuses; k++)
            load_result_status(out, r->statuses[k].status, r->statuses[k].count);
    }
    out->requests = requests ? out->requests : SD_UNKNOWN;
    out->failed = failed ? out->failed : SD_UNKNOWN;
}

static void kinds(struct merge *m, struct strbuf *tool)
{
    struct load_result *out = m->out;
    for (size_t i = 0; i < m->n; i++) {
        const struct load_result *r = m->results[i];
        bool seen = false;
        for (size_t k = 0; k < i; k++)
            seen = seen || str_eq(m->results[k]->tool, r->tool);
        if (!seen)
            strbuf_printf(tool, "%s%s", tool->len ? ", " : "", r->tool);
        out->values = i == 0 ? r->values : MAX(out->values, r->values);
        out->start = i == 0 || out->start == r->start ? r->start : LOAD_FROM_UNKNOWN;
        out->resolution_ns = i == 0 || (sd_known(out->resolution_ns) && sd_known(r->resolution_ns))
                                 ? MAX(out->resolution_ns, r->resolution_ns)
                                 : SD_UNKNOWN;
        for (size_t k = 0; k < r->n_notes; k++)
            load_result_note(out, "%s", r->notes[k]);
        m->every = m->every && holds_every(r);
    }
}

void load_report_make(struct load_report *out, const struct load_result *const *results, size_t n)
{
    struct merge m = {.results = results, .n = n, .every = true, .out = &out->r};
    *out = (struct load_report){0};
    load_result_init(&out->r);
    kinds(&m, &out->tool);
    counts(&m);
    if (m.every)
        from_requests(&m);
    else
        from_figures(&m);
    if (out->r.n_rows)
        qsort(out->r.rows, out->r.n_rows, sizeof *out->r.rows, by_requests);
    times(&m);
    out->r.tool = strbuf_text(&out->tool);
}

void load_report_free(struct load_report *r)
{
    if (!r->r.arena)
        return;
    load_result_free(&r->r);
    strbuf_free(&r->tool);
}
