#include "core/goals/size_budget.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/units.h"
#include "core/goals/file_pattern.h"

const struct size_budget BUDGET_DEFAULTS[] = {
    {.name = "scripts", .type = "js", .metric = BUDGET_GZIP, .limit_bytes = 200000, .may_be_empty = true},
    {.name = "styles", .type = "css", .metric = BUDGET_GZIP, .limit_bytes = 50000, .may_be_empty = true},
    {.name = "each script",
     .type = "js",
     .scope = BUDGET_EACH,
     .metric = BUDGET_GZIP,
     .limit_bytes = 100000,
     .may_be_empty = true},
};
const size_t BUDGET_N_DEFAULTS = ARRAY_LEN(BUDGET_DEFAULTS);

static const char *metric_key(enum budget_metric m)
{
    static const char *const KEYS[] = {
        [BUDGET_SIZE] = "size_bytes", [BUDGET_GZIP] = "gzip_bytes", [BUDGET_BROTLI] = "brotli_bytes"};
    return KEYS[m];
}

static const char *metric_words(enum budget_metric m)
{
    static const char *const WORDS[] = {
        [BUDGET_SIZE] = "uncompressed", [BUDGET_GZIP] = "by gzip", [BUDGET_BROTLI] = "by brotli"};
    return WORDS[m];
}

static int64_t metric_of(const struct sd_bundle_asset *a, enum budget_metric m)
{
    return m == BUDGET_GZIP ? a->gzip_bytes : m == BUDGET_BROTLI ? a->brotli_bytes : a->size_bytes;
}

/* ---- which files ---- */

/* A pattern, or with `folders` one for a folder above. */
static bool one_matches(const char *pattern, bool folders, const char *path)
{
    if (file_pattern_matches(pattern, path))
        return true;
    size_t len = strlen(pattern);
    while (len > 1 && pattern[len - 1] == '/')
        len--;
    char *inside = folders ? mem_printf("%.*s/**", (int)len, pattern) : NULL;
    bool matched = inside && file_pattern_matches(inside, path);
    free(inside);
    return matched;
}

static bool any_matches(const struct size_budget *s, const char *const *patterns, size_t n, const char *name,
                        const char *below)
{
    char *path = below && *below ? mem_printf("%s%s", below, name) : NULL;
    bool matched = false;
    for (size_t i = 0; i < n && !matched; i++)
        matched = one_matches(patterns[i], s->folders, name) ||
                  (path && one_matches(patterns[i], s->folders, path));
    free(path);
    return matched;
}

static bool is_meant(const struct size_budget *s, const struct sd_bundle_asset *a,
                     const struct budget_rules *r)
{
    if (!a->name || (s->type && !str_eq(s->type, a->type)))
        return false;
    if (s->n_take && !any_matches(s, s->take, s->n_take, a->name, r->below))
        return false;
    return !any_matches(s, s->leave, s->n_leave, a->name, r->below);
}

/* The files a check is about, and their size. */
struct sum {
    const char **files;
    size_t n;
    int64_t bytes; /* SD_UNKNOWN: of one of them it is not known */
    const char *unknown;
};

static void sum_add(struct sum *s, const struct sd_bundle_asset *a, enum budget_metric m)
{
    int64_t bytes = metric_of(a, m);
    s->files[s->n++] = a->name;
    if (!sd_known(bytes) && !s->unknown)
        s->unknown = a->name;
    s->bytes = s->unknown ? SD_UNKNOWN : add_sat(s->bytes, bytes);
}

/* ---- one check ---- */

static const char *subject_words(const struct sum *s, char buf[UNIT_TEXT_MAX + 16])
{
    if (s->n == 1)
        return s->files[0];
    if (!s->n)
        return "no such file";
    snprintf(buf, UNIT_TEXT_MAX + 16, "%zu files", s->n);
    return buf;
}

/* "12.3 kB": never the same text for a size and a limit that it is above. */
static void size_words(int64_t a, int64_t b, char one[UNIT_TEXT_MAX], char two[UNIT_TEXT_MAX])
{
    unit_format_int(UNIT_BYTES, a, one);
    unit_format_int(UNIT_BYTES, b, two);
    if (a == b || strcmp(one, two) != 0)
        return;
    snprintf(one, UNIT_TEXT_MAX, "%lld B", (long long)a);
    snprintf(two, UNIT_TEXT_MAX, "%lld B", (long long)b);
}

static enum check_status judge(const struct size_budget *b, const struct budget_rules *r, int64_t actual)
{
    if (actual <= b->limit_bytes)
        return CHECK_PASS;
    double most = (double)b->limit_bytes * (1 + r->tolerance);
    return b->metric == BUDGET_GZIP && (double)actual <= most ? CHECK_WARN : CHECK_FAIL;
}

static void write_message(struct strbuf *m, const struct size_budget *b, const struct check *c,
                          const struct sum *s, const char *route)
{
    char actual[UNIT_TEXT_MAX], limit[UNIT_TEXT_MAX], over[UNIT_TEXT_MAX], subject[UNIT_TEXT_MAX + 16];
    size_words(c->actual_bytes, c->limit_bytes, actual, limit);
    unit_format_int(UNIT_BYTES, c->over_bytes, over);
    if (route)
        strbuf_printf(m, "the first load of %s is %s %s", route, actual, metric_words(b->metric));
    else
        strbuf_printf(m, "%s: %s %s", subject_words(s, subject), actual, metric_words(b->metric));
    if (c->status == CHECK_PASS)
        strbuf_printf(m, ", the limit is %s", limit);
    else
        strbuf_printf(m, ", %s above the limit of %s", over, limit);
    if (c->status == CHECK_WARN)
        strbuf_str(m, ", within the tolerance for other builds of gzip");
}

