/* Machines for the overview: what is used up, and what waits for it. */
#include <math.h>
#include <stdlib.h>

#include "view/hosts/resources.h"
#include "view/shared/common.h"
#include "view/shared/linked.h"
#include "view/shared/worst.h"

#define NEVER INFINITY
/* From which share on a figure is marked, and from which on it is grave. Pressure is the share of the time in
 * which at least one task waited for it. X(FIGURE, warn, bad, kind, sentence with the share as %s) */
#define THRESHOLDS(X)                                                                                        \
    X(CPU, 0.90, 0.98, "cpu", "%s of its processors' time is used")                                          \
    X(MEMORY, 0.95, 0.98, "memory", "%s of its memory is in use")                                            \
    X(FILESYSTEM, 0.90, 0.97, "disk", "%s of the filesystem %s is in use")                                   \
    X(PRESSURE_CPU, 0.50, 0.80, "pressure", "in %s of the time a task waited for a processor")               \
    X(PRESSURE_MEMORY, 0.10, 0.30, "pressure", "in %s of the time a task waited for memory")                 \
    X(PRESSURE_IO, 0.30, 0.60, "pressure", "in %s of the time a task waited for a disk")                     \
    X(CGROUP_CPU, 0.90, NEVER, "cpu", "%s of the processor time that its cgroup may use is used")            \
    X(CGROUP_MEMORY, 0.90, 0.97, "memory", "%s of the memory that its cgroup may use is in use")             \
    X(CGROUP_THROTTLED, 0.10, 0.50, "cpu", "its cgroup was stopped in %s of the periods of its quota")

static const struct {
    double warn, bad;
    const char *kind, *why;
} LIMITS[HOST_FIGURES_N] = {
#define LIMIT_ROW(FIGURE, warn_, bad_, kind_, why_)                                                          \
    [HOST_##FIGURE] = {.warn = warn_, .bad = bad_, .kind = kind_, .why = why_},
    THRESHOLDS(LIMIT_ROW)
#undef LIMIT_ROW
};

enum severity resources_severity(enum host_figure f, double value)
{
    if (!LIMITS[f].kind || !(value >= LIMITS[f].warn)) /* false for NAN */
        return SEVERITY_NONE;
    return value >= LIMITS[f].bad ? SEVERITY_BAD : SEVERITY_WARN;
}

enum severity host_severity(const struct host_use *u, enum host_figure f)
{
    enum { SAMPLES_LEAST = 3 };
    bool amount = f == HOST_MEMORY || f == HOST_FILESYSTEM || f == HOST_CGROUP_MEMORY;
    return amount || u->samples >= SAMPLES_LEAST ? resources_severity(f, u->figures[f]) : SEVERITY_NONE;
}

static const char *sentence(struct doc *d, const struct host_use *u, enum host_figure f)
{
    char share[UNIT_TEXT_MAX];
    struct strbuf b = {0};
    unit_format(UNIT_SHARE, u->figures[f], share);
    const char *at = strstr(LIMITS[f].why, "%s"), *rest = at + 2, *mount = strstr(rest, "%s");
    strbuf_add(&b, LIMITS[f].why, (size_t)(at - LIMITS[f].why));
    strbuf_str(&b, share);
    strbuf_add(&b, rest, mount ? (size_t)(mount - rest) : strlen(rest));
    if (mount)
        strbuf_printf(&b, "%s%s", u->fullest, mount + 2);
    const char *text = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}

/* Tasks that wait for a full processor, and a quota that is used up when it stops the cgroup, are one thing.
 */
static bool said_by_another(const struct host_use *u, int f)
{
    return (f == HOST_PRESSURE_CPU && host_severity(u, HOST_CPU) >= SEVERITY_WARN) ||
           (f == HOST_CGROUP_CPU && host_severity(u, HOST_CGROUP_THROTTLED) >= SEVERITY_WARN);
}

static void list_host(struct worst_list *l, const struct host_use *u)
{
    for (int f = 0; f < HOST_FIGURES_N; f++) {
        enum severity s = host_severity(u, (enum host_figure)f);
        if (s < SEVERITY_WARN || said_by_another(u, f))
            continue;
        worst_add(l, (struct worst_item){.what = LIMITS[f].kind,
                                         .severity = s,
                                         .subject = doc_text(l->d, u->host),
                                         .why = sentence(l->d, u, (enum host_figure)f),
                                         .share = u->figures[f],
                                         .dive = {.view = "resources"}});
    }
}

void resources_worst(const struct view_ctx *c, struct worst_list *l)
{
    struct host_use *u = mem_array(HOST_USES_MAX, sizeof *u);
    size_t n = host_uses(c->model, resources_window(c), NULL, u, HOST_USES_MAX);
    for (size_t i = 0; i < n; i++)
        list_host(l, &u[i]);
    free(u);
}

/* The machines whose time the requests, statements and sessions are of. */
void resources_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *l)
{
    static const char *const OF[] = {"endpoint", "query", "session", "function", NULL};
    if (str_eq(what, "host"))
        linked_add(l, (struct linked){.label = "its series",
                                      .n = LINKED_UNCOUNTED,
                                      .view = "metrics",
                                      .filter = linked_filter(l, &name, 1)});
    if (str_find(OF, what) < 0)
        return;
    struct host_use *u = mem_array(HOST_USES_MAX, sizeof *u);
    size_t n = host_uses(c->model, resources_window(c), NULL, u, HOST_USES_MAX);
    linked_add(l, (struct linked){.label = n == 1 ? "machine" : "machines", .n = n, .view = "resources"});
    free(u);
}
