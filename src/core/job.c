/* job.c - the table of jobs: arguments are copied, compared and logged by it. */
#include "core/job.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/units.h"
#include "core/schema.h"

/* What the public list does not say of a job. */
#define ROW_EXPLAIN .title = "EXPLAIN"
#define ROW_ANALYZE                                                                                          \
    .title = "EXPLAIN ANALYZE", .confirm = true, .waits = true, .done = "Executed",                          \
    .result = "the plan is the executed one"
#define ROW_CANCEL      .title = "Cancel", .confirm = true
#define ROW_TERMINATE   .title = "Terminate", .confirm = true
#define ROW_MAY_ANALYZE .title = "EXPLAIN ANALYZE"
#define ROW_ADVISE                                                                                           \
    .title = "The search for indexes", .waits = true, .done = "Searched",                                    \
    .result = "the indexes to create are listed"
#define ROW_BLOAT                                                                                            \
    .title = "The estimate of bloat", .waits = true, .done = "Estimated", .result = "what is unused is listed"
#define ROW_SAMPLE_CACHE                                                                                     \
    .title = "The look into the cache", .confirm = true, .waits = true, .done = "Looked",                    \
    .result = "prefixes and keys are listed"
#define ROW_FIND_TRACES                                                                                      \
    .title = "The search for traces", .waits = true, .done = "Searched", .result = "what was found is listed"
#define ROW_RUN_LOAD                                                                                         \
    .title = "The load test", .confirm = true, .waits = true, .stop_asks = true, .done = "Ran",              \
    .result = "its result is shown"

#define ROW_READ_HISTORY .title = "The reading of the history"

/* One function per job, because offsetof needs the struct's name; as in schema.c. */
#define FIELD_ROW(type_, name_, unit_, help_)                                                                \
    {.name = #name_, .type = SD_FIELD_##type_, .offset = offsetof(args, name_), .unit = unit_, .help = help_},

#define JOB_FUNCTION(number, UPPER, lower, REPLY, help_)                                                     \
    static const struct job *job_##lower(void)                                                               \
    {                                                                                                        \
        typedef struct sd_job_##lower args;                                                                  \
        static const struct sd_field fields[] = {SD_JOB_##UPPER##_FIELDS(FIELD_ROW)};                        \
        static const struct sd_schema schema = {                                                             \
            .name = #lower,                                                                                  \
            .help = help_,                                                                                   \
            .size = sizeof(args),                                                                            \
            .n_fields = ARRAY_LEN(fields),                                                                   \
            .fields = fields,                                                                                \
        };                                                                                                   \
        static const struct job row = {.id = SD_JOB_##UPPER,                                                 \
                                       .name = #lower,                                                       \
                                       .help = help_,                                                        \
                                       .args = &schema,                                                      \
                                       .reply = SD_##REPLY,                                                  \
                                       ROW_##UPPER};                                                         \
        return &row;                                                                                         \
    }
SD_JOBS(JOB_FUNCTION)

const struct job *job_of(enum sd_job id)
{
    switch ((int)id) {
#define JOB_CASE(number, UPPER, lower, REPLY, help)                                                          \
    case SD_JOB_##UPPER:                                                                                     \
        return job_##lower();
        SD_JOBS(JOB_CASE)
    }
    return NULL;
}

const struct job *job_named(const char *name)
{
    for (int id = SD_JOB_NONE + 1; id < SD_JOB_END; id++)
        if (str_eq(job_of((enum sd_job)id)->name, name))
            return job_of((enum sd_job)id);
    return NULL;
}

/* ---- arguments ---- */

static const void *argument(const struct job *j, const void *args, const char *name, enum sd_field_type type)
{
    for (size_t i = 0; i < j->args->n_fields; i++)
        if (j->args->fields[i].type == type && str_eq(j->args->fields[i].name, name))
            return (const char *)args + j->args->fields[i].offset;
    return NULL;
}

static int64_t integer(const struct job *j, const void *args, const char *name)
{
    const int64_t *v = argument(j, args, name, SD_FIELD_INT);
    return v ? *v : SD_UNKNOWN;
}

static const char *text(const struct job *j, const void *args, const char *name)
{
    const char *const *v = argument(j, args, name, SD_FIELD_TEXT);
    return v ? *v : NULL;
}

int64_t job_limit(const struct job *j, const void *args)
{
    return integer(j, args, "limit_ns");
}

char *job_about(const struct job *j, const void *args)
{
    int64_t id = integer(j, args, "query_id"), pid = integer(j, args, "pid");
    const char *database = text(j, args, "database");
    if (sd_known(id))
        return mem_printf("%s%s%lld", database ? database : "", database ? "/" : "", (long long)id);
    return sd_known(pid) ? mem_printf("%lld", (long long)pid) : mem_strdup(database);
}

void job_log(const struct job *j, const void *args, struct strbuf *out)
{
    char buf[MAX(CLOCK_TEXT_MAX, UNIT_TEXT_MAX)];
    strbuf_str(out, j->title);
    for (size_t i = 0; i < j->args->n_fields; i++) {
        const struct sd_field *f = &j->args->fields[i];
        const void *at = (const char *)args + f->offset;
        if (f->type == SD_FIELD_TEXT && *(const char *const *)at && !str_eq(f->unit, "sql"))
            strbuf_printf(out, ", %s %s", f->name, *(const char *const *)at);
        if (f->type != SD_FIELD_INT || !sd_known(*(const int64_t *)at))
            continue;
        int64_t v = *(const int64_t *)at;
        if (str_eq(f->unit, "time"))
            strbuf_printf(out, ", %s %s", f->name, v > 0 ? clock_rfc3339(v, buf) : "any");
        else if (str_eq(f->unit, "ns"))
            strbuf_printf(out, ", %s %s", str_eq(f->name, "limit_ns") ? "at most" : "longer than",
                          unit_format_int(UNIT_NS, v, buf));
        else
            strbuf_printf(out, ", %s %lld", f->name, (long long)v);
    }
}

/* ---- copies ---- */

/* The request, and behind it its arguments; aligned for both. */
enum { HEAD = (sizeof(struct sd_request) + 15) / 16 * 16 };

static struct sd_request *fill_copy(char *piece, const struct sd_request *r, const struct sd_schema *sc)
{
    struct sd_request *copy = (struct sd_request *)(void *)piece;
    *copy = (struct sd_request){.job = r->job, .args = schema_copy(sc, r->args, piece + HEAD)};
    return copy;
}

struct sd_request *job_copy(const struct sd_request *r)
{
    const struct job *j = job_of(r->job);
    return j ? fill_copy(mem_alloc(HEAD + schema_need(j->args, r->args)), r, j->args) : NULL;
}

struct sd_request *job_copy_in(struct arena *a, const struct sd_request *r)
{
    const struct job *j = job_of(r->job);
    return j ? fill_copy(arena_alloc(a, HEAD + schema_need(j->args, r->args)), r, j->args) : NULL;
}

bool job_same(const struct sd_request *a, const struct sd_request *b)
{
    const struct job *j = job_of(a->job);
    return a->job == b->job && j && schema_same(j->args, a->args, b->args);
}
