#include "core/loads/load_plan.h"

struct load_plan load_plan_of(const struct load_scenario *s, int64_t wall_ns,
                              struct load_search_result *search, struct load_limits_result *limits)
{
    if (s->kind == LOAD_SEARCH)
        return load_plan_search(s, search);
    if (s->kind == LOAD_LIMITS)
        return load_plan_limits(s, wall_ns, limits);
    return s->model == LOAD_CLOSED ? load_plan_closed(s) : load_plan_open(s);
}

void load_plan_free(struct load_plan *p)
{
    if (p->free)
        p->free(p->driver.ctx);
    *p = (struct load_plan){0};
}
