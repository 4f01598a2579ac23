/* lighthouse_report.c - the report as a whole, its categories, metrics, audits and opportunities. */
#include "format/pages/lighthouse_report.h"

#include <ctype.h>

#include "base/clock.h"
#include "core/pages/score.h"
#include "core/schema.h"
#include "format/json_check.h"
#include "format/pages/lighthouse_parts.h"

enum { AUDITS_MAX = 1000, REFS_MAX = 500, CATEGORIES_MAX = 32, METRICS_MAX = 16, OLDEST = 3 };

struct audit {
    const char *id, *title, *mode;
    double score, value, saving_ms;
    int64_t items, saving_bytes;
};

/* Of the category `performance`. */
struct reference {
    const char *audit;
    double weight;
    bool metric; /* it has a weight, or stands among the metrics */
};

struct category {
    const char *id;
    double score;
};

struct report {
    struct json_pull categories, audits, settings, environment, error; /* of NULL text: there is none */
    const char *version, *final_displayed, *final, *requested, *fetched;
    struct category category[CATEGORIES_MAX];
    size_t n_categories;
    struct reference refs[REFS_MAX];
    size_t n_refs;
    struct audit *audit;
    size_t n_audits, cap_audits;
};

/* ---- what all parts use ---- */

const char *lighthouse_text(struct lighthouse *l, struct json_pull *j, size_t most)
{
    bool is_text = json_peek(j) == '"';
    json_text(j, &l->text);
    return is_text ? arena_strndup(l->arena, strbuf_text(&l->text), MIN(l->text.len, most)) : NULL;
}

const char *lighthouse_text_of(struct lighthouse *l, struct json_pull object, const char *key, size_t most)
{
    struct json_pull value = json_find(object, key);
    return value.at ? lighthouse_text(l, &value, most) : NULL;
}

bool lighthouse_says(struct lighthouse *l, struct json_pull object, const char *key, const char *text)
{
    struct json_pull value = json_find(object, key);
    if (!value.at)
        return false;
    json_text(&value, &l->text);
    return str_eq(strbuf_text(&l->text), text);
}

double lighthouse_number_of(struct json_pull object, const char *key)
{
    struct json_pull value = json_find(object, key);
    return value.at && json_peek(&value) != '"' ? json_number(&value) : (double)NAN;
}

int64_t lighthouse_ns(double ms)
{
    return ms >= 0 ? real_to_int(floor(ms * 1e6 + 0.5)) : SD_UNKNOWN;
}

int64_t lighthouse_count(double v)
{
    return v >= 0 && v <= 0x1p53 ? real_to_int(v) : SD_UNKNOWN;
}

static const void *member(const void *rows, size_t i, size_t size, size_t offset)
{
    return (const char *)rows + i * size + offset;
}

const struct sd_texts *lighthouse_texts(struct lighthouse *l, const void *rows, size_t n, size_t size,
                                        size_t offset)
{
    const char **items = arena_alloc(l->arena, n * sizeof *items + 1);
    for (size_t i = 0; i < n; i++)
        items[i] = *(const char *const *)member(rows, i, size, offset);
    return arena_copy(l->arena, &(struct sd_texts){(uint32_t)n, items}, sizeof(struct sd_texts));
}

const struct sd_ints *lighthouse_ints(struct lighthouse *l, const void *rows, size_t n, size_t size,
                                      size_t offset)
{
    int64_t *items = arena_alloc(l->arena, n * sizeof *items + 1);
    for (size_t i = 0; i < n; i++)
        items[i] = *(const int64_t *)member(rows, i, size, offset);
    return arena_copy(l->arena, &(struct sd_ints){(uint32_t)n, items}, sizeof(struct sd_ints));
}

const struct sd_reals *lighthouse_reals(struct lighthouse *l, const void *rows, size_t n, size_t size,
                                        size_t offset)
{
    double *items = arena_alloc(l->arena, n * sizeof *items + 1);
    for (size_t i = 0; i < n; i++)
        items[i] = *(const double *)member(rows, i, size, offset);
    return arena_copy(l->arena, &(struct sd_reals){(uint32_t)n, items}, sizeof(struct sd_reals));
}

