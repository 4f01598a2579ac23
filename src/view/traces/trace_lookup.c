#include "view/traces/trace_lookup.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct trace_entry *trace_entries(const struct model *m, struct span span, size_t *n)
{
    struct trace_entry *e = mem_array(ENTRIES_MOST, sizeof *e);
    *n = model_traces(m, span, e, ENTRIES_MOST);
    return e;
}

static char *lower(const char *id)
{
    char *s = mem_strdup(id);
    for (char *p = s; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return s;
}

static const struct trace *begins(const struct model *m, const char *id, size_t *several)
{
    size_t n, len = strlen(id);
    struct trace_entry *e = trace_entries(m, SPAN_ALL, &n);
    const char *found = NULL;
    for (size_t i = 0; i < n && len; i++)
        if (!strncmp(e[i].id, id, len)) {
            found = e[i].id;
            ++*several;
        }
    const struct trace *t = *several == 1 ? model_trace(m, found) : NULL;
    free(e);
    return t;
}

const struct trace *trace_found(const struct model *m, const char *id, size_t *several)
{
    char *want = lower(id);
    const struct trace *t = model_trace(m, want);
    *several = 0;
    t = t ? t : model_trace(m, id); /* ids need not be hex digits */
    t = t ? t : begins(m, want, several);
    free(want);
    return t;
}

const char *trace_worst(const struct view_ctx *c, struct arena *a)
{
    size_t n;
    struct trace_entry *e = trace_entries(c->model, c->span, &n);
    const struct trace_entry *worst = NULL;
    for (size_t i = 0; i < n; i++) {
        bool failed = e[i].errors > 0, before = worst && worst->errors > 0;
        if (!worst || (failed && !before) || (failed == before && e[i].duration_ns > worst->duration_ns))
            worst = &e[i];
    }
    const char *id = worst ? arena_strdup(a, worst->id) : NULL;
    free(e);
    return id;
}

const char *trace_subject(const struct model *m, size_t i)
{
    enum { OFFERED = 100 };
    static struct trace_entry e[OFFERED];
    size_t n = i < OFFERED ? model_traces(m, SPAN_ALL, e, OFFERED) : 0;
    return i < n ? e[i].id : NULL;
}

const char *trace_finder(const struct model *m)
{
    enum { SOURCES_MAX = 64 };
    struct source_info s[SOURCES_MAX];
    size_t n = model_sources(m, INT64_MAX, s, SOURCES_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct sd_status *st = s[i].status;
        if (st && (str_eq(st->kind, "jaeger") || str_eq(st->kind, "tempo")) && st->state != SD_STATE_FAILED &&
            st->state != SD_STATE_OFF)
            return s[i].origin;
    }
    return NULL;
}

struct sd_job_find_traces trace_wanted(const char *id)
{
    return (struct sd_job_find_traces){.trace_id = id,
                                       .from = SD_UNKNOWN,
                                       .to = SD_UNKNOWN,
                                       .longer_than_ns = SD_UNKNOWN,
                                       .limit = SD_UNKNOWN};
}
