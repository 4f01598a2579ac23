#include "core/plans/figures.h"

static const char *unit_figure(struct arena *a, enum unit u, double v)
{
    char buf[UNIT_TEXT_MAX];
    return arena_strdup(a, unit_format(u, v, buf));
}

const char *figure_count(struct arena *a, double v)
{
    return unit_figure(a, UNIT_COUNT, v);
}

const char *figure_bytes(struct arena *a, double v)
{
    return unit_figure(a, UNIT_BYTES, v);
}

const char *figure_time(struct arena *a, double ns)
{
    return unit_figure(a, UNIT_NS, ns);
}

const char *figure_share(struct arena *a, double share)
{
    return share < 1 && share >= 0.9995 ? ">99.9 %" : unit_figure(a, UNIT_SHARE, share);
}

enum severity severity_of(double measure, double info, double warn, double bad)
{
    return measure >= bad    ? SEVERITY_BAD
           : measure >= warn ? SEVERITY_WARN
           : measure >= info ? SEVERITY_INFO
                             : SEVERITY_NONE;
}

struct saving saving_time(const struct plan *p, double ns)
{
    if (ns > p->elapsed_ns) /* a sum over processes */
        ns = p->elapsed_ns;
    return (struct saving){
        .ns = ns, .share = p->elapsed_ns > 0 ? MIN(1, ns / p->elapsed_ns) : NAN, .cost = NAN};
}
