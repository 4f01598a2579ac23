#include "core/profiles/profile.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/num.h"
#include "core/profiles/profile_lines.h"
#include "core/profiles/profile_part.h"

struct profile *profile_new(const char *format, size_t max_types)
{
    struct profile *p = mem_alloc(sizeof *p);
    p->arena = arena_new();
    p->format = format;
    p->max_types = MIN(max_types, (size_t)PROFILE_TYPES_MAX);
    p->tree_max = PROFILE_TREE_MAX;
    p->least_slots = 1024;
    p->at = p->duration_ns = p->lost = SD_UNKNOWN;
    p->truncated_share = NAN;
    return p;
}

void profile_free(struct profile *p)
{
    if (!p || p->shared-- > 0)
        return;
    profile_parts_free(p->parts);
    profile_lines_free(p->lines);
    arena_free(p->arena);
    free(p->functions);
    free(p->values);
    free(p->slots);
    free(p->nodes);
    free(p->node_self);
    free(p->node_samples);
    free(p->node_total);
    free(p->node_cut);
    free(p->node_cut_n);
    free(p->node_slots);
    free(p->path);
    free(p->holders);
    free(p);
}

void profile_bound(struct profile *p, size_t len)
{
    p->tree_max = MIN(MAX(len / 4 * 3, (size_t)24 << 20), (size_t)PROFILE_TREE_MAX);
    while (p->least_slots < len / 32 && p->least_slots < (size_t)4 << 20)
        p->least_slots *= 2;
}

struct profile *profile_share(struct profile *p)
{
    if (p)
        p->shared++;
    return p;
}

static const char *one_of(const char *const *texts, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(texts[i], text))
            return texts[i];
    return NULL;
}

const char *profile_kind(const char *text)
{
    static const char *const kinds[] = {"kernel", "native",  "jit",   "interpreted", "gc",       "allocator",
                                        "lock",   "process", "label", "thread",      "container"};
    return one_of(kinds, ARRAY_LEN(kinds), text);
}

const char *profile_unit(const char *text)
{
    static const char *const units[] = {"ns", "bytes", "count"};
    const char *unit = one_of(units, ARRAY_LEN(units), text);
    return unit ? unit : "count";
}

size_t profile_type(struct profile *p, const char *name, const char *unit)
{
    for (size_t i = 0; i < p->n_types; i++)
        if (str_eq(p->types[i], name))
            return i;
    if (p->n_types == p->max_types)
        return p->max_types;
    p->types[p->n_types] = arena_strdup(p->arena, name);
    p->units[p->n_types] = unit;
    return p->n_types++;
}

void profile_say(struct profile *p, const char *note)
{
    for (size_t i = 0; i < p->n_notes; i++)
        if (str_eq(p->notes[i], note))
            return;
    if (p->n_notes < ARRAY_LEN(p->notes))
        p->notes[p->n_notes++] = arena_strdup(p->arena, note);
}

static bool text_is(const char *text, const char *s, size_t len)
{
    return text ? strncmp(text, s, len) == 0 && !text[len] : !s;
}

/* Of a wrong one nothing but the slot is looked at: the functions are more than a cache holds. */
static uint64_t slot_of(uint64_t hash, size_t function)
{
    return (hash & UINT64_C(0xffffffff00000000)) | (function + 1);
}

static void rehash(struct profile *p)
{
    p->n_slots = p->n_slots ? p->n_slots * 2 : 1024;
    free(p->slots);
    p->slots = mem_array(p->n_slots, sizeof *p->slots);
    for (size_t i = 0; i < p->n; i++) {
        size_t at = p->functions[i].hash & (p->n_slots - 1);
        while (p->slots[at])
            at = (at + 1) & (p->n_slots - 1);
        p->slots[at] = slot_of(p->functions[i].hash, i);
    }
}

static const char *too_many(struct profile *p, size_t text)
{
    p->text_bytes += text;
    return p->n >= PROFILE_DISTINCT_MAX       ? "more than 1,048,576 functions"
           : p->text_bytes > PROFILE_TEXT_MAX ? "more than 256 MiB of function names"
                                              : NULL;
}

static uint32_t function_add(struct profile *p, uint64_t hash, size_t at)
{
    if (p->n == p->cap) {
        size_t was = p->cap, each = 2 * p->max_types * sizeof *p->values;
        p->functions = mem_grow(p->functions, p->n, &p->cap, sizeof *p->functions);
        p->values = mem_realloc(p->values, p->cap * each);
        memset((char *)p->values + was * each, 0, (p->cap - was) * each);
    }
    p->functions[p->n] = (struct profile_function){.hash = hash};
    p->slots[at] = slot_of(hash, p->n);
    return (uint32_t)p->n++;
}

