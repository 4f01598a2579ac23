#include "core/pages/field_tally.h"

#include <stdlib.h>

#include "core/pages/beacon_ids.h"
#include "core/pages/field_days.h"
#include "core/pages/vital_values.h"
#include "core/schema.h"

const char *const FIELD_BY_NAMES[FIELD_BYS] = {
    [FIELD_ALL] = "all",         [FIELD_PAGE] = "page",
    [FIELD_DEVICE] = "device",   [FIELD_CONNECTION] = "connection",
    [FIELD_COUNTRY] = "country", [FIELD_NAVIGATION] = "navigation_type",
};

const struct field_limits FIELD_LIMITS = {
    .keys = {[FIELD_ALL] = 1,
             [FIELD_PAGE] = 1000,
             [FIELD_DEVICE] = 64,
             [FIELD_CONNECTION] = 64,
             [FIELD_COUNTRY] = 300,
             [FIELD_NAVIGATION] = 64},
    .targets = 4000,
    .ids = 1 << 19,
    .exact = 8 << 20,
};

/* Numbers for texts, in the order in which they came. */
struct names {
    char **texts;
    uint32_t *slots; /* number + 1; 0: free */
    uint32_t n, size;
    size_t cap, bytes;
};

struct target_row {
    enum vital metric;
    uint32_t page;
    char *script; /* of the highest value so far */
    double script_value;
    struct vital_values values;
};

struct field_tally {
    struct field_limits limits;
    struct field_counts counts;
    struct beacon_ids ids;
    struct names keys[FIELD_BYS];
    struct vital_values (*rows[FIELD_BYS])[VITAL_N]; /* by number of the key */
    size_t cap[FIELD_BYS];
    bool folded[FIELD_BYS], folded_targets;
    struct names target_names; /* metric, page and selector */
    struct target_row *targets;
    size_t cap_targets;
    struct field_days days;
    int64_t exact, coarse; /* values kept as they are; rows that were coarsened for want of room */
};

/* ---- names ---- */

static void names_grow(struct names *x)
{
    uint32_t size = x->size ? x->size * 2 : 16;
    uint32_t *slots = mem_array(size, sizeof *slots);
    for (uint32_t i = 0; i < x->n; i++) {
        uint32_t at = (uint32_t)str_hash(x->texts[i], strlen(x->texts[i])) & (size - 1);
        while (slots[at])
            at = (at + 1) & (size - 1);
        slots[at] = i + 1;
    }
    free(x->slots);
    x->slots = slots;
    x->size = size;
}

/* UINT32_MAX: it is not there, and there are `most` others. */
static uint32_t names_number(struct names *x, const char *text, uint32_t most)
{
    size_t len = strlen(text);
    if (x->n * 2 >= x->size)
        names_grow(x);
    uint32_t at = (uint32_t)str_hash(text, len) & (x->size - 1);
    while (x->slots[at] && strcmp(x->texts[x->slots[at] - 1], text) != 0)
        at = (at + 1) & (x->size - 1);
    if (x->slots[at])
        return x->slots[at] - 1;
    if (x->n >= most)
        return UINT32_MAX;
    x->texts = mem_grow(x->texts, x->n, &x->cap, sizeof *x->texts);
    x->texts[x->n] = mem_strdup(text);
    x->bytes += len + 1;
    x->slots[at] = ++x->n;
    return x->n - 1;
}

static void names_free(struct names *x)
{
    for (uint32_t i = 0; i < x->n; i++)
        free(x->texts[i]);
    free(x->texts);
    free(x->slots);
}

/* ---- rows ---- */

struct field_tally *field_tally_new(const struct field_limits *limits, uint64_t seed)
{
    struct field_tally *t = mem_alloc(sizeof *t);
    t->limits = *limits;
    t->ids = (struct beacon_ids){.most = limits->ids, .seed = seed};
    return t;
}

void field_tally_free(struct field_tally *t)
{
    if (!t)
        return;
    for (unsigned by = 0; by < FIELD_BYS; by++) {
        for (uint32_t k = 0; k < t->keys[by].n; k++)
            for (unsigned v = 0; v < VITAL_N; v++)
                vital_values_free(&t->rows[by][k][v]);
        free(t->rows[by]);
        names_free(&t->keys[by]);
    }
    for (uint32_t i = 0; i < t->target_names.n; i++) {
        vital_values_free(&t->targets[i].values);
        free(t->targets[i].script);
    }
    free(t->targets);
    names_free(&t->target_names);
    beacon_ids_free(&t->ids);
    field_days_free(&t->days);
    free(t);
}

struct field_counts *field_tally_counts(struct field_tally *t)
{
    return &t->counts;
}

static uint32_t key_number(struct field_tally *t, unsigned by, const char *key)
{
    uint32_t before = t->keys[by].n, number = names_number(&t->keys[by], key, t->limits.keys[by]);
    if (number == UINT32_MAX) {
        t->folded[by] = true;
        number = names_number(&t->keys[by], FIELD_FOLDED, UINT32_MAX);
    }
    if (t->keys[by].n > before) {
        t->rows[by] = mem_grow(t->rows[by], before, &t->cap[by], sizeof *t->rows[by]);
        memset(&t->rows[by][before], 0, sizeof *t->rows[by]);
    }
    return number;
}

