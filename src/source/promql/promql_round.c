/* promql_round.c - the figures of one interval, or of several: questions, and records out of the answers. */
#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "format/metrics/runtime_names.h"
#include "source/promql/promql.h"

enum { EXEMPLARS_MOST = 500, GROWN_MOST = 20000 };

/* What is being answered. */
struct asking {
    struct sd_source *s;
    struct promql_round *round;
    const char *series; /* of which the answer is, as in an exposition */
    enum promql_ask ask;
    struct sd_batch *batch; /* of exemplars and runtimes */
    sd_time from, to;
    struct strbuf labels;
    int64_t lost;
};

/* The step that ends then; -1: none does. */
static int step_of(const struct promql_round *r, sd_time at)
{
    int64_t k = (at - r->first + r->step / 2) / r->step;
    return at < r->first - r->step / 2 || k < 0 || k >= (int64_t)r->n ? -1 : (int)k;
}

/* With the labels that the user keeps apart, joined. */
static const char *labels_with_by(struct asking *a, const char *labels)
{
    const struct promql_options *o = a->s->opts;
    char value[LATENCY_TEXT];
    bool any = false;
    if (!o->by || !*o->by)
        return labels;
    strbuf_clear(&a->labels);
    strbuf_str(&a->labels, labels);
    for (const char *b = o->by; *b;) {
        size_t n = strcspn(b, ", ");
        if (n && latency_label(labels, b, n, value, sizeof value)) {
            strbuf_str(&a->labels, any ? "/" : a->labels.len ? ",slowdive_by=" : "slowdive_by=");
            for (const char *v = value; *v; v++)
                strbuf_printf(&a->labels, strchr(",=\\", *v) ? "\\%c" : "%c", *v);
            any = true;
        }
        b += n + (b[n] != 0);
    }
    return strbuf_text(&a->labels);
}

/* A rate per second to what came in the step. */
static void take_point(void *ctx, const struct promql_point *p)
{
    struct asking *a = ctx;
    int k = step_of(a->round, p->at);
    double seconds = (double)a->round->step / (double)SD_S;
    if (k < 0)
        return;
    const char *labels = labels_with_by(a, p->labels);
    struct latency_metrics *m = a->round->m[k];
    if (p->h) {
        struct buckets b = {.rule = p->h->rule, .count = (double)NAN};
        buckets_add(&b, p->h);
        for (size_t i = 0; i < b.n; i++)
            b.items[i].count *= seconds;
        b.count = p->h->count * seconds;
        latency_metrics_native(m, a->series, labels, &b, p->sum * seconds, p->at);
        buckets_free(&b);
        return;
    }
    if (a->ask == ASK_NATIVE)
        return;
    struct exposition_series e = {
        .name = a->series, .labels = labels, .value = a->ask == ASK_TOLD ? p->value : p->value * seconds};
    latency_metrics_take(m, &e, p->at);
}

static enum sd_result ask_family(struct asking *a, const struct promql_family *f, enum promql_ask ask,
                                 struct sd_error *err)
{
    const struct promql_options *o = a->s->opts;
    struct promql_scope scope = promql_scope_of(a->s, a->round->window);
    struct strbuf query = {0}, series = {0};
    promql_family_query(&query, &scope, f, ask);
    promql_family_series(&series, f, ask);
    a->ask = ask;
    a->series = strbuf_text(&series);
    enum sd_result r = promql_ask(
        a->s, strbuf_text(&query), a->round,
        &(struct promql_sink){.point = take_point, .ctx = a, .most = (size_t)o->series * a->round->n}, err);
    strbuf_free(&query);
    strbuf_free(&series);
    return r;
}

/* ---- exemplars ---- */

static void take_exemplar(void *ctx, const struct promql_exemplar *e)
{
    struct asking *a = ctx;
    struct latency_exemplar x;
    struct exposition_series series = {.name = e->series, .labels = e->series_labels};
    struct exposition_exemplar of = {.labels = e->labels, .value = e->value, .at = e->at};
    if (latency_metrics_exemplar(a->round->m[0], &series, &of, &x))
        a->s->host->add(a->batch, SD_EXEMPLAR, &x.r);
}