static void add_check(struct check_list *out, const struct size_budget *b, const struct bundle_build *build,
                      const struct budget_rules *r, const struct sum *s, const char *route)
{
    struct strbuf m = {0};
    struct check c = {.name = b->name,
                      .line = b->line,
                      .source = build->head->path ? build->head->path : build->origin,
                      .metric = metric_key(b->metric),
                      .limit_bytes = b->limit_bytes,
                      .actual_bytes = s->bytes,
                      .over_bytes = SD_UNKNOWN,
                      .status = CHECK_SKIP,
                      .files = s->files,
                      .n_files = s->n,
                      .expected = (double)NAN,
                      .actual = (double)NAN};
    if (b->skip) {
        strbuf_str(&m, b->skip);
    } else if (!sd_known(b->limit_bytes)) {
        strbuf_str(&m, "it has no limit");
    } else if (!sd_known(s->bytes)) {
        strbuf_printf(&m, "the size of %s is not known; is the file beside the description of the build?",
                      s->unknown ? s->unknown : "the files");
    } else {
        c.status = judge(b, r, s->bytes);
        c.over_bytes = MAX(0, s->bytes - b->limit_bytes);
        write_message(&m, b, &c, s, route);
    }
    c.message = strbuf_text(&m);
    check_add(out, &c);
    strbuf_free(&m);
}

/* No file is there: of what somebody asked for it is a mistake in the budget or in the build. */
static void add_missing(struct check_list *out, const struct size_budget *b, const struct bundle_build *build)
{
    char what[96] = "no file";
    if (b->type)
        snprintf(what, sizeof what, "no %s file", b->type);
    struct strbuf m = {0};
    strbuf_str(&m, what);
    for (size_t i = 0; i < b->n_take; i++)
        strbuf_printf(&m, "%s%s", i ? " or " : " matches ", b->take[i]);
    if (!b->n_take)
        strbuf_str(&m, " is there");
    strbuf_str(&m, "; patterns match names below the build folder, or below the folder of the budget file");
    const struct check c = {.name = b->name,
                            .line = b->line,
                            .source = build->head->path ? build->head->path : build->origin,
                            .metric = metric_key(b->metric),
                            .limit_bytes = b->limit_bytes,
                            .actual_bytes = SD_UNKNOWN,
                            .over_bytes = SD_UNKNOWN,
                            .status = CHECK_FAIL,
                            .message = strbuf_text(&m),
                            .expected = (double)NAN,
                            .actual = (double)NAN};
    check_add(out, &c);
    strbuf_free(&m);
}

/* ---- the scopes ---- */

static void check_routes(const struct size_budget *b, const struct bundle_build *build,
                         const struct budget_rules *r, struct check_list *out)
{
    struct sum s = {.files = mem_array(build->n_assets + 1, sizeof *s.files), .bytes = SD_UNKNOWN};
    for (size_t i = 0; i < build->n_routes; i++) {
        const struct sd_ints *assets = build->routes[i].assets;
        s.n = 0;
        s.bytes = 0;
        s.unknown = NULL;
        for (uint32_t k = 0; assets && k < assets->n && s.n < build->n_assets; k++) {
            const struct sd_bundle_asset *a = &build->assets[assets->items[k]];
            if (is_meant(b, a, r))
                sum_add(&s, a, b->metric);
        }
        add_check(out, b, build, r, &s, build->routes[i].name ? build->routes[i].name : "(no name)");
    }
    if (!build->n_routes) {
        struct size_budget none = *b;
        none.skip = "the build names no routes; a description of the bundler or a manifest does";
        add_check(out, &none, build, r, &s, NULL);
    }
    free(s.files);
}

static void check_one(const struct size_budget *b, const struct bundle_build *build,
                      const struct budget_rules *r, struct check_list *out)
{
    struct sum s = {.files = mem_array(build->n_assets + 1, sizeof *s.files),
                    .bytes = b->skip ? SD_UNKNOWN : 0};
    size_t found = 0;
    for (size_t i = 0; i < build->n_assets && !b->skip; i++) {
        if (!is_meant(b, &build->assets[i], r))
            continue;
        found++;
        if (b->scope == BUDGET_EACH)
            s = (struct sum){.files = s.files};
        sum_add(&s, &build->assets[i], b->metric);
        if (b->scope == BUDGET_EACH)
            add_check(out, b, build, r, &s, NULL);
    }
    if (!found && !b->skip && !b->may_be_empty && sd_known(b->limit_bytes))
        add_missing(out, b, build);
    else if (b->scope != BUDGET_EACH || !found)
        add_check(out, b, build, r, &s, NULL);
    free(s.files);
}

void size_budgets_check(const struct size_budget *budgets, size_t n, const struct bundle_build *b,
                        const struct budget_rules *rules, struct check_list *out)
{
    for (size_t i = 0; i < n; i++) {
        if (budgets[i].scope == BUDGET_ROUTE && !budgets[i].skip)
            check_routes(&budgets[i], b, rules, out);
        else
            check_one(&budgets[i], b, rules, out);
    }
}
