/* slowdive's own budgets: `budgets:` in YAML, given as the JSON it stands for. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/suggest.h"
#include "format/goals/budget_readers.h"
#include "format/goals/size_text.h"

/* Its number in `names`; -1 and a sentence: it is none of them. `fallback`: nothing is said. */
static int word_member(struct budget_file *f, const cJSON *entry, const char *key, const char *const *names,
                       int fallback, struct sd_error *err)
{
    const char *text;
    if (!json_text_member(f, entry, key, &text, err))
        return -1;
    if (!text)
        return fallback;
    int i = str_find(names, text);
    if (i >= 0)
        return i;
    struct suggest s = {.word = text};
    struct strbuf all = {0};
    for (size_t n = 0; names[n]; n++) {
        suggest_try(&s, names[n]);
        strbuf_printf(&all, "%s%s", n ? ", " : "", names[n]);
    }
    if (s.best)
        fail(err, "%s is %.60s; did you mean %s?", key, text, s.best);
    else
        fail(err, "%s is %.60s; expected one of %s", key, text, strbuf_text(&all));
    strbuf_free(&all);
    return -1;
}

static bool read_limit(struct size_budget *b, const cJSON *limit, struct sd_error *err)
{
    char number[32];
    b->limit_bytes = SD_UNKNOWN;
    if (!limit)
        return true;
    if (cJSON_IsNumber(limit))
        snprintf(number, sizeof number, "%.15g", limit->valuedouble);
    else if (!cJSON_IsString(limit))
        return fail(err, "the limit is no size; expected one such as 100 kB");
    return size_text_parse(cJSON_IsNumber(limit) ? number : limit->valuestring, SIZE_IEC, &b->limit_bytes,
                           NULL, err);
}

static bool keys_known(const cJSON *o, const char *const *names, struct sd_error *err)
{
    for (const cJSON *c = o->child; c; c = c->next) {
        if (str_find(names, c->string) >= 0)
            continue;
        struct suggest s = {.word = c->string};
        for (size_t i = 0; names[i]; i++)
            suggest_try(&s, names[i]);
        return s.best ? fail(err, "a budget has no %.60s; did you mean %s?", c->string, s.best)
                      : fail(err, "a budget has no %.60s", c->string);
    }
    return true;
}

static bool read_entry(struct budget_file *f, const cJSON *entry, size_t item, struct sd_error *err)
{
    static const char *const KEYS[] = {"name", "type", "path", "scope", "compression", "limit", NULL};
    static const char *const TYPES[] = {"any", "js", "css", "image", "font", "html", "wasm", NULL};
    static const char *const SCOPES[] = {
        [BUDGET_TOTAL] = "total", [BUDGET_EACH] = "each", [BUDGET_ROUTE] = "route", NULL};
    static const char *const COMPRESSIONS[] = {
        [BUDGET_SIZE] = "none", [BUDGET_GZIP] = "gzip", [BUDGET_BROTLI] = "brotli", NULL};
    struct size_budget b = {.item = item};
    const cJSON *path = json_member(entry, "path");
    if (!cJSON_IsObject(entry))
        return fail(err, "an entry of budgets is no mapping");
    if (json_member(entry, "signal")) {
        f->signals = true;
        return true;
    }
    int type = word_member(f, entry, "type", TYPES, 0, err);
    int scope = type < 0 ? -1 : word_member(f, entry, "scope", SCOPES, BUDGET_TOTAL, err);
    int metric = scope < 0 ? -1 : word_member(f, entry, "compression", COMPRESSIONS, BUDGET_GZIP, err);
    if (metric < 0 || !keys_known(entry, KEYS, err) || !json_text_member(f, entry, "name", &b.name, err) ||
        !read_limit(&b, json_member(entry, "limit"), err) || (path && !budget_patterns(f, &b, path, err)))
        return false;
    b.type = type ? TYPES[type] : NULL;
    b.scope = (enum budget_scope)scope;
    b.metric = (enum budget_metric)metric;
    b.name = b.name ? b.name : b.n_take ? b.take[0] : TYPES[type];
    return budget_add(f, &b, err);
}

/* In percent: 3, "3 %". */
static bool read_tolerance(struct budget_file *f, const cJSON *v, struct sd_error *err)
{
    double percent = (double)NAN;
    if (!v)
        return true;
    if (cJSON_IsNumber(v))
        percent = v->valuedouble;
    if (cJSON_IsString(v)) {
        char *text = mem_strndup(v->valuestring, strcspn(v->valuestring, " %"));
        if (strspn(v->valuestring + strlen(text), " %") != strlen(v->valuestring + strlen(text)) ||
            !num_parse_real(text, &percent))
            percent = (double)NAN;
        free(text);
    }
    f->tolerance = percent / 100;
    return (percent >= 0 && percent <= 100) ||
           fail(err, "tolerance is no share of the limit in percent; expected 0 to 100");
}

bool read_slowdive_budgets(struct budget_file *f, const cJSON *json, struct sd_error *err)
{
    const cJSON *budgets = json_member(json, "budgets");
    if (!cJSON_IsArray(budgets))
        return fail(err, "budgets is no list");
    if (!read_tolerance(f, json_member(json, "tolerance"), err))
        return false;
    size_t item = 0;
    for (const cJSON *e = budgets->child; e; e = e->next)
        if (!read_entry(f, e, item++, err))
            return false;
    return budgets->child || fail(err, "budgets is an empty list: there is nothing to check");
}
