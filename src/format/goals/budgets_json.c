/* budgets.json of Lighthouse, as LHCI turns it into assertions (budgets-converter.js of @lhci/utils 0.15):
 * https://github.com/GoogleChrome/budget.json. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format/goals/budget_readers.h"
#include "format/goals/url_pattern.h"

static const struct kind_of_budget {
    const char *list, *name;     /* keys of the file */
    const char *before, *behind; /* around the name in the assertion's key */
    double unit;
} LISTS[] = {
    {.list = "timings", .name = "metric", .before = "", .behind = "", .unit = 1},
    {.list = "resourceCounts",
     .name = "resourceType",
     .before = "resource-summary:",
     .behind = ":count",
     .unit = 1},
    {.list = "resourceSizes",
     .name = "resourceType",
     .before = "resource-summary:",
     .behind = ":size",
     .unit = 1024},
};

static bool read_item(struct budget_file *f, struct assertion_block *b, const struct kind_of_budget *k,
                      const cJSON *item, struct sd_error *err)
{
    const char *name;
    const cJSON *limit = json_member(item, "budget");
    if (!json_text_member(f, item, k->name, &name, err))
        return false;
    if (!name || strpbrk(name, ".:"))
        return fail(err, "an entry of %s has no %s", k->list, k->name);
    if (!cJSON_IsNumber(limit))
        return fail(err, "the budget of %.80s is no number", name);
    if (limit->valuedouble < 0)
        return fail(err, "the budget of %.80s is negative", name);
    char *key = mem_printf("%s%s%s", k->before, name, k->behind);
    budget_assert(f, b,
                  &(struct assertion){.key = key,
                                      .level = "error",
                                      .max_length = (double)NAN,
                                      .min_score = (double)NAN,
                                      .max_numeric_value = limit->valuedouble * k->unit});
    free(key);
    return true;
}

static bool read_entry(struct budget_file *f, const cJSON *entry, struct sd_error *err)
{
    const char *path;
    if (!cJSON_IsObject(entry))
        return fail(err, "an entry is no object");
    if (!json_text_member(f, entry, "path", &path, err))
        return false;
    if (path && *path != '/')
        return fail(err, "the path %.120s does not begin with /", path);
    char *regex = url_pattern_of_path(path);
    struct assertion_block *b = budget_block(f, *regex ? regex : NULL, err);
    free(regex);
    for (size_t i = 0; b && i < ARRAY_LEN(LISTS); i++) {
        const cJSON *list = json_member(entry, LISTS[i].list);
        if (list && !cJSON_IsArray(list))
            return fail(err, "%s is no list", LISTS[i].list);
        for (const cJSON *e = list ? list->child : NULL; e; e = e->next)
            if (!read_item(f, b, &LISTS[i], e, err))
                return false;
    }
    return b != NULL;
}

bool read_budgets_json(struct budget_file *f, const cJSON *json, struct sd_error *err)
{
    if (!cJSON_IsArray(json))
        return fail(err, "it is no list of budgets");
    for (const cJSON *e = json->child; e; e = e->next)
        if (!read_entry(f, e, err))
            return false;
    return true;
}