/* An engine that keeps none says so or nothing; neither is of use to anybody. */
static enum sd_result ask_exemplars(struct asking *a, const struct promql_family *f)
{
    struct promql_scope scope = promql_scope_of(a->s, a->round->window);
    struct strbuf query = {0};
    struct sd_error ignored;
    promql_family_query(&query, &scope, f, ASK_SERIES);
    enum sd_result r = promql_ask_exemplars(
        a->s, strbuf_text(&query), a->from, a->to,
        &(struct promql_sink){.exemplar = take_exemplar, .ctx = a, .most = EXEMPLARS_MOST}, &ignored);
    strbuf_free(&query);
    return r == SD_NODATA ? r : SD_OK;
}

/* ---- runtimes ---- */

static const char *unit_of(const char *name, double *by)
{
    *by = 1;
    if (str_ends(name, "_count"))
        return NULL;
    if (strstr(name, "_bytes"))
        return "bytes";
    if (strstr(name, "_milliseconds") || strstr(name, "_seconds")) {
        *by = strstr(name, "_milliseconds") ? 1e6 : 1e9;
        return "ns";
    }
    return strstr(name, "_ns_") || strstr(name, "nanoseconds") ? "ns" : NULL;
}

static double grown(struct promql_source *x, const char *name, const char *labels, double more)
{
    char *key = mem_printf("%s\x1f%s", name, labels);
    size_t i = 0;
    while (i < x->n_grown && strcmp(x->grown[i].key, key) != 0)
        i++;
    if (i == GROWN_MOST) {
        free(key);
        return (double)NAN;
    }
    if (i == x->n_grown) {
        x->grown = mem_grow(x->grown, x->n_grown, &x->cap_grown, sizeof *x->grown);
        x->grown[x->n_grown++] = (struct promql_grown){.key = key};
    } else {
        free(key);
    }
    x->grown[i].value += more > 0 ? more : 0;
    return x->grown[i].value;
}

/* The label that names the metric out of the others. */
static bool name_out(const char *labels, char *name, size_t size, struct strbuf *rest)
{
    static const char KEY[] = PROMQL_NAME_LABEL;
    bool found = latency_label(labels, KEY, sizeof KEY - 1, name, size);
    strbuf_clear(rest);
    for (const char *p = labels; *p;) {
        const char *end = p;
        while (*end && *end != ',')
            end += end[0] == '\\' && end[1] ? 2 : 1;
        if (strncmp(p, KEY, sizeof KEY - 1) != 0) {
            if (rest->len)
                strbuf_char(rest, ',');
            strbuf_add(rest, p, (size_t)(end - p));
        }
        p = end + (*end == ',');
    }
    return found;
}

static void take_runtime(void *ctx, const struct promql_point *p)
{
    struct asking *a = ctx;
    struct promql_source *x = a->s->priv;
    char name[LATENCY_TEXT];
    double by;
    if (p->h || !name_out(p->labels, name, sizeof name, &a->labels))
        return;
    const struct runtime_name *n = runtime_name_of(name, strlen(name));
    const char *unit = unit_of(name, &by), *labels = strbuf_text(&a->labels);
    double value = p->value * by;
    if (!n || !isfinite(value))
        return;
    if (n->counter)
        value = grown(x, name, labels, value * (double)a->round->step / (double)SD_S);
    struct sd_metric r = {
        .name = name, .labels = *labels ? labels : NULL, .unit = unit, .value = value, .counter = n->counter};
    a->s->host->add(a->batch, SD_METRIC, &r);
}

static enum sd_result ask_runtime(struct asking *a, struct sd_error *err)
{
    struct promql_source *x = a->s->priv;
    const struct promql_options *o = a->s->opts;
    struct promql_scope scope = promql_scope_of(a->s, a->round->window);
    struct promql_round last = {.first = a->to, .step = a->round->step, .window = a->round->window, .n = 1};
    struct strbuf query = {0};
    if (!x->n_runtime)
        return SD_OK;
    promql_runtime_query(&query, &scope, (const char *const *)x->runtime, x->n_runtime);
    enum sd_result r =
        promql_ask(a->s, strbuf_text(&query), &last,
                   &(struct promql_sink){.point = take_runtime, .ctx = a, .most = (size_t)o->series}, err);
    strbuf_free(&query);
    if (r == SD_CONFIG) { /* an engine that does not know the form; durations are what matters */
        promql_note(x, "Metrics of runtimes cannot be asked for: %.200s.", err->text);
        r = SD_OK;
    }
    return r;
}