/* ---- the outermost object ---- */

static void read_top(struct lighthouse *l, struct report *r, struct json_pull j)
{
    struct {
        const char *key;
        struct json_pull *at;
        const char **text;
    } const keys[] = {
        {"lighthouseVersion", NULL, &r->version},
        {"finalDisplayedUrl", NULL, &r->final_displayed},
        {"finalUrl", NULL, &r->final},
        {"requestedUrl", NULL, &r->requested},
        {"fetchTime", NULL, &r->fetched},
        {"categories", &r->categories, NULL},
        {"audits", &r->audits, NULL},
        {"configSettings", &r->settings, NULL},
        {"environment", &r->environment, NULL},
        {"runtimeError", &r->error, NULL},
    };
    if (!json_enter(&j, '{'))
        return;
    while (json_key(&j)) {
        size_t i = 0;
        while (i < ARRAY_LEN(keys) && !json_is(&j, keys[i].key))
            i++;
        if (i < ARRAY_LEN(keys) && keys[i].text) {
            *keys[i].text = lighthouse_text(l, &j, 2 * LIGHTHOUSE_URL_MAX);
            continue;
        }
        if (i < ARRAY_LEN(keys))
            *keys[i].at = j;
        json_skip(&j);
    }
}

/* ---- categories ---- */

static void read_refs(struct lighthouse *l, struct report *r, struct json_pull j)
{
    r->n_refs = 0;
    if (!json_enter(&j, '['))
        return;
    while (json_item(&j)) {
        struct json_pull ref = j;
        json_skip(&j);
        if (r->n_refs == REFS_MAX)
            continue;
        const char *id = lighthouse_text_of(l, ref, "id", LIGHTHOUSE_TEXT_MAX);
        double weight = lighthouse_number_of(ref, "weight");
        if (id)
            r->refs[r->n_refs++] =
                (struct reference){.audit = id,
                                   .weight = weight > 0 ? weight : 0,
                                   .metric = weight > 0 || lighthouse_says(l, ref, "group", "metrics")};
    }
}

static void read_categories(struct lighthouse *l, struct report *r)
{
    struct json_pull j = r->categories;
    if (!j.at || !json_enter(&j, '{'))
        return;
    while (json_key(&j)) {
        const char *id = arena_strndup(l->arena, j.key, MIN(j.key_len, (size_t)LIGHTHOUSE_TEXT_MAX));
        struct json_pull category = j;
        json_skip(&j);
        if (r->n_categories < CATEGORIES_MAX)
            r->category[r->n_categories++] = (struct category){id, lighthouse_number_of(category, "score")};
        struct json_pull refs = json_find(category, "auditRefs");
        if (str_eq(id, "performance") && refs.at)
            read_refs(l, r, refs);
    }
    const size_t size = sizeof *r->category;
    l->out->categories =
        lighthouse_texts(l, r->category, r->n_categories, size, offsetof(struct category, id));
    l->out->category_scores =
        lighthouse_reals(l, r->category, r->n_categories, size, offsetof(struct category, score));
}

/* ---- audits ---- */

/* The largest of the savings that are times; NAN: none is said. */
static double metric_saving(struct json_pull j)
{
    double most = NAN;
    if (!json_enter(&j, '{'))
        return most;
    while (json_key(&j)) {
        bool time = !json_is(&j, "CLS");
        double v = json_number(&j);
        most = time ? fmax(most, v) : most;
    }
    return most;
}

static int64_t count_items(struct json_pull details)
{
    struct json_pull items = json_find(details, "items");
    int64_t n = 0;
    if (!items.at || !json_enter(&items, '['))
        return SD_UNKNOWN;
    for (; json_item(&items); n++)
        json_skip(&items);
    return n;
}

