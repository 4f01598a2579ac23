#include "view/view.h"

#include "view/activity.h"
#include "view/endpoint.h"
#include "view/endpoints.h"
#include "view/overview.h"
#include "view/plan.h"
#include "view/queries.h"
#include "view/query.h"
#include "view/sources.h"

const struct view *const VIEWS[] = {
    &overview_view, &endpoints_view, &queries_view, &activity_view, &sources_view,
    &endpoint_view, &query_view,     &plan_view,    NULL,
};

const struct view *view_named(const char *name)
{
    const struct view *found = NULL;
    size_t n = strlen(name), several = 0;
    for (const struct view *const *v = VIEWS; *v; v++) {
        if (!strcmp((*v)->name, name))
            return *v;
        if (n && !strncmp((*v)->name, name, n)) {
            found = *v;
            several++;
        }
    }
    return several == 1 ? found : NULL;
}
