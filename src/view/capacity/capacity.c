/* What was computed about capacity: plans, curves, forecasts, scaling. */
#include "view/capacity/capacity.h"

#include "view/result_list.h"
#include "view/shared/common.h"

#define GROUP "capacity"
#define NONE                                                                                                 \
    "Nothing was computed yet. slowdive estimate:plan.yaml opens a plan, a curve, hops, a series or a "      \
    "trace; "                                                                                                \
    "slowdive capacity --help says what is computed from which file."

static const char *subject(const struct model *m, size_t i)
{
    return result_subject(m, GROUP, i);
}

static struct doc *build_list(const struct view_ctx *c)
{
    struct doc *d = doc_new("capacity", "Capacity");
    common_envelope(d, c, common_span(c));
    struct section *s = result_table(d, c, GROUP, "estimate");
    s->empty = NONE;
    return d;
}

static struct doc *build_one(const struct view_ctx *c)
{
    return result_view(c, "estimate", GROUP, NONE);
}

const struct view capacity_view = {
    .name = "capacity",
    .place = PLACE_LOAD,
    .title = "Capacity",
    .summary = "capacity plans, scalability curves, forecasts and scaling policies, the newest first",
    .needs = SD_KIND_BIT(SD_DOCUMENT),
    .made_of = SD_KIND_BIT(SD_DOCUMENT),
    .lists = "estimate",
    .thing = "name",
    .build = build_list,
    .columns = RESULT_LIST_COLUMNS,
    .n_columns = RESULT_N,
};

const struct view estimate_view = {
    .name = "estimate",
    .place = PLACE_LOAD,
    .title = "Estimate",
    .summary =
        "one plan, curve, forecast or scaling policy, as slowdive capacity, forecast and scale print it",
    .about = "estimate",
    .subject = subject,
    .needs = SD_KIND_BIT(SD_DOCUMENT),
    .made_of = SD_KIND_BIT(SD_DOCUMENT),
    .build = build_one,
    .columns = RESULT_LIST_COLUMNS,
    .n_columns = RESULT_N,
};