static void keep_details(struct lighthouse *l, const char *id, struct json_pull details)
{
#define LIGHTHOUSE_DETAILS_NAME(UPPER, audit) [LIGHTHOUSE_##UPPER] = (audit),
    static const char *const names[LIGHTHOUSE_DETAILS_N] = {LIGHTHOUSE_DETAILS(LIGHTHOUSE_DETAILS_NAME)};
    for (size_t i = 0; i < LIGHTHOUSE_DETAILS_N; i++)
        if (str_eq(names[i], id))
            l->details[i] = details;
}

static void read_audit(struct lighthouse *l, struct audit *x, struct json_pull j)
{
    struct json_pull details = {0}, savings = {0};
    x->score = x->value = x->saving_ms = NAN;
    x->items = x->saving_bytes = SD_UNKNOWN;
    if (!json_enter(&j, '{'))
        return;
    while (json_key(&j)) {
        struct json_pull value = j;
        if (json_is(&j, "title"))
            x->title = lighthouse_text(l, &value, LIGHTHOUSE_TEXT_MAX);
        else if (json_is(&j, "scoreDisplayMode"))
            x->mode = lighthouse_text(l, &value, LIGHTHOUSE_TEXT_MAX);
        else if (json_is(&j, "score"))
            x->score = json_peek(&value) == '"' ? (double)NAN : json_number(&value);
        else if (json_is(&j, "numericValue") || (json_is(&j, "rawValue") && isnan(x->value)))
            x->value = json_peek(&value) == '"' ? (double)NAN : json_number(&value);
        else if (json_is(&j, "details"))
            details = value;
        else if (json_is(&j, "metricSavings"))
            savings = value;
        json_skip(&j);
    }
    if (savings.at)
        x->saving_ms = metric_saving(savings);
    if (!details.at || json_peek(&details) != '{')
        return;
    double said = lighthouse_number_of(details, "overallSavingsMs");
    x->saving_ms = isnan(said) ? x->saving_ms : said;
    x->saving_bytes = lighthouse_count(lighthouse_number_of(details, "overallSavingsBytes"));
    x->items = count_items(details);
    keep_details(l, x->id, details);
}

static void read_audits(struct lighthouse *l, struct report *r)
{
    struct json_pull j = r->audits;
    if (!json_enter(&j, '{'))
        return;
    while (json_key(&j)) {
        const char *id = arena_strndup(l->arena, j.key, MIN(j.key_len, (size_t)LIGHTHOUSE_TEXT_MAX));
        struct json_pull value = j;
        json_skip(&j);
        size_t i = 0;
        while (i < r->n_audits && !str_eq(r->audit[i].id, id)) /* twice: the last one counts */
            i++;
        if (i >= AUDITS_MAX)
            break;
        if (i == r->n_audits) {
            r->audit = mem_grow(r->audit, r->n_audits, &r->cap_audits, sizeof *r->audit);
            r->n_audits++;
        }
        r->audit[i] = (struct audit){.id = id};
        read_audit(l, &r->audit[i], value);
    }
    const size_t size = sizeof *r->audit;
    l->out->audits = lighthouse_texts(l, r->audit, r->n_audits, size, offsetof(struct audit, id));
    l->out->audit_scores = lighthouse_reals(l, r->audit, r->n_audits, size, offsetof(struct audit, score));
    l->out->audit_values = lighthouse_reals(l, r->audit, r->n_audits, size, offsetof(struct audit, value));
    l->out->audit_modes = lighthouse_texts(l, r->audit, r->n_audits, size, offsetof(struct audit, mode));
    l->out->audit_items = lighthouse_ints(l, r->audit, r->n_audits, size, offsetof(struct audit, items));
}

static const struct audit *audit_named(const struct report *r, const char *id)
{
    for (size_t i = 0; i < r->n_audits; i++)
        if (str_eq(r->audit[i].id, id))
            return &r->audit[i];
    return NULL;
}

