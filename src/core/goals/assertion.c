#include "core/goals/assertion.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/goals/two_samples.h"
#include "core/pages/median_run.h"
#include "core/schema.h"

enum { KEY_PARTS_MAX = 16 };

/* The reports of one URL. */
struct group {
    const char *url;
    const struct sd_page_report **runs;
    size_t n;
};

/* A key at its dots and colons. */
struct key_parts {
    char *text;
    const char *items[KEY_PARTS_MAX];
    size_t n;
};

/* What an audit of a run gives to assertions; it is there or it is not. */
struct audit_result {
    bool there;
    double score, value, items; /* NAN: no number */
    const char *mode;
};

/* ---- what a report has ---- */

static size_t index_of(const struct sd_texts *names, const char *name)
{
    for (uint32_t i = 0; names && i < names->n; i++)
        if (str_eq(names->items[i], name))
            return i;
    return SIZE_MAX;
}

static double int_at(const struct sd_ints *l, size_t i)
{
    return l && i < l->n && sd_known(l->items[i]) ? (double)l->items[i] : (double)NAN;
}

static struct audit_result audit_of(const struct sd_page_report *r, const char *name)
{
    size_t i = index_of(r->audits, name);
    double items = int_at(r->audit_items, i);
    return (struct audit_result){.there = i != SIZE_MAX,
                                 .score = list_real(r->audit_scores, i),
                                 .value = list_real(r->audit_values, i),
                                 .items = isnan(items) ? 0 : items,
                                 .mode = r->audit_modes && i < r->audit_modes->n ? r->audit_modes->items[i]
                                                                                 : NULL};
}

static struct audit_result category_of(const struct sd_page_report *r, const struct key_parts *k)
{
    size_t i = index_of(r->categories, k->items[1]);
    return (struct audit_result){
        .there = i != SIZE_MAX, .score = list_real(r->category_scores, i), .value = (double)NAN, .items = 0};
}

/* A row of the summary in the place of the audit's own number. */
static struct audit_result resource_of(const struct sd_page_report *r, const struct key_parts *k)
{
    struct audit_result a = audit_of(r, k->items[0]);
    size_t i = index_of(r->resources, k->items[1]);
    a.value = int_at(!strcmp(k->items[2], "size") ? r->resource_bytes : r->resource_counts, i);
    a.there = a.there && isfinite(a.value);
    return a;
}

/* LHCI's name of a user timing: lower case, other characters than letters and digits are one dash. */
static void timing_name(struct strbuf *out, const char *s)
{
    for (const char *p = s; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (!isalnum(c) || c > 127) {
            if (out->len && out->text[out->len - 1] != '-')
                strbuf_char(out, '-');
            continue;
        }
        if (isupper(c) && p > s && islower((unsigned char)p[-1]))
            strbuf_char(out, '-');
        strbuf_char(out, (char)tolower(c));
    }
    while (out->len && out->text[out->len - 1] == '-')
        out->text[--out->len] = 0;
}

static struct audit_result timing_of(const struct sd_page_report *r, const struct key_parts *k)
{
    struct audit_result a = audit_of(r, k->items[0]);
    struct strbuf joined = {0}, want = {0}, name = {0};
    for (size_t i = 1; i < k->n; i++)
        strbuf_printf(&joined, "%s%s", i > 1 ? "-" : "", k->items[i]);
    timing_name(&want, strbuf_text(&joined));
    size_t found = SIZE_MAX;
    for (uint32_t i = 0; r->user_timings && i < r->user_timings->n && found == SIZE_MAX; i++) {
        strbuf_clear(&name);
        timing_name(&name, r->user_timings->items[i] ? r->user_timings->items[i] : "");
        if (str_eq(strbuf_text(&name), strbuf_text(&want)))
            found = i;
    }
    a.there = a.there && found != SIZE_MAX;
    a.value = list_real(r->user_timing_values, found);
    strbuf_free(&joined);
    strbuf_free(&want);
    strbuf_free(&name);
    return a;
}

