/* Any bytes as a file of budgets, named by the first byte: what was read is checked against a build and a
 * report, and every check has a name, a sentence and a status. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format/goals/budget_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const NAMES[] = {"package.json",      ".size-limit.json", "bundlewatch.config.json",
                                    "lighthouserc.json", "budgets.json",     "x.json"};

static const struct sd_bundle HEAD = {.path = "dist"};
static const struct sd_bundle_asset ASSETS[] = {
    {.name = "js/main.0f4a1b2c.js",
     .type = "js",
     .size_bytes = 3000,
     .gzip_bytes = 1000,
     .brotli_bytes = 900},
    {.name = "main.css",
     .type = "css",
     .size_bytes = 30,
     .gzip_bytes = SD_UNKNOWN,
     .brotli_bytes = SD_UNKNOWN},
};
static const struct sd_bundle_route ROUTES[] = {{.name = "main", .assets = SD_INTS(0, 1)}};

static void check_report(const struct budget_file *f, struct check_list *l)
{
    const struct sd_page_report r = {.path = "a.json",
                                     .final_url = "https://shop.example/orders?page=2",
                                     .audits = SD_TEXTS("interactive", "resource-summary"),
                                     .audit_scores = SD_REALS(0.5, NAN),
                                     .audit_values = SD_REALS(3000, NAN),
                                     .resources = SD_TEXTS("script"),
                                     .resource_bytes = SD_INTS(5000)};
    const struct sd_page_report *const reports[] = {&r, &r};
    struct sd_error err = {""};
    if (!assertions_check(&f->assertions, reports, 2, l, &err) && !err.text[0])
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bundle_build b = {
        .head = &HEAD, .assets = ASSETS, .n_assets = 2, .routes = ROUTES, .n_routes = 1};
    const struct budget_rules rules = {.tolerance = BUDGET_TOLERANCE, .below = "dist/"};
    struct budget_file f;
    struct check_list l;
    struct sd_error err = {""};
    if (!size)
        return 0;
    check_list_init(&l);
    bool read = budget_file_read(&f, NAMES[data[0] % (sizeof NAMES / sizeof *NAMES)], (const char *)data + 1,
                                 size - 1, &err);
    if (!read && !err.text[0])
        abort();
    if (read) {
        size_budgets_check(f.budgets, f.n_budgets, &b, &rules, &l);
        check_report(&f, &l);
    }
    check_list_sort(&l);
    for (size_t i = 0; i < l.n; i++)
        if (!l.items[i].name || !l.items[i].message || !*l.items[i].message)
            abort();
    check_list_free(&l);
    budget_file_free(&f);
    return 0;
}