static void tell_metrics(struct lighthouse *l, const struct report *r)
{
    struct metric {
        const char *id;
        double value, weight, score;
    } rows[METRICS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < r->n_refs && n < METRICS_MAX; i++) {
        const struct reference *ref = &r->refs[i];
        const char *id = page_metric_named(ref->audit);
        const struct audit *x = audit_named(r, ref->audit);
        bool failed = x && (str_eq(x->mode, "error") || str_eq(x->mode, "notApplicable"));
        if (ref->weight > 0)
            rows[n++] = (struct metric){.id = id ? id : ref->audit,
                                        .value = x && !failed ? x->value : (double)NAN,
                                        .weight = ref->weight,
                                        .score = x ? x->score : (double)NAN};
    }
    const size_t size = sizeof *rows;
    l->out->metrics = lighthouse_texts(l, rows, n, size, offsetof(struct metric, id));
    l->out->metric_values = lighthouse_reals(l, rows, n, size, offsetof(struct metric, value));
    l->out->metric_weights = lighthouse_reals(l, rows, n, size, offsetof(struct metric, weight));
    l->out->metric_scores = lighthouse_reals(l, rows, n, size, offsetof(struct metric, score));
}

/* ---- opportunities ---- */

struct opportunity {
    const char *audit, *title;
    int64_t ns, bytes;
};

static int largest_first(const void *a, const void *b)
{
    const struct opportunity *x = a, *y = b;
    int64_t nx = MAX(x->ns, 0), ny = MAX(y->ns, 0), bx = MAX(x->bytes, 0), by = MAX(y->bytes, 0);
    if (nx != ny)
        return nx < ny ? 1 : -1;
    return bx != by ? (bx < by ? 1 : -1) : strcmp(x->audit, y->audit);
}

static bool is_metric(const struct report *r, const char *audit)
{
    for (size_t i = 0; i < r->n_refs; i++)
        if (r->refs[i].metric && str_eq(r->refs[i].audit, audit))
            return true;
    return page_metric_named(audit) != NULL;
}

static void tell_opportunities(struct lighthouse *l, const struct report *r)
{
    struct opportunity *rows = mem_array(r->n_audits + 1, sizeof *rows);
    size_t n = 0;
    for (size_t i = 0; i < r->n_audits; i++) {
        const struct audit *x = &r->audit[i];
        if (str_eq(x->mode, "notApplicable") || str_eq(x->mode, "error") || str_eq(x->mode, "manual") ||
            str_eq(x->mode, "not-applicable") || !(x->saving_ms > 0 || x->saving_bytes > 0) ||
            is_metric(r, x->id))
            continue;
        rows[n++] = (struct opportunity){.audit = x->id,
                                         .title = x->title ? x->title : x->id,
                                         .ns = lighthouse_ns(x->saving_ms),
                                         .bytes = MAX(x->saving_bytes, 0)};
    }
    qsort(rows, n, sizeof *rows, largest_first);
    const size_t size = sizeof *rows;
    l->out->opportunities = lighthouse_texts(l, rows, n, size, offsetof(struct opportunity, audit));
    l->out->opportunity_titles = lighthouse_texts(l, rows, n, size, offsetof(struct opportunity, title));
    l->out->opportunity_ns = lighthouse_ints(l, rows, n, size, offsetof(struct opportunity, ns));
    l->out->opportunity_bytes = lighthouse_ints(l, rows, n, size, offsetof(struct opportunity, bytes));
    free(rows);
}

/* ---- the head ---- */

/* Before version 7 a report could be of no emulated device: then the browser's own tells. */
static const char *form_factor(struct lighthouse *l, const struct report *r)
{
    const char *now = r->settings.at ? lighthouse_text_of(l, r->settings, "formFactor", 32) : NULL;
    const char *before = r->settings.at ? lighthouse_text_of(l, r->settings, "emulatedFormFactor", 32) : NULL;
    int version = page_version(r->version);
    bool old = version > 0 && version < 7;
    const char *said = old && before ? before : now ? now : before;
    if (str_eq(said, "mobile") || str_eq(said, "desktop"))
        return said;
    if (!str_eq(said, "none"))
        return "mobile"; /* what Lighthouse does when it is not told */
    const char *agent = r->environment.at
                            ? lighthouse_text_of(l, r->environment, "hostUserAgent", LIGHTHOUSE_TEXT_MAX)
                            : NULL;
    return agent && (strstr(agent, "Mobile") || strstr(agent, "Android")) ? "mobile" : "desktop";
}