/* Number of the row + 1; 0: it is about no element. */
static uint32_t target_number(struct field_tally *t, const struct field_beacon *b, uint32_t page)
{
    char name[512];
    if (!b->target)
        return 0;
    snprintf(name, sizeof name, "%u %u %.480s", (unsigned)b->metric, (unsigned)page, b->target);
    uint32_t before = t->target_names.n, number = names_number(&t->target_names, name, t->limits.targets);
    if (number == UINT32_MAX) {
        t->folded_targets = true;
        snprintf(name, sizeof name, "%u %u " FIELD_FOLDED, (unsigned)b->metric, (unsigned)page);
        number = names_number(&t->target_names, name, UINT32_MAX);
    }
    if (t->target_names.n > before) {
        t->targets = mem_grow(t->targets, before, &t->cap_targets, sizeof *t->targets);
        t->targets[before] = (struct target_row){.metric = b->metric, .page = page};
    }
    return number + 1;
}

static void put(struct field_tally *t, struct vital_values *x, enum vital v, double value)
{
    enum { FEW = 256 };
    uint32_t before = x->buckets ? 0 : x->n;
    if (t->exact >= t->limits.exact && before >= FEW) {
        t->coarse++;
        vital_values_coarsen(x);
    }
    vital_values_add(x, v, value);
    t->exact += (int64_t)(x->buckets ? 0 : x->n) - before;
}

static void take_out(struct field_tally *t, struct vital_values *x, enum vital v, double value)
{
    t->exact -= !x->buckets;
    vital_values_remove(x, v, value);
}

static void take_back(struct field_tally *t, const struct beacon_seen *seen)
{
    enum vital v = (enum vital)seen->metric;
    for (unsigned by = 0; by < FIELD_BYS; by++)
        take_out(t, &t->rows[by][by ? seen->key[by - 1] : 0][v], v, seen->value);
    if (seen->target)
        take_out(t, &t->targets[seen->target - 1].values, v, seen->value);
    if (seen->day)
        field_days_remove(&t->days, seen->day, seen->key[FIELD_DEVICE - 1] + 1u, v, seen->value);
}

/* Days of which no number of two bytes tells are none of a visit. */
static void add_to_day(struct field_tally *t, const struct field_beacon *b, struct beacon_seen *seen)
{
    int64_t day = sd_known(b->at) ? b->at / (86400 * SD_S) : 0;
    bool counts = day > 0 && day <= UINT16_MAX &&
                  field_days_add(&t->days, day, seen->key[FIELD_DEVICE - 1] + 1u, b->metric, b->value);
    seen->day = counts ? (uint16_t)day : 0;
}

static void add_to_target(struct field_tally *t, struct target_row *row, const struct field_beacon *b)
{
    put(t, &row->values, b->metric, b->value);
    if (b->script && (!row->script || b->value >= row->script_value)) {
        if (!str_eq(row->script, b->script)) {
            free(row->script);
            row->script = mem_strdup(b->script);
        }
        row->script_value = b->value;
    }
}

void field_tally_add(struct field_tally *t, const struct field_beacon *b)
{
    bool fresh;
    struct beacon_seen *seen = beacon_ids_at(&t->ids, beacon_ids_hash(&t->ids, b->metric, b->id), &fresh);
    if (fresh)
        t->counts.accepted++;
    else {
        t->counts.duplicates++;
        take_back(t, seen);
    }
    seen->metric = (uint8_t)b->metric;
    seen->value = b->value;
    for (unsigned by = 0; by < FIELD_BYS; by++) {
        uint32_t key = key_number(t, by, by ? b->key[by] : "");
        put(t, &t->rows[by][key][b->metric], b->metric, b->value);
        if (by)
            seen->key[by - 1] = (uint16_t)key;
    }
    seen->target = target_number(t, b, seen->key[FIELD_PAGE - 1]);
    if (seen->target)
        add_to_target(t, &t->targets[seen->target - 1], b);
    add_to_day(t, b, seen);
}

/* ---- records ---- */

static bool add_field(const struct sd_host *host, struct sd_batch *b, unsigned by, const char *key,
                      unsigned v, struct vital_values *x)
{
    struct vital_quantile q;
    struct sd_page_field f;
    if (!vital_values_read(x, &q))
        return true;
    schema_clear(schema_of(SD_PAGE_FIELD), &f);
    f.data = "rum";
    f.by = FIELD_BY_NAMES[by];
    f.key = key;
    f.metric = VITALS[v].name;
    f.count = x->n;
    f.p75 = q.p75;
    f.p75_low = q.low;
    f.p75_high = q.high;
    f.good_share = q.share[VITAL_GOOD];
    f.needs_improvement_share = q.share[VITAL_NEEDS_IMPROVEMENT];
    f.poor_share = q.share[VITAL_POOR];
    return host->add(b, SD_PAGE_FIELD, &f);
}