static struct audit_result result_of(const struct sd_page_report *r, const struct key_parts *k)
{
    if (k->n > 1 && !strcmp(k->items[0], "categories"))
        return category_of(r, k);
    if (k->n > 1 && !strcmp(k->items[0], "resource-summary"))
        return resource_of(r, k);
    if (k->n > 1 && !strcmp(k->items[0], "user-timings"))
        return timing_of(r, k);
    return audit_of(r, k->items[0]);
}

/* ---- the kinds of assertion ---- */

enum assertion_kind { MAX_LENGTH, MAX_NUMERIC_VALUE, MIN_SCORE };

static const struct {
    const char *name;
    bool most; /* the value may be at most the expected one; else at least */
} KINDS[] = {
    [MAX_LENGTH] = {.name = "maxLength", .most = true},
    [MAX_NUMERIC_VALUE] = {.name = "maxNumericValue", .most = true},
    [MIN_SCORE] = {.name = "minScore"},
};

static double value_of(const struct audit_result *a, enum assertion_kind kind)
{
    if (kind == MAX_LENGTH)
        return a->items;
    if (kind == MAX_NUMERIC_VALUE)
        return a->value;
    if (isfinite(a->score))
        return a->score;
    return str_eq(a->mode, "notApplicable") ? 1 : str_eq(a->mode, "informative") ? 0 : (double)NAN;
}

/* Of the runs' numbers. A median-run, too, takes the largest here: for most audits there is one, of
 * categories LHCI gives all runs. */
static double value_of_runs(const double *values, size_t n, enum assertion_of_runs runs, bool most)
{
    if (runs == RUNS_MEDIAN)
        return sample_median(values, n);
    bool least = (runs == RUNS_OPTIMISTIC && most) || (runs == RUNS_PESSIMISTIC && !most);
    double v = values[0];
    for (size_t i = 1; i < n; i++)
        v = least ? fmin(v, values[i]) : fmax(v, values[i]);
    return v;
}

/* ---- one assertion about one group ---- */

struct asserting {
    const struct group *group;
    const struct assertion *assertion;
    const struct key_parts *key;
    enum assertion_of_runs runs;
    const struct sd_page_report *const *used; /* the runs it looks at */
    size_t n_used;
    struct check_list *out;
};

static void number_words(struct strbuf *b, double v)
{
    if (!isfinite(v))
        strbuf_str(b, "no number");
    else if (fabs(v) < 100)
        strbuf_printf(b, "%.4g", v);
    else
        strbuf_printf(b, "%.0f", v);
}

static const char *runs_words(const struct asserting *a)
{
    static const char *const WORDS[] = {[RUNS_OPTIMISTIC] = "the best",
                                        [RUNS_PESSIMISTIC] = "the worst",
                                        [RUNS_MEDIAN] = "the median",
                                        [RUNS_MEDIAN_RUN] = "the representative run"};
    return WORDS[a->runs];
}

static void audit_name(const struct key_parts *k, struct strbuf *out)
{
    for (size_t i = 0; i < k->n; i++)
        strbuf_printf(out, "%s%s", i ? "." : "", k->items[i]);
}