/* ---- the round ---- */

static void give_latency(void *ctx, sd_time from, const struct sd_latency *r)
{
    struct asking *a = ctx;
    (void)from;
    if (a->s->host->add(a->batch, SD_LATENCY, r))
        return;
    a->s->host->publish(a->s, a->batch);
    a->batch = a->s->host->batch(a->s, a->from);
    a->lost += !a->s->host->add(a->batch, SD_LATENCY, r);
}

static enum sd_result ask_all(struct asking *a, struct sd_error *err)
{
    const struct promql_source *x = a->s->priv;
    enum sd_result r = SD_OK;
    for (size_t i = 0; i < x->n_families && r == SD_OK; i++) {
        const struct promql_family *f = &x->families[i];
        if (f->native)
            r = ask_family(a, f, ASK_NATIVE, err);
        else if (f->buckets)
            r = ask_family(a, f, ASK_BUCKETS, err);
        else if (f->bare)
            r = ask_family(a, f, ASK_TOLD, err);
        if (r == SD_OK && !f->native && !f->buckets && f->counted)
            r = ask_family(a, f, ASK_COUNT, err);
        if (r == SD_OK && !f->native && f->summed)
            r = ask_family(a, f, ASK_SUM, err);
        if (r == SD_OK && f->failed)
            r = ask_family(a, f, ASK_FAILED, err);
    }
    return r;
}

static void publish_steps(struct asking *a)
{
    struct promql_round *r = a->round;
    struct promql_source *x = a->s->priv;
    for (size_t k = 0; k < r->n; k++) {
        a->to = r->first + (int64_t)k * r->step;
        a->from = a->to - r->step;
        a->batch = a->s->host->batch(a->s, a->from);
        latency_metrics_since(r->m[k], a->from);
        struct strbuf note = {0};
        latency_metrics_end(r->m[k], &(struct latency_out){.give = give_latency, .ctx = a, .whole = true},
                            &note);
        if (note.len)
            promql_note(x, "%s", strbuf_text(&note));
        strbuf_free(&note);
        a->s->host->publish(a->s, a->batch);
    }
}

static void add_intake(struct asking *a)
{
    struct promql_source *x = a->s->priv;
    struct sd_intake in = {.unit = "answers",
                           .total = x->asked,
                           .unparsed = x->broken,
                           .bytes = x->bytes,
                           .note = x->note.len ? strbuf_text(&x->note) : NULL};
    a->s->host->add(a->batch, SD_INTAKE, &in);
}

enum sd_result promql_round(struct sd_source *s, struct promql_round *r, struct sd_error *err)
{
    struct promql_source *x = s->priv;
    struct asking a = {.s = s, .round = r};
    for (size_t k = 0; k < r->n; k++) {
        r->m[k] = latency_metrics_new();
        struct sd_error ignored;
        if (x->names)
            latency_metrics_map(r->m[k], x->names, &ignored); /* it was taken once */
    }
    enum sd_result result = ask_all(&a, err);
    if (result == SD_OK)
        publish_steps(&a);
    a.to = r->first + (int64_t)(r->n - 1) * r->step;
    a.from = a.to - r->step;
    a.batch = s->host->batch(s, a.to);
    if (result == SD_OK)
        result = ask_runtime(&a, err);
    for (size_t i = 0; i < x->n_families && result == SD_OK; i++)
        if (x->families[i].buckets || x->families[i].native)
            result = ask_exemplars(&a, &x->families[i]);
    if (result == SD_OK) {
        add_intake(&a);
        s->host->publish(s, a.batch);
    } else {
        s->host->discard(a.batch);
    }
    for (size_t k = 0; k < r->n; k++)
        latency_metrics_free(r->m[k]);
    strbuf_free(&a.labels);
    return result;
}