static bool add_target(struct field_tally *t, uint32_t i, const struct sd_host *host, struct sd_batch *b)
{
    struct target_row *row = &t->targets[i];
    struct vital_quantile q;
    struct sd_page_attribution a;
    if (!vital_values_read(&row->values, &q))
        return true;
    schema_clear(schema_of(SD_PAGE_ATTRIBUTION), &a);
    a.metric = VITALS[row->metric].name;
    a.page = t->keys[FIELD_PAGE].texts[row->page];
    a.target = strchr(strchr(t->target_names.texts[i], ' ') + 1, ' ') + 1;
    a.count = row->values.n;
    a.p75 = q.p75;
    a.script = row->script;
    return host->add(b, SD_PAGE_ATTRIBUTION, &a);
}

/* The course over the days, where there are several. */
static bool add_trend(struct field_tally *t, uint32_t row, unsigned v, const struct sd_host *host,
                      struct sd_batch *b)
{
    double p75[FIELD_DAYS];
    int64_t ends[FIELD_DAYS];
    struct sd_page_trend r;
    if (field_days_read(&t->days, row, (enum vital)v, p75) < 2)
        return true;
    for (size_t i = 0; i < t->days.n; i++)
        ends[i] = t->days.items[i]->day * 86400 * SD_S;
    const struct sd_ints all_ends = {.n = (uint32_t)t->days.n, .items = ends};
    const struct sd_reals all_p75 = {.n = (uint32_t)t->days.n, .items = p75};
    schema_clear(schema_of(SD_PAGE_TREND), &r);
    r.data = "rum";
    r.by = FIELD_BY_NAMES[row ? FIELD_DEVICE : FIELD_ALL];
    r.key = row ? t->keys[FIELD_DEVICE].texts[row - 1] : "";
    r.metric = VITALS[v].name;
    r.ends = &all_ends;
    r.p75 = &all_p75;
    return host->add(b, SD_PAGE_TREND, &r);
}

bool field_tally_records(struct field_tally *t, const struct sd_host *host, struct sd_batch *b)
{
    const struct sd_page_receiver r = {.accepted = t->counts.accepted,
                                       .duplicates = t->counts.duplicates,
                                       .rejected = t->counts.rejected,
                                       .ignored = t->counts.ignored,
                                       .too_large = t->counts.too_large};
    bool fits = host->add(b, SD_PAGE_RECEIVER, &r);
    for (unsigned by = 0; by < FIELD_BYS; by++)
        for (uint32_t k = 0; k < t->keys[by].n; k++)
            for (unsigned v = 0; v < VITAL_N && fits; v++)
                fits = add_field(host, b, by, t->keys[by].texts[k], v, &t->rows[by][k][v]);
    for (uint32_t i = 0; i < t->target_names.n && fits; i++)
        fits = add_target(t, i, host, b);
    for (uint32_t row = 0; row < MIN(t->keys[FIELD_DEVICE].n + 1, (uint32_t)FIELD_DAY_ROWS); row++)
        for (unsigned v = 0; v < VITAL_N && fits; v++)
            fits = add_trend(t, row, v, host, b);
    return fits;
}

size_t field_tally_notes(const struct field_tally *t, char *notes[FIELD_NOTES_MAX])
{
    static const char *const what[FIELD_BYS] = {
        "", "pages", "devices", "connections", "countries", "kinds of navigation"};
    size_t n = 0;
    for (unsigned by = 0; by < FIELD_BYS; by++)
        if (t->folded[by])
            notes[n++] = mem_printf("There are more than %u %s; the others are counted together, as %s.",
                                    (unsigned)t->limits.keys[by], what[by], FIELD_FOLDED);
    if (t->folded_targets)
        notes[n++] = mem_printf("There are more than %u elements; the others are counted together, as %s.",
                                (unsigned)t->limits.targets, FIELD_FOLDED);
    if (t->ids.forgotten)
        notes[n++] =
            mem_printf("The ids of the first %lld values are forgotten: a later value of the same id "
                       "would be counted beside the first.",
                       (long long)t->ids.forgotten);
    if (t->coarse)
        notes[n++] = mem_printf("There are too many values to keep them all: percentiles of %lld rows are "
                                "exact to 1 %% only.",
                                (long long)t->coarse);
    return n;
}

size_t field_tally_bytes(const struct field_tally *t)
{
    size_t bytes =
        sizeof *t + beacon_ids_bytes(&t->ids) + t->target_names.bytes + t->cap_targets * sizeof *t->targets;
    for (unsigned by = 0; by < FIELD_BYS; by++) {
        bytes += t->keys[by].bytes + t->cap[by] * sizeof *t->rows[by];
        for (uint32_t k = 0; k < t->keys[by].n; k++)
            for (unsigned v = 0; v < VITAL_N; v++)
                bytes += vital_values_bytes(&t->rows[by][k][v]);
    }
    for (uint32_t i = 0; i < t->target_names.n; i++)
        bytes += vital_values_bytes(&t->targets[i].values);
    return bytes;
}
