#include "core/loads/tool_result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

void load_result_init(struct load_result *r)
{
    *r = (struct load_result){.values = LOAD_VALUES_PERCENTILES,
                              .resolution_ns = SD_UNKNOWN,
                              .duration_ns = SD_UNKNOWN,
                              .rate_per_s = (double)NAN,
                              .bytes_received = SD_UNKNOWN,
                              .requests = SD_UNKNOWN,
                              .failed = SD_UNKNOWN,
                              .latency = LOAD_BLOCK_UNKNOWN,
                              .ok = LOAD_BLOCK_UNKNOWN,
                              .arena = arena_new()};
}

void load_result_free(struct load_result *r)
{
    load_samples_free(&r->samples);
    free(r->statuses);
    free(r->rows);
    free(r->notes);
    arena_free(r->arena);
    *r = (struct load_result){0};
}

void load_result_note(struct load_result *r, const char *fmt, ...)
{
    struct strbuf text = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&text, fmt, ap);
    va_end(ap);
    for (size_t i = 0; i < r->n_notes; i++)
        if (str_eq(r->notes[i], strbuf_text(&text))) {
            strbuf_free(&text);
            return;
        }
    r->notes = mem_grow(r->notes, r->n_notes, &r->cap_notes, sizeof *r->notes);
    r->notes[r->n_notes++] = arena_strdup(r->arena, strbuf_text(&text));
    strbuf_free(&text);
}

void load_result_status(struct load_result *r, const char *status, int64_t count)
{
    if (!sd_known(count) || count <= 0)
        return;
    for (size_t i = 0; i < r->n_statuses; i++)
        if (str_eq(r->statuses[i].status, status)) {
            r->statuses[i].count = add_sat(r->statuses[i].count, count);
            return;
        }
    r->statuses = mem_grow(r->statuses, r->n_statuses, &r->cap_statuses, sizeof *r->statuses);
    struct load_status_count *s = &r->statuses[r->n_statuses++];
    *s = (struct load_status_count){.count = count};
    memcpy(s->status, status, strnlen(status, sizeof s->status - 1));
}

struct tool_row *load_result_row(struct load_result *r, const char *name, size_t n)
{
    if (r->n_rows >= LOAD_NAMES_MAX)
        return NULL;
    r->rows = mem_grow(r->rows, r->n_rows, &r->cap_rows, sizeof *r->rows);
    struct tool_row *row = &r->rows[r->n_rows++];
    *row = (struct tool_row){.name = arena_strndup(r->arena, name, MIN(n, (size_t)LOAD_NAME_BYTES_MAX)),
                             .requests = SD_UNKNOWN,
                             .failed = SD_UNKNOWN,
                             .latency = LOAD_BLOCK_UNKNOWN};
    return row;
}