static void add_check(const struct asserting *a, const char *kind, double expected, double actual, bool pass,
                      const char *message)
{
    struct strbuf audit = {0}, name = {0};
    const char **files = mem_array(a->n_used + 1, sizeof *files);
    size_t n = 0;
    for (size_t i = 0; i < a->n_used; i++)
        if (a->used[i]->path)
            files[n++] = a->used[i]->path;
    audit_name(a->key, &audit);
    strbuf_printf(&name, "%s %s", strbuf_text(&audit), kind);
    bool warn = str_eq(a->assertion->level, "warn");
    check_add(a->out, &(struct check){.name = strbuf_text(&name),
                                      .source = n ? files[0] : NULL,
                                      .status = pass   ? CHECK_PASS
                                                : warn ? CHECK_WARN
                                                       : CHECK_FAIL,
                                      .message = message,
                                      .files = files,
                                      .n_files = n,
                                      .limit_bytes = SD_UNKNOWN,
                                      .actual_bytes = SD_UNKNOWN,
                                      .over_bytes = SD_UNKNOWN,
                                      .audit = strbuf_text(&audit),
                                      .assertion = kind,
                                      .url = a->group->url,
                                      .level = a->assertion->level,
                                      .expected = expected,
                                      .actual = actual});
    free(files);
    strbuf_free(&audit);
    strbuf_free(&name);
}

static void assert_kind(const struct asserting *a, const struct audit_result *results,
                        enum assertion_kind kind, double expected)
{
    struct strbuf m = {0};
    double *values = mem_array(a->n_used + 1, sizeof *values), actual = (double)NAN;
    size_t n = 0;
    for (size_t i = 0; i < a->n_used; i++) {
        double v = value_of(&results[i], kind);
        if (isfinite(v))
            values[n++] = v;
    }
    bool some = a->runs == RUNS_PESSIMISTIC ? n == a->n_used : n > 0;
    if (some)
        actual = value_of_runs(values, n, a->runs, KINDS[kind].most);
    bool pass = some && (KINDS[kind].most ? actual <= expected : actual >= expected);
    audit_name(a->key, &m);
    if (some) {
        strbuf_str(&m, kind == MIN_SCORE    ? ": the score is "
                       : kind == MAX_LENGTH ? ": its items are "
                                            : " is ");
        number_words(&m, actual);
        strbuf_printf(&m, ", expected at %s ", KINDS[kind].most ? "most" : "least");
        number_words(&m, expected);
        if (a->n_used > 1 || a->group->n > 1)
            strbuf_printf(&m, " (%s of %zu runs)", runs_words(a), a->group->n);
    } else if (n) {
        strbuf_printf(&m, ": %zu of %zu runs gave no number for %s", a->n_used - n, a->n_used,
                      KINDS[kind].name);
    } else {
        strbuf_printf(&m, " gave no number for %s; is that an assertion for this audit?", KINDS[kind].name);
    }
    strbuf_printf(&m, ", on %s", a->group->url);
    add_check(a, KINDS[kind].name, expected, actual, pass, strbuf_text(&m));
    free(values);
    strbuf_free(&m);
}

static void assert_results(const struct asserting *a, const struct audit_result *results)
{
    const struct assertion *s = a->assertion;
    for (size_t i = 0; i < a->n_used; i++)
        if (!results[i].there) {
            struct strbuf m = {0};
            audit_name(a->key, &m);
            strbuf_printf(&m, " is not in %s; this version of Lighthouse may not have that audit, on %s",
                          a->n_used > 1 ? "all reports" : "the report", a->group->url);
            add_check(a, "auditRan", 1, 0, false, strbuf_text(&m));
            strbuf_free(&m);
            return;
        }
    bool other = isfinite(s->max_length) || isfinite(s->max_numeric_value);
    if (isfinite(s->max_length))
        assert_kind(a, results, MAX_LENGTH, s->max_length);
    if (isfinite(s->max_numeric_value))
        assert_kind(a, results, MAX_NUMERIC_VALUE, s->max_numeric_value);
    if (isfinite(s->min_score) || !other)
        assert_kind(a, results, MIN_SCORE, isfinite(s->min_score) ? s->min_score : 0.9);
}

/* ---- keys ---- */

static struct key_parts split_key(const char *key)
{
    struct key_parts k = {.text = mem_strdup(key)};
    char *save = NULL;
    for (char *p = strtok_r(k.text, ".:", &save); p && k.n < KEY_PARTS_MAX; p = strtok_r(NULL, ".:", &save))
        k.items[k.n++] = p;
    return k;
}

