#include "app/load_baseline.h"

#include "app/load_report.h"
#include "core/loads/amounts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a run may be slower by before it matters. */
#define TOLERANCE 0.1

/* The same requests that are measured of this run: a schedule's warm-up is at its beginning. Files of other
 * tools, whose times are moments, have none that is known. */
static void copy_measured(const struct load_sample_set *from, int64_t warmup_ns, struct load_sample_set *to)
{
    for (size_t i = 0; i < from->n; i++) {
        const char *name = from->names.names[from->name[i]];
        struct load_sample one = {.name = name,
                                  .name_len = strlen(name),
                                  .start_ns = from->start_ns[i],
                                  .latency_ns = from->latency_ns[i],
                                  .status = from->status[i],
                                  .failed = from->failed[i],
                                  .bytes = SD_UNKNOWN};
        if (from->absolute || !sd_known(one.start_ns) || one.start_ns >= warmup_ns)
            load_samples_add(to, &one);
    }
    to->absolute = from->absolute;
}

static char *beside(const struct load_scenario *s, const char *path)
{
    const char *slash = strrchr(s->file, '/');
    if (*path == '/' || !slash || !strcmp(path, "-"))
        return mem_strdup(path);
    char *there = mem_printf("%.*s/%s", (int)(slash - s->file), s->file, path);
    if (access(there, R_OK) == 0)
        return there;
    free(there);
    return mem_strdup(path);
}

bool load_baseline_open(struct load_baseline *b, const struct load_scenario *s, const char *path,
                        const char *tolerance, struct sd_error *err)
{
    struct load_result result = {0};
    *b = (struct load_baseline){.rules = {.confidence = 0.95, .tolerance = TOLERANCE}};
    if (tolerance && !path)
        return fail(err, "--tolerance needs --baseline");
    if (!path)
        return true;
    if (tolerance && !amount_share(tolerance, &b->rules.tolerance, err))
        return false;
    char *file = beside(s, path);
    bool ok = load_file_read(file, NULL, &result, err);
    if (ok && result.values == LOAD_VALUES_PERCENTILES)
        ok =
            fail(err, "%s has only the percentiles of %s; a baseline needs every request", file, result.tool);
    if (ok)
        copy_measured(&result.samples, s->warmup_ns, &b->base);
    b->wanted = ok;
    load_result_free(&result);
    free(file);
    return ok;
}

void load_baseline_add(struct load_baseline *b, const struct load_scenario *s, const struct load_outcome *o)
{
    if (!b->wanted || !(o->order.tag & LOAD_TAG_MEASURED))
        return;
    const char *name = s->requests[o->order.request].name;
    bool answered = o->failure == LOAD_NONE || o->failure == LOAD_STATUS;
    struct load_sample one = {.name = name,
                              .name_len = strlen(name),
                              .start_ns = o->order.intended_ns,
                              .latency_ns = o->done_ns - o->order.intended_ns,
                              .status = answered ? o->status : LOAD_NO_ANSWER,
                              .failed = load_failure_of(s, o) != LOAD_NONE,
                              .bytes = o->bytes};
    load_samples_add(&b->run, &one);
}

void load_baseline_compare(struct load_baseline *b, struct load_run *r)
{
    const struct load_sample_set *base = &b->base, *run = &b->run;
    struct load_comparison c;
    struct sd_error ignored; /* there is nothing to compare: the document says null */
    if (!b->wanted || r->verdict == LOAD_VERDICT_STOPPED ||
        !load_compare(&base, 1, &run, 1, &b->rules, &c, &ignored))
        return;
    load_run_compared(r, load_compare_document(&c), c.verdict == LOAD_COMPARE_SLOWER);
    load_comparison_free(&c);
}

void load_baseline_free(struct load_baseline *b)
{
    load_samples_free(&b->base);
    load_samples_free(&b->run);
}
