/* The configuration of LHCI, `ci.assert`: https://github.com/GoogleChrome/lighthouse-ci,
 * docs/configuration.md.
 */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "format/goals/budget_readers.h"
#include "format/goals/lhci_preset.h"

/* ---- assertions of a preset with one's own over them ---- */

static cJSON *merged(const cJSON *under, const cJSON *over);

static cJSON *merged_lists(const cJSON *under, const cJSON *over)
{
    cJSON *out = cJSON_CreateArray();
    const cJSON *u = under->child, *o = over->child;
    for (; u || o; u = u ? u->next : NULL, o = o ? o->next : NULL)
        cJSON_AddItemToArray(out, o && u ? merged(u, o) : cJSON_Duplicate(o ? o : u, true));
    return out;
}

/* LHCI's merge: objects key by key, lists place by place, anything else is replaced. */
static cJSON *merged(const cJSON *under, const cJSON *over)
{
    if (cJSON_IsArray(under) && cJSON_IsArray(over))
        return merged_lists(under, over);
    if (!cJSON_IsObject(under) || !cJSON_IsObject(over))
        return cJSON_Duplicate(over, true);
    cJSON *out = cJSON_CreateObject();
    for (const cJSON *u = under->child; u; u = u->next) {
        const cJSON *o = cJSON_GetObjectItemCaseSensitive(over, u->string);
        cJSON_AddItemToObject(out, u->string, o ? merged(u, o) : cJSON_Duplicate(u, true));
    }
    for (const cJSON *o = over->child; o; o = o->next)
        if (!cJSON_GetObjectItemCaseSensitive(under, o->string))
            cJSON_AddItemToObject(out, o->string, cJSON_Duplicate(o, true));
    return out;
}

/* ---- one assertion ---- */

static bool runs_named(const cJSON *v, enum assertion_of_runs *runs, struct sd_error *err)
{
    static const char *const NAMES[] = {[RUNS_OPTIMISTIC] = "optimistic",
                                        [RUNS_PESSIMISTIC] = "pessimistic",
                                        [RUNS_MEDIAN] = "median",
                                        [RUNS_MEDIAN_RUN] = "median-run"};
    *runs = RUNS_UNSET;
    if (!v)
        return true;
    for (size_t i = 1; i < ARRAY_LEN(NAMES) && cJSON_IsString(v); i++)
        if (!strcmp(NAMES[i], v->valuestring))
            *runs = (enum assertion_of_runs)i;
    return *runs != RUNS_UNSET ||
           fail(err,
                "the aggregationMethod %.60s is not known; expected optimistic, pessimistic, median or "
                "median-run",
                cJSON_IsString(v) ? v->valuestring : "");
}

static bool number_member(const cJSON *options, const char *audit, const char *key, double *out,
                          struct sd_error *err)
{
    const cJSON *v = json_member(options, key);
    *out = (double)NAN;
    if (!v)
        return true;
    if (!cJSON_IsNumber(v))
        return fail(err, "%s of the assertion %.120s is no number", key, audit);
    *out = v->valuedouble;
    return true;
}

/* LHCI looks assertions up by their names with dashes: one in camel case is never found. */
static bool is_camel(const char *key)
{
    for (const char *p = key; *p; p++)
        if (isupper((unsigned char)*p))
            return true;
    return false;
}

/* "error", or ["error", {"minScore": 0.5}]; what stands for false is off. */
static bool read_assertion(struct budget_file *f, struct assertion_block *b, const cJSON *v,
                           struct sd_error *err)
{
    const cJSON *level = cJSON_IsArray(v) ? v->child : v;
    const cJSON *options = cJSON_IsArray(v) && v->child ? v->child->next : NULL;
    struct assertion a = {.key = v->string};
    if (cJSON_IsNull(v) || cJSON_IsFalse(v))
        return true;
    if (!cJSON_IsString(level) ||
        (strcmp(level->valuestring, "off") != 0 && strcmp(level->valuestring, "warn") != 0 &&
         strcmp(level->valuestring, "error") != 0))
        return fail(err, "the assertion %.120s has no level; expected off, warn or error", v->string);
    if (!strcmp(level->valuestring, "off"))
        return true;
    if (is_camel(v->string)) {
        budget_note(f, "%.120s is not asserted: LHCI knows audits by names in lower case with dashes",
                    v->string);
        return true;
    }
    a.level = level->valuestring;
    if (!number_member(options, v->string, "maxLength", &a.max_length, err) ||
        !number_member(options, v->string, "maxNumericValue", &a.max_numeric_value, err) ||
        !number_member(options, v->string, "minScore", &a.min_score, err) ||
        !runs_named(json_member(options, "aggregationMethod"), &a.runs, err))
        return false;
    if (!strncmp(v->string, "performance-budget", 18)) {
        budget_note(f, "performance-budget is not asserted: name the budgets.json itself with --budget");
        return true;
    }
    budget_assert(f, b, &a);
    return true;
}

