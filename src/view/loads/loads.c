/* Load tests: those that run, and the results of those that have ended. */
#include "view/loads/loads.h"

#include "view/result_list.h"
#include "view/shared/common.h"

#define GROUP "loads"
#define NONE                                                                                                 \
    "No load test has run yet. slowdive load profile access.log -o s.yaml writes a scenario of what a log "  \
    "asks "                                                                                                  \
    "for; slowdive load run s.yaml runs it."

static const char *subject(const struct model *m, size_t i)
{
    return result_subject(m, GROUP, i);
}

static struct doc *build_list(const struct view_ctx *c)
{
    struct doc *d = doc_new("loads", "Load tests");
    common_envelope(d, c, common_span(c));
    struct section *s = result_table(d, c, GROUP, "load-test");
    s->empty = NONE;
    return d;
}

static struct doc *build_one(const struct view_ctx *c)
{
    return result_view(c, "load-test", GROUP, NONE);
}

const struct view loads_view = {
    .name = "loads",
    .place = PLACE_LOAD,
    .title = "Load tests",
    .summary = "load tests that run, and the results of those that have ended, the newest first",
    .needs = SD_KIND_BIT(SD_DOCUMENT) | SD_KIND_BIT(SD_LOAD),
    .made_of = SD_KIND_BIT(SD_DOCUMENT) | SD_KIND_BIT(SD_LOAD),
    .lists = "load test",
    .thing = "name",
    .build = build_list,
    .columns = RESULT_LIST_COLUMNS,
    .n_columns = RESULT_N,
};

const struct view load_test_view = {
    .name = "load-test",
    .place = PLACE_LOAD,
    .title = "Load test",
    .summary = "one load test: rate, percentiles, errors and what broke first; while it runs, as it goes",
    .about = "load test",
    .subject = subject,
    .needs = SD_KIND_BIT(SD_DOCUMENT) | SD_KIND_BIT(SD_LOAD),
    .build = build_one,
    .columns = RESULT_LIST_COLUMNS,
    .n_columns = RESULT_N,
};
