#include "core/profiles/profile_lines.h"

#include <stdlib.h>

void profile_lines_free(struct profile_lines *x)
{
    if (!x)
        return;
    free(x->items);
    free(x->values);
    free(x->slots);
    free(x);
}

size_t profile_lines_bytes(const struct profile *p)
{
    const struct profile_lines *x = p->lines;
    return x ? sizeof *x + x->cap * (sizeof *x->items + 2 * p->max_types * sizeof(double)) +
                   x->n_slots * sizeof *x->slots
             : 0;
}

static size_t hash_of(uint32_t function, int64_t line)
{
    uint64_t h = ((uint64_t)function << 32 ^ (uint64_t)line) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(h ^ h >> 29);
}

static void rehash(struct profile_lines *x)
{
    x->n_slots = x->n_slots ? x->n_slots * 2 : 256;
    free(x->slots);
    x->slots = mem_array(x->n_slots, sizeof *x->slots);
    for (size_t i = 0; i < x->n; i++) {
        size_t at = hash_of(x->items[i].function, x->items[i].line) & (x->n_slots - 1);
        while (x->slots[at])
            at = (at + 1) & (x->n_slots - 1);
        x->slots[at] = (uint32_t)i + 1;
    }
}

uint32_t profile_line(struct profile *p, uint32_t function, int64_t line)
{
    if (line <= 0 || line > INT32_MAX)
        return PROFILE_NO_LINE;
    struct profile_lines *x = p->lines = p->lines ? p->lines : mem_alloc(sizeof *x);
    size_t each = 2 * p->max_types * sizeof *x->values;
    if (x->n * 2 >= x->n_slots)
        rehash(x);
    size_t at = hash_of(function, line) & (x->n_slots - 1);
    for (uint32_t i; (i = x->slots[at]); at = (at + 1) & (x->n_slots - 1))
        if (x->items[i - 1].function == function && x->items[i - 1].line == line)
            return i - 1;
    if (x->n >= PROFILE_LINES_MAX || x->n >= PROFILE_LINES_BYTES / (sizeof *x->items + each)) {
        profile_say(p, "It has more lines of functions than can be kept: some are left out.");
        return PROFILE_NO_LINE;
    }
    if (x->n == x->cap) {
        size_t was = x->cap;
        x->items = mem_grow(x->items, x->n, &x->cap, sizeof *x->items);
        x->values = mem_realloc(x->values, x->cap * each);
        memset((char *)x->values + was * each, 0, (x->cap - was) * each);
    }
    x->items[x->n] = (struct profile_line){.function = function, .line = line};
    x->slots[at] = (uint32_t)++x->n;
    return (uint32_t)x->n - 1;
}

void profile_line_add(struct profile *p, uint32_t line, const double *self, const double *total)
{
    if (line == PROFILE_NO_LINE)
        return;
    double *own = p->lines->values + 2 * p->max_types * line;
    for (size_t t = 0; t < p->n_types; t++) {
        own[t] += self ? self[t] : 0;
        own[p->max_types + t] += total ? total[t] : 0;
    }
}

void profile_stack_lines(struct profile *p, const uint32_t *lines, size_t n, const double *values)
{
    for (size_t i = 0; p->lines && i < n; i++) {
        if (lines[i] == PROFILE_NO_LINE)
            continue;
        struct profile_line *l = &p->lines->items[lines[i]];
        profile_line_add(p, lines[i], i + 1 == n ? values : NULL, l->stack != p->stacks ? values : NULL);
        l->stack = p->stacks;
    }
}

void profile_lines_without_total(struct profile *p)
{
    for (size_t i = 0; p->lines && i < p->lines->n; i++)
        for (size_t t = 0; t < p->max_types; t++)
            p->lines->values[2 * p->max_types * i + p->max_types + t] = NAN;
}