static bool key_holds(const struct key_parts *k, const char *key, struct sd_error *err)
{
    if (!k->n)
        return fail(err, "an assertion has no name");
    if (!strcmp(k->items[0], "categories") && k->n > 2)
        return fail(err, "the assertion %.200s names no category; expected categories:performance", key);
    bool resource = k->n > 1 && !strcmp(k->items[0], "resource-summary");
    if (resource && (k->n != 3 || (strcmp(k->items[2], "size") != 0 && strcmp(k->items[2], "count") != 0)))
        return fail(err, "the assertion %.200s is none; expected resource-summary:script:size or :count",
                    key);
    return true;
}

/* ---- groups ---- */

static const char *url_of(const struct sd_page_report *r)
{
    return r->final_url ? r->final_url : r->url ? r->url : "";
}

static size_t group_reports(const struct sd_page_report *const *reports, size_t n, struct group *groups)
{
    size_t n_groups = 0;
    for (size_t i = 0; i < n; i++) {
        size_t g = 0;
        while (g < n_groups && strcmp(groups[g].url, url_of(reports[i])) != 0)
            g++;
        if (g == n_groups)
            groups[n_groups++] = (struct group){.url = url_of(reports[i])};
        groups[g].runs = mem_realloc(groups[g].runs, (groups[g].n + 1) * sizeof(struct sd_page_report *));
        groups[g].runs[groups[g].n++] = reports[i];
    }
    return n_groups;
}

static size_t representative(const struct group *g)
{
    double *fcp = mem_array(g->n, sizeof *fcp), *tti = mem_array(g->n, sizeof *tti);
    for (size_t i = 0; i < g->n; i++) {
        fcp[i] = audit_of(g->runs[i], "first-contentful-paint").value;
        tti[i] = audit_of(g->runs[i], "interactive").value;
    }
    size_t run = median_run(fcp, tti, g->n);
    free(fcp);
    free(tti);
    return run;
}

static bool check_group(const struct assertion_block *b, const struct group *g, struct check_list *out,
                        struct sd_error *err)
{
    size_t run = representative(g);
    bool ok = true;
    for (size_t i = 0; i < b->n && ok; i++) {
        const struct assertion *s = &b->items[i];
        struct key_parts k = split_key(s->key);
        ok = key_holds(&k, s->key, err);
        if (ok) {
            struct asserting a = {
                .group = g, .assertion = s, .key = &k, .used = g->runs, .n_used = g->n, .out = out};
            a.runs = s->runs ? s->runs : b->runs ? b->runs : RUNS_OPTIMISTIC;
            bool category = k.n > 1 && !strcmp(k.items[0], "categories");
            if (a.runs == RUNS_MEDIAN_RUN && !category) {
                a.used = &g->runs[run];
                a.n_used = 1;
            }
            struct audit_result *results = mem_array(a.n_used, sizeof *results);
            for (size_t r = 0; r < a.n_used; r++)
                results[r] = result_of(a.used[r], &k);
            assert_results(&a, results);
            free(results);
        }
        free(k.text);
    }
    return ok;
}

bool assertions_check(const struct assertion_set *s, const struct sd_page_report *const *reports, size_t n,
                      struct check_list *out, struct sd_error *err)
{
    struct group *groups = mem_array(n + 1, sizeof *groups);
    size_t n_groups = group_reports(reports, n, groups);
    bool ok = true;
    for (size_t g = 0; g < n_groups; g++)
        for (size_t b = 0; b < s->n && ok; b++)
            if (!s->blocks[b].url_pattern || s->url_matches(s->blocks[b].url_pattern, groups[g].url))
                ok = check_group(&s->blocks[b], &groups[g], out, err);
    for (size_t g = 0; g < n_groups; g++)
        free(groups[g].runs);
    free(groups);
    return ok;
}