/* Of a key twice the last counts. */
static bool is_last(const cJSON *v)
{
    for (const cJSON *later = v->next; later; later = later->next)
        if (!strcmp(later->string, v->string))
            return false;
    return true;
}

static bool read_assertions(struct budget_file *f, struct assertion_block *b, const cJSON *own,
                            const char *preset, struct sd_error *err)
{
    cJSON *under = preset ? lhci_preset(preset) : NULL;
    if (preset && !under)
        return fail(err,
                    "there is no preset %.80s; expected lighthouse:all, lighthouse:recommended or "
                    "lighthouse:no-pwa",
                    preset);
    cJSON *all = under && own ? merged(under, own) : NULL;
    const cJSON *use = all ? all : under ? under : own;
    bool ok = true;
    for (const cJSON *v = use ? use->child : NULL; v && ok; v = v->next)
        ok = !is_last(v) || read_assertion(f, b, v, err);
    cJSON_Delete(all);
    cJSON_Delete(under);
    return ok;
}

/* ---- blocks ---- */

static bool read_block(struct budget_file *f, const cJSON *block, struct sd_error *err)
{
    const char *url, *preset;
    enum assertion_of_runs runs;
    const cJSON *own = json_member(block, "assertions");
    if (!cJSON_IsObject(block))
        return fail(err, "an entry of assertMatrix is no object");
    if (own && !cJSON_IsObject(own))
        return fail(err, "assertions is no object");
    if (!json_text_member(f, block, "matchingUrlPattern", &url, err) ||
        !json_text_member(f, block, "preset", &preset, err) ||
        !runs_named(json_member(block, "aggregationMethod"), &runs, err))
        return false;
    struct assertion_block *b = budget_block(f, url, err);
    if (!b)
        return false;
    b->runs = runs;
    return read_assertions(f, b, own, preset, err);
}

static bool read_matrix(struct budget_file *f, const cJSON *assert, const cJSON *matrix, struct sd_error *err)
{
    static const char *const ALONE[] = {"assertions", "preset", "budgetsFile", "aggregationMethod"};
    for (size_t i = 0; i < ARRAY_LEN(ALONE); i++)
        if (json_member(assert, ALONE[i]))
            return fail(err, "assertMatrix stands beside %s, which LHCI refuses; move it into each entry",
                        ALONE[i]);
    if (!cJSON_IsArray(matrix))
        return fail(err, "assertMatrix is no list");
    if (!matrix->child)
        return fail(err, "it asserts nothing: assertMatrix is empty");
    for (const cJSON *b = matrix->child; b; b = b->next)
        if (!read_block(f, b, err))
            return false;
    return true;
}

bool read_lighthouserc(struct budget_file *f, const cJSON *json, struct sd_error *err)
{
    const cJSON *assert = json_member(json_member(json, "ci"), "assert");
    const cJSON *matrix = json_member(assert, "assertMatrix");
    if (!cJSON_IsObject(assert))
        return fail(err, "it asserts nothing: there is no object ci.assert");
    if (matrix)
        return read_matrix(f, assert, matrix, err);
    if (!json_text_member(f, assert, "budgetsFile", &f->budgets_file, err))
        return false;
    if (f->budgets_file && (json_member(assert, "assertions") || json_member(assert, "preset")))
        return fail(err, "budgetsFile stands beside assertions, which LHCI refuses");
    if (f->budgets_file)
        return true;
    if (!json_member(assert, "assertions") && !json_member(assert, "preset"))
        return fail(err, "it asserts nothing: ci.assert has neither assertions nor a preset");
    return read_block(f, assert, err);
}
