#include "core/loads/scenario.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/suggest.h"
#include "core/loads/amounts.h"

static const struct {
    const char *name;
    bool duration;
} METRICS[LOAD_METRIC_N] = {
#define LOAD_METRIC_ROW(UPPER, name, duration) {name, duration},
    LOAD_METRICS(LOAD_METRIC_ROW)
#undef LOAD_METRIC_ROW
};

static const char *const RELATIONS[] = {
    [LOAD_BELOW] = "<", [LOAD_AT_MOST] = "<=", [LOAD_ABOVE] = ">", [LOAD_AT_LEAST] = ">="};

bool load_metric_is_duration(enum load_metric m)
{
    return METRICS[m].duration;
}

const char *load_metric_name(enum load_metric m)
{
    return METRICS[m].name;
}

const char *load_relation_text(enum load_relation r)
{
    return RELATIONS[r];
}

bool load_relation_holds(enum load_relation r, double value, double limit)
{
    switch (r) {
    case LOAD_BELOW:
        return value < limit;
    case LOAD_AT_MOST:
        return value <= limit;
    case LOAD_ABOVE:
        return value > limit;
    case LOAD_AT_LEAST:
        return value >= limit;
    }
    return false;
}

static const char *skip_blanks(const char *p)
{
    while (*p == ' ' || *p == '\t')
        p++;
    return p;
}

static bool metric_named(const char *word, size_t n, struct load_threshold *t, struct sd_error *err)
{
    char text[40];
    struct suggest s = {.word = text};
    snprintf(text, sizeof text, "%.*s", (int)MIN(n, sizeof text - 1), word);
    for (size_t i = 0; i < LOAD_METRIC_N; i++) {
        if (!strcmp(METRICS[i].name, text)) {
            t->metric = (enum load_metric)i;
            return true;
        }
        suggest_try(&s, METRICS[i].name);
    }
    return fail(err, "\"%s\" is no metric of a threshold%s%s%s", text, s.best ? "; did you mean \"" : "",
                s.best ? s.best : "", s.best ? "\"?" : "");
}

static bool limit_of(const char *text, struct load_threshold *t, struct sd_error *err)
{
    int64_t ns;
    if (t->metric == LOAD_METRIC_ERROR_SHARE)
        return amount_share(text, &t->limit, err);
    if (!METRICS[t->metric].duration)
        return amount_rate(text, &t->limit, err);
    if (!amount_duration(text, &ns, err))
        return false;
    t->limit = (double)ns;
    return true;
}

bool load_threshold_parse(const char *expression, struct load_threshold *t, char *name, size_t name_size,
                          struct sd_error *err)
{
    const char *p = skip_blanks(expression);
    size_t n = 0;
    char limit[80];
    while (isalnum((unsigned char)p[n]) || p[n] == '_')
        n++;
    if (!metric_named(p, n, t, err))
        return false;
    p = skip_blanks(p + n);
    *name = 0;
    t->request = -1;
    if (*p == '{') {
        const char *end = strrchr(p, '}');
        if (!end || end == p + 1 || (size_t)(end - p) > name_size)
            return fail(err, "the name in braces of \"%.80s\" is not understood", expression);
        memcpy(name, p + 1, (size_t)(end - p) - 1);
        name[end - p - 1] = 0;
        p = skip_blanks(end + 1);
    }
    if (*p != '<' && *p != '>')
        return fail(err, "\"%.80s\" is no threshold; write it like p99 < 200ms", expression);
    bool or_equal = p[1] == '=';
    t->relation = *p == '<' ? (or_equal ? LOAD_AT_MOST : LOAD_BELOW) : or_equal ? LOAD_AT_LEAST : LOAD_ABOVE;
    p = skip_blanks(p + 1 + or_equal);
    snprintf(limit, sizeof limit, "%s", p);
    for (n = strlen(limit); n && (limit[n - 1] == ' ' || limit[n - 1] == '\t'); n--)
        limit[n - 1] = 0;
    return limit_of(limit, t, err);
}

const char *load_kind_name(enum load_kind k)
{
    static const char *const NAMES[] = {
#define LOAD_KIND_NAME(UPPER, name) name,
        LOAD_KINDS(LOAD_KIND_NAME)
#undef LOAD_KIND_NAME
    };
    return NAMES[k];
}

bool load_status_fails(const struct load_scenario *s, int status)
{
    for (size_t i = 0; i < s->n_errors; i++)
        if (status >= s->errors[i].lo && status <= s->errors[i].hi)
            return true;
    return false;
}

/* Doublings from `from` to `to`, then halvings of what lies between; each level may be run twice. */
static int64_t search_longest(const struct load_scenario *s)
{
    const struct load_search *x = &s->search;
    double levels = 2 + ceil(log2(x->to / x->from)) + ceil(log2(1 / x->precision));
    double each = (double)s->warmup_ns + (double)x->step_ns + (double)x->recover_ns;
    return real_to_int(2 * levels * each);
}

int64_t load_duration_ns(const struct load_scenario *s)
{
    int64_t sum = 0;
    if (s->kind == LOAD_SEARCH)
        return search_longest(s);
    if (s->kind == LOAD_LIMITS)
        return add_sat(s->limits.for_ns, s->warmup_ns);
    for (size_t i = 0; i < s->n_stages; i++)
        sum = add_sat(sum, s->stages[i].for_ns);
    return sum;
}

static double stage_peak(const struct load_scenario *s)
{
    double most = 0;
    for (size_t i = 0; i < s->n_stages; i++)
        most = fmax(most, fmax(s->stages[i].from, s->stages[i].to));
    return most;
}

double load_peak_rate(const struct load_scenario *s)
{
    if (s->model == LOAD_CLOSED)
        return (double)NAN;
    if (s->kind == LOAD_SEARCH)
        return s->search.to;
    if (s->kind == LOAD_LIMITS) /* aggressor, polite and modest together */
        return s->limits.rate * (2 * s->limits.over + 0.5);
    return stage_peak(s);
}

int64_t load_peak_users(const struct load_scenario *s)
{
    return s->model == LOAD_CLOSED ? real_to_int(ceil(stage_peak(s))) : 0;
}

void load_scenario_free(struct load_scenario *s)
{
    arena_free(s->arena);
    *s = (struct load_scenario){0};
}