static void tell_error(struct lighthouse *l, const struct report *r)
{
    const char *code = r->error.at ? lighthouse_text_of(l, r->error, "code", 100) : NULL;
    if (!code || !*code || str_eq(code, "NO_ERROR")) /* versions before 6 always have one */
        return;
    l->out->runtime_error = code;
    l->out->runtime_error_text = lighthouse_text_of(l, r->error, "message", 2 * LIGHTHOUSE_TEXT_MAX);
}

static void tell_head(struct lighthouse *l, const struct report *r)
{
    struct sd_page_report *o = l->out;
    struct sd_error unread;
    sd_time t;
    o->lighthouse_version = r->version;
    o->url = r->final_displayed ? r->final_displayed : r->final ? r->final : r->requested;
    o->final_url = r->final ? r->final : o->url;
    o->form_factor = form_factor(l, r);
    if (r->fetched && clock_parse(r->fetched, 0, &t, &unread))
        o->fetch_time = t;
    for (size_t i = 0; i < r->n_categories; i++)
        if (str_eq(r->category[i].id, "performance"))
            o->score_reported = r->category[i].score;
    tell_error(l, r);
}

static bool read_report(struct lighthouse *l, struct report *r, struct json_pull whole, struct sd_error *err)
{
    read_top(l, r, whole);
    if (!r->version || !r->audits.at)
        return fail(err, "is no report of Lighthouse");
    if (page_version(r->version) && page_version(r->version) < OLDEST)
        return fail(err, "is a report of Lighthouse %.20s; those of %d and later are read", r->version,
                    OLDEST);
    if (json_peek(&r->audits) != '{')
        return fail(err, "is no report of Lighthouse: its audits are no object");
    read_categories(l, r);
    read_audits(l, r);
    tell_head(l, r);
    tell_metrics(l, r);
    tell_opportunities(l, r);
    lighthouse_read_details(l);
    return true;
}

/* PageSpeed Insights answers with a report inside of its own. */
static struct json_pull report_in(const char *text, size_t len)
{
    struct json_pull whole = json_pull(text, len), inner;
    if (json_peek(&whole) != '{')
        return whole;
    inner = json_find(whole, "lighthouseResult");
    return inner.at ? inner : whole;
}

bool lighthouse_report_read(const char *text, size_t len, struct arena *a, struct sd_page_report *out,
                            struct sd_error *err)
{
    if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
        text += 3;
        len -= 3;
    }
    struct sd_error why;
    schema_clear(schema_of(SD_PAGE_REPORT), out);
    if (!json_check(text, len, &why)) {
        size_t n = strlen(why.text);
        return fail(err, "cannot be read: %c%.*s", tolower((unsigned char)*why.text),
                    (int)(n > 1 ? n - 1 - (why.text[n - 1] == '.') : 0), why.text + 1);
    }
    struct lighthouse l = {.arena = a, .out = out};
    struct report *r = mem_alloc(sizeof *r);
    bool read = read_report(&l, r, report_in(text, len), err);
    free(r->audit);
    free(r);
    strbuf_free(&l.text);
    return read;
}

int lighthouse_report_sure(const char *head, size_t len)
{
    static const char *const version[] = {"lighthouseVersion", NULL},
                             *const result[] = {"lighthouseResult", NULL},
                             *const keys[] = {"audits", "scoreDisplayMode", NULL};
    if (len >= 3 && !memcmp(head, "\xef\xbb\xbf", 3)) {
        head += 3;
        len -= 3;
    }
    if (json_names(head, len, version) || json_names(head, len, result))
        return 95;
    return json_names(head, len, keys) ? 80 : 0; /* keys in another order */
}
