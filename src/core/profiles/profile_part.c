#include "core/profiles/profile_part.h"

#include <stdlib.h>
#include <strings.h>

#include "base/num.h"

void profile_parts_free(struct profile_parts *x)
{
    if (!x)
        return;
    free(x->items);
    free(x->of);
    free(x->values);
    free(x->slots);
    free(x->of_slots);
    free(x);
}

size_t profile_parts_bytes(const struct profile *p)
{
    const struct profile_parts *x = p->parts;
    return x ? sizeof *x + x->cap * sizeof *x->items +
                   x->cap_of * (sizeof *x->of + p->max_types * sizeof(double)) +
                   (x->n_slots + x->n_of_slots) * sizeof *x->slots
             : 0;
}

static struct profile_parts *parts_of(struct profile *p)
{
    if (!p->parts)
        p->parts = mem_alloc(sizeof *p->parts);
    return p->parts;
}

/* ---- parts ---- */

static size_t hash_part(const char *key, size_t key_len, const char *value, size_t len)
{
    uint64_t h = str_hash(key, key_len) * 31 + str_hash(value, len);
    return (size_t)(h ^ h >> 32);
}

static void parts_rehash(struct profile_parts *x)
{
    x->n_slots = x->n_slots ? x->n_slots * 2 : 64;
    free(x->slots);
    x->slots = mem_array(x->n_slots, sizeof *x->slots);
    for (size_t i = 0; i < x->n; i++) {
        const struct profile_part *a = &x->items[i];
        size_t at = hash_part(a->key, strlen(a->key), a->value, strlen(a->value)) & (x->n_slots - 1);
        while (x->slots[at])
            at = (at + 1) & (x->n_slots - 1);
        x->slots[at] = (uint32_t)i + 1;
    }
}

static bool is_text(const char *text, const char *s, size_t len)
{
    return strncmp(text, s, len) == 0 && !text[len];
}

/* The name as it is kept; NULL: there are too many. */
static const char *key_of(struct profile *p, const char *key, size_t len)
{
    struct profile_parts *x = p->parts;
    for (size_t i = 0; i < x->n_keys; i++)
        if (is_text(x->keys[i], key, len))
            return x->keys[i];
    if (x->n_keys == PROFILE_PART_KEYS)
        return NULL;
    return x->keys[x->n_keys++] = arena_strndup(p->arena, key, len);
}

uint32_t profile_part(struct profile *p, const char *key, size_t key_len, const char *value, size_t len)
{
    key_len = strnlen(key, MIN(key_len, (size_t)PROFILE_PART_TEXT));
    len = strnlen(value, MIN(len, (size_t)PROFILE_PART_TEXT));
    if (!key_len || !len)
        return PROFILE_NO_PART;
    struct profile_parts *x = parts_of(p);
    if (x->n * 2 >= x->n_slots)
        parts_rehash(x);
    size_t at = hash_part(key, key_len, value, len) & (x->n_slots - 1);
    for (uint32_t i; (i = x->slots[at]); at = (at + 1) & (x->n_slots - 1))
        if (is_text(x->items[i - 1].key, key, key_len) && is_text(x->items[i - 1].value, value, len))
            return i - 1;
    const char *kept = key_of(p, key, key_len);
    if (!kept || x->n >= PROFILE_PARTS_MAX || p->text_bytes > PROFILE_TEXT_MAX) {
        x->full = true;
        return PROFILE_NO_PART;
    }
    p->text_bytes += key_len + len;
    x->items = x->n == x->cap ? mem_grow(x->items, x->n, &x->cap, sizeof *x->items) : x->items;
    x->items[x->n] = (struct profile_part){.key = kept, .value = arena_strndup(p->arena, value, len)};
    x->slots[at] = (uint32_t)++x->n;
    return (uint32_t)x->n - 1;
}

/* ---- what ends where ---- */

static size_t hash_of(uint32_t part, uint32_t node)
{
    uint64_t h = ((uint64_t)part << 32 | node) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(h ^ h >> 29);
}

static void of_rehash(struct profile_parts *x)
{
    x->n_of_slots = x->n_of_slots ? x->n_of_slots * 2 : 256;
    free(x->of_slots);
    x->of_slots = mem_array(x->n_of_slots, sizeof *x->of_slots);
    for (size_t i = 0; i < x->n_of; i++) {
        size_t at = hash_of(x->of[i].part, x->of[i].node) & (x->n_of_slots - 1);
        while (x->of_slots[at])
            at = (at + 1) & (x->n_of_slots - 1);
        x->of_slots[at] = (uint32_t)i + 1;
    }
}