static uint32_t look_up(struct profile *p, const char *name, size_t len, const char *module,
                        size_t module_len, uint64_t hash, const char *kind)
{
    if (p->n * 2 >= p->n_slots)
        rehash(p);
    size_t at = hash & (p->n_slots - 1);
    for (; p->slots[at]; at = (at + 1) & (p->n_slots - 1)) {
        if ((p->slots[at] ^ hash) >> 32)
            continue;
        const struct profile_function *f = &p->functions[(uint32_t)p->slots[at] - 1];
        if (f->hash == hash && text_is(f->name, name, len) && text_is(f->module, module, module_len))
            return (uint32_t)p->slots[at] - 1;
    }
    const char *full = too_many(p, len + module_len);
    if (full) {
        p->full = full;
        return 0;
    }
    uint32_t i = function_add(p, hash, at);
    p->functions[i].name = arena_strndup(p->arena, name, len);
    p->functions[i].module = module ? arena_strndup(p->arena, module, module_len) : NULL;
    p->functions[i].kind = kind;
    return i;
}

static size_t name_length(const char *name, size_t len)
{
    return strnlen(name, MIN(len, (size_t)PROFILE_NAME_MAX));
}

uint32_t profile_function(struct profile *p, const char *name, size_t len, const char *module,
                          size_t module_len, const char *kind)
{
    len = name_length(name, len);
    module_len = module ? name_length(module, module_len) : 0;
    return look_up(p, name, len, module, module_len,
                   hash_words_from(hash_words(name, len), module, module_len), kind);
}

uint32_t profile_find(const struct profile *p, const char *name, const char *module)
{
    size_t len = name_length(name, strlen(name)),
           module_len = module ? name_length(module, strlen(module)) : 0;
    uint64_t hash = hash_words_from(hash_words(name, len), module, module_len);
    for (size_t at = hash & (p->n_slots - 1); p->n_slots && p->slots[at]; at = (at + 1) & (p->n_slots - 1)) {
        const struct profile_function *f = &p->functions[(uint32_t)p->slots[at] - 1];
        if (f->hash == hash && text_is(f->name, name, len) && text_is(f->module, module, module_len))
            return (uint32_t)p->slots[at] - 1;
    }
    return UINT32_MAX;
}

uint64_t profile_name_hash(const char *name, size_t len)
{
    len = name_length(name, len);
    return hash_words_from(hash_words(name, len), NULL, 0);
}

/* Each step reads what the one before has fetched. */
void profile_fetch(const struct profile *p, uint64_t hash, int step)
{
    if (!p->n_slots)
        return;
    const uint64_t *slot = &p->slots[hash & (p->n_slots - 1)];
    if (step == 0) {
        __builtin_prefetch(slot);
        return;
    }
    if (!*slot || (*slot ^ hash) >> 32)
        return;
    const struct profile_function *f = &p->functions[(uint32_t)*slot - 1];
    if (step == 1) {
        __builtin_prefetch(f);
    } else {
        __builtin_prefetch(f->name);
        __builtin_prefetch(p->values + 2 * p->max_types * ((uint32_t)*slot - 1), 1);
    }
}

uint32_t profile_hashed_function(struct profile *p, const char *name, size_t len, uint64_t hash,
                                 const char *kind)
{
    return look_up(p, name, name_length(name, len), NULL, 0, hash, kind);
}

void profile_add(struct profile *p, uint32_t function, int64_t self_samples, int64_t total_samples,
                 const double *self, const double *total)
{
    struct profile_function *f = &p->functions[function];
    double *own = p->values + 2 * p->max_types * function;
    p->given = true;
    for (size_t t = 0; t < p->n_types; t++) {
        own[t] += self ? self[t] : 0;
        own[p->max_types + t] += total ? total[t] : 0;
    }
    p->counted &= sd_known(self_samples) && sd_known(total_samples);
    f->self_samples = add_sat(f->self_samples, sd_known(self_samples) ? self_samples : 0);
    f->total_samples = add_sat(f->total_samples, sd_known(total_samples) ? total_samples : 0);
}

size_t profile_bytes(const struct profile *p)
{
    size_t types = p->max_types * sizeof(double);
    return sizeof *p + p->text_bytes + p->cap * (sizeof *p->functions + 2 * types + 2) +
           p->n_slots * sizeof *p->slots + p->n_node_slots * sizeof *p->node_slots +
           p->cap_nodes * (sizeof *p->nodes + sizeof *p->node_samples + types * (p->node_cut ? 3 : 2)) +
           profile_parts_bytes(p) + profile_lines_bytes(p);
}

static int by_self(const void *a, const void *b, void *profile)
{
    const struct profile *p = profile;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    double d = fabs(profile_self(p, x, p->chosen)) - fabs(profile_self(p, y, p->chosen));
    if (d > 0 || d < 0)
        return d > 0 ? -1 : 1;
    int names = strcmp(p->functions[x].name, p->functions[y].name);
    return names ? names : x < y ? -1 : x > y;
}

uint32_t *profile_order(const struct profile *p)
{
    uint32_t *order = mem_array(p->n + 1, sizeof *order);
    for (size_t i = 0; i < p->n; i++)
        order[i] = (uint32_t)i;
    qsort_r(order, p->n, sizeof *order, by_self, (void *)p);
    return order;
}