static struct profile_of *of_add(struct profile *p, uint32_t part, uint32_t node, size_t slot)
{
    struct profile_parts *x = p->parts;
    size_t each = p->max_types * sizeof *x->values;
    if (x->n_of >= PROFILE_PARTS_BYTES / (sizeof *x->of + each + 2 * sizeof *x->of_slots)) {
        x->full = true;
        return NULL;
    }
    if (x->n_of == x->cap_of) {
        size_t was = x->cap_of;
        x->of = mem_grow(x->of, x->n_of, &x->cap_of, sizeof *x->of);
        x->values = mem_realloc(x->values, x->cap_of * each);
        memset((char *)x->values + was * each, 0, (x->cap_of - was) * each);
    }
    x->of[x->n_of] = (struct profile_of){.part = part, .node = node};
    x->of_slots[slot] = (uint32_t)++x->n_of;
    return &x->of[x->n_of - 1];
}

void profile_ends_of(struct profile *p, uint32_t part, uint32_t node, int64_t samples, const double *values)
{
    if (part == PROFILE_NO_PART)
        return;
    struct profile_parts *x = p->parts;
    if (x->n_of * 2 >= x->n_of_slots)
        of_rehash(x);
    size_t at = hash_of(part, node) & (x->n_of_slots - 1);
    struct profile_of *of = NULL;
    for (uint32_t i; !of && (i = x->of_slots[at]); at = (at + 1) & (x->n_of_slots - 1))
        if (x->of[i - 1].part == part && x->of[i - 1].node == node)
            of = &x->of[i - 1];
    if (!of && !(of = of_add(p, part, node, at)))
        return;
    of->samples = add_sat(of->samples, samples);
    for (size_t t = 0; t < p->n_types; t++)
        x->values[p->max_types * (size_t)(of - x->of) + t] += values[t];
}

void profile_is_of(struct profile *p, uint32_t part, int64_t samples, const double *values)
{
    profile_ends_of(p, part, p->ended, samples, values);
}

void profile_parts_copy(const struct profile *from, struct profile *to, const uint32_t *node,
                        const uint8_t *keep)
{
    const struct profile_parts *x = from->parts;
    if (!x)
        return;
    uint32_t *number = mem_array(x->n + 1, sizeof *number); /* in `to` */
    for (size_t i = 0; i < x->n; i++)
        number[i] = profile_part(to, x->items[i].key, strlen(x->items[i].key), x->items[i].value,
                                 strlen(x->items[i].value));
    for (size_t i = 0; i < x->n_of; i++)
        if (!keep || keep[x->of[i].node])
            profile_ends_of(to, number[x->of[i].part], node[x->of[i].node], x->of[i].samples,
                            &x->values[from->max_types * i]);
    free(number);
}

/* ---- names ---- */

static const char *exactly(const struct profile *p, const char *name)
{
    for (size_t i = 0; p->parts && i < p->parts->n_keys; i++)
        if (!strcasecmp(p->parts->keys[i], name))
            return p->parts->keys[i];
    return NULL;
}

static const char *first_of(const struct profile *p, const char *const *names)
{
    const char *key = NULL;
    for (; *names && !key; names++)
        key = exactly(p, *names);
    return key;
}

/* As tracers, Pyroscope, Kubernetes and runtimes call them. */
const char *profile_part_named(const struct profile *p, const char *name)
{
    static const char *const threads[] = {PART_THREAD,   "thread name", "thread_name",
                                          "thread.name", "thread id",   "thread_id",
                                          "thread.id",   "tid",         NULL};
    static const char *const containers[] = {PART_CONTAINER, "container_name", "container.name",
                                             "container_id", "container.id",   "pod",
                                             "k8s.pod.name", "cgroup",         NULL};
    if (!strcasecmp(name, PART_THREAD))
        return first_of(p, threads);
    if (!strcasecmp(name, PART_CONTAINER))
        return first_of(p, containers);
    return exactly(p, name);
}

const char *profile_part_endpoint(const struct profile *p)
{
    static const char *const names[] = {
        "http.route",     "http_route", "route",   "endpoint",  "trace endpoint",
        "trace_endpoint", "controller", "handler", "span_name", "span name",
        "http.target",    "path",       "span_id", "span id",   "local root span id",
        "profile_id",     NULL};
    return first_of(p, names);
}

const char *profile_part_label(const struct profile *p)
{
    const char *key = profile_part_endpoint(p);
    for (size_t i = 0; p->parts && !key && i < p->parts->n_keys; i++)
        if (!str_eq(p->parts->keys[i], PART_THREAD) && !str_eq(p->parts->keys[i], PART_CONTAINER))
            key = p->parts->keys[i];
    return key;
}
