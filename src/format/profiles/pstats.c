/* pstats.c - the statistics of Python's cProfile, as `python -m cProfile -o FILE` writes them: a dictionary
 * in marshal's format, of functions (file, line, name) with (calls without recursion, calls, own time, time
 * with all it calls, callers). */
#include "format/profiles/profile_file.h"

#include <math.h>
#include <stdlib.h>

enum {
    OBJECTS_MAX = 12 << 20,
    NESTED_MAX = 8, /* five are needed */
    FLAG_REF = 0x80,
};

/* A value. Tuples and dictionaries have their items behind them, linked. */
struct object {
    char type;  /* 's' text, 'i' number, '(' tuple, '{' dictionary (key, value, ...), 'N' something else */
    uint32_t n; /* bytes or items */
    uint32_t first; /* item; 0: none */
    uint32_t next;  /* of the same list; 0: the last */
    union {
        const char *text;
        double number;
    };
};

struct pstats {
    struct profile *p;
    const unsigned char *at, *end;
    struct object *objects; /* 0 is none */
    uint32_t *refs, *interned;
    size_t n, cap, n_refs, cap_refs, n_interned, cap_interned;
    const char *problem;
};

static uint32_t refuse(struct pstats *x, const char *problem)
{
    x->problem = x->problem ? x->problem : problem;
    x->at = x->end;
    return 0;
}

static const char BROKEN[] = "it is cut or broken, or no statistics of cProfile";

/* ---- marshal ---- */

static uint64_t little(struct pstats *x, size_t bytes)
{
    uint64_t v = 0;
    if ((size_t)(x->end - x->at) < bytes)
        return refuse(x, BROKEN);
    for (size_t i = 0; i < bytes; i++)
        v |= (uint64_t)x->at[i] << (8 * i);
    x->at += bytes;
    return v;
}

static uint32_t add(struct pstats *x, struct object o)
{
    if (x->n == OBJECTS_MAX)
        return refuse(x, "it has more than 12,582,912 values");
    x->objects = x->n == x->cap ? mem_grow(x->objects, x->n, &x->cap, sizeof *x->objects) : x->objects;
    x->objects[x->n] = o;
    return (uint32_t)x->n++;
}

static void keep(uint32_t **list, size_t *n, size_t *cap, uint32_t object)
{
    *list = *n == *cap ? mem_grow(*list, *n, cap, sizeof **list) : *list;
    (*list)[(*n)++] = object;
}

static uint32_t add_text(struct pstats *x, size_t bytes_of_length)
{
    uint64_t len = little(x, bytes_of_length);
    if (len > (uint64_t)(x->end - x->at))
        return refuse(x, BROKEN);
    const char *text = (const char *)x->at;
    x->at += len;
    return add(x, (struct object){.type = 's', .n = (uint32_t)len, .text = text});
}

/* Digits of 15 bits; their number is negative when it is. */
static uint32_t add_long(struct pstats *x)
{
    int32_t n = (int32_t)(uint32_t)little(x, 4);
    double v = 0, scale = 1;
    for (int64_t i = 0; i < llabs((long long)n) && x->at < x->end; i++, scale *= 32768)
        v += (double)little(x, 2) * scale;
    return add(x, (struct object){.type = 'i', .number = n < 0 ? -v : v});
}

static uint32_t add_real(struct pstats *x)
{
    uint64_t bits = little(x, 8);
    double v;
    memcpy(&v, &bits, sizeof v);
    return add(x, (struct object){.type = 'i', .number = v});
}

/* A number as text, of old versions. */
static uint32_t add_written(struct pstats *x)
{
    char text[64];
    uint64_t len = little(x, 1);
    if (len >= sizeof text || len > (uint64_t)(x->end - x->at))
        return refuse(x, BROKEN);
    memcpy(text, x->at, len);
    text[len] = 0;
    x->at += len;
    return add(x, (struct object){.type = 'i', .number = strtod(text, NULL)});
}

static uint32_t add_known(struct pstats *x, const uint32_t *list, size_t n)
{
    uint64_t i = little(x, 4);
    if (i >= n || !list[i])
        return refuse(x, BROKEN);
    struct object o = x->objects[list[i]];
    o.next = 0;
    return add(x, o);
}

static uint32_t value(struct pstats *x, unsigned nested);

/* The items of a list; `n` UINT32_MAX: up to the mark of its end. */
static void items(struct pstats *x, uint32_t list, uint32_t n, unsigned nested)
{
    uint32_t last = 0, i = 0;
    for (; i < n && !x->problem; i++) {
        if (x->at < x->end && (*x->at & ~FLAG_REF) == '0' && n == UINT32_MAX) {
            x->at++;
            break;
        }
        uint32_t item = value(x, nested + 1);
        if (!item)
            return;
        if (last)
            x->objects[last].next = item;
        else
            x->objects[list].first = item;
        last = item;
    }
    x->objects[list].n = i;
}

/* Its place in the list of values to refer to is before that of its items. */
static uint32_t add_list(struct pstats *x, char type, uint32_t n, bool flagged, unsigned nested)
{
    uint32_t list = add(x, (struct object){.type = type});
    if (!list || nested > NESTED_MAX)
        return refuse(x, BROKEN);
    if (flagged)
        keep(&x->refs, &x->n_refs, &x->cap_refs, list);
    items(x, list, n, nested);
    return x->problem ? 0 : list;
}

static uint32_t simple(struct pstats *x, char type)
{
    switch (type) {
    case 'i':
        return add(x, (struct object){.type = 'i', .number = (int32_t)(uint32_t)little(x, 4)});
    case 'I':
        return add(x, (struct object){.type = 'i', .number = (double)(int64_t)little(x, 8)});
    case 'l':
        return add_long(x);
    case 'g':
        return add_real(x);
    case 'f':
        return add_written(x);
    case 'z':
    case 'Z':
        return add_text(x, 1);
    case 's':
    case 'u':
    case 't':
    case 'a':
    case 'A':
        return add_text(x, 4);
    case 'N':
    case 'T':
    case 'F':
        return add(x, (struct object){.type = 'N'});
    default:
        return refuse(x, BROKEN);
    }
}

static uint32_t value(struct pstats *x, unsigned nested)
{
    unsigned code = (unsigned)little(x, 1);
    bool flagged = code & FLAG_REF;
    char type = (char)(code & ~(unsigned)FLAG_REF);
    if (x->problem)
        return 0;
    if (type == '(' || type == ')') {
        uint64_t n = little(x, type == '(' ? 4 : 1);
        return n < UINT32_MAX ? add_list(x, '(', (uint32_t)n, flagged, nested) : refuse(x, BROKEN);
    }
    if (type == '{')
        return add_list(x, '{', UINT32_MAX, flagged, nested);
    if (type == 'r')
        return add_known(x, x->refs, x->n_refs);
    if (type == 'R')
        return add_known(x, x->interned, x->n_interned);
    uint32_t o = simple(x, type);
    if (o && flagged)
        keep(&x->refs, &x->n_refs, &x->cap_refs, o);
    if (o && type == 't' && !flagged) /* of Python 2, which has a list of its own */
        keep(&x->interned, &x->n_interned, &x->cap_interned, o);
    return o;
}

/* ---- functions ---- */

struct entry {
    const struct object *file, *line, *name, *calls, *self, *total;
};

static const struct object *item(const struct pstats *x, const struct object *list, size_t i)
{
    uint32_t at = list->first;
    while (at && i--)
        at = x->objects[at].next;
    return at ? &x->objects[at] : &x->objects[0];
}

/* False: the key or the value is not what cProfile writes. */
static bool entry_of(const struct pstats *x, const struct object *key, const struct object *v,
                     struct entry *e)
{
    *e = (struct entry){item(x, key, 0), item(x, key, 1), item(x, key, 2),
                        item(x, v, 1),   item(x, v, 2),   item(x, v, 3)};
    return key->type == '(' && v->type == '(' && e->file->type == 's' && e->name->type == 's' &&
           e->line->type == 'i' && e->calls->type == 'i' && e->self->type == 'i' && e->total->type == 'i' &&
           isfinite(e->self->number) && isfinite(e->total->number) && isfinite(e->calls->number);
}

/* The function by its name and file; with its line when another one of the file is called so. */
static uint32_t function_of(struct pstats *x, const struct entry *e, bool with_line)
{
    bool built_in = !e->file->n || (e->file->n == 1 && *e->file->text == '~');
    char *text = with_line && !built_in
                     ? mem_printf("%.*s:%.0f", (int)MIN(e->name->n, 900u), e->name->text, e->line->number)
                     : mem_strndup(e->name->text, e->name->n);
    uint32_t f = profile_function(x->p, text, strlen(text), built_in ? NULL : e->file->text, e->file->n,
                                  built_in ? "native" : "interpreted");
    free(text);
    return f;
}

struct first_line {
    double line;
    bool several;
};

static bool add_functions(struct pstats *x, const struct object *all)
{
    struct first_line *lines = NULL;
    size_t cap = 0;
    struct entry e;
    /* Which names stand for several functions of a file? */
    struct profile *names = profile_new("names", 1);
    struct profile *own = x->p;
    x->p = names;
    for (uint32_t at = all->first, v; at && !names->full; at = x->objects[v].next) {
        v = x->objects[at].next;
        if (!v || !entry_of(x, &x->objects[at], &x->objects[v], &e)) {
            refuse(x, BROKEN);
            break;
        }
        size_t before = names->n;
        uint32_t f = function_of(x, &e, false);
        if (f >= cap)
            lines = mem_grow(lines, f, &cap, sizeof *lines);
        if (names->n > before)
            lines[f] = (struct first_line){.line = e.line->number};
        lines[f].several |= lines[f].line < e.line->number || lines[f].line > e.line->number;
    }
    x->p = own;
    for (uint32_t at = all->first, v; at && !x->problem && !names->full && !own->full;
         at = x->objects[v].next) {
        v = x->objects[at].next;
        entry_of(x, &x->objects[at], &x->objects[v], &e);
        x->p = names;
        bool several = lines[function_of(x, &e, false)].several;
        x->p = own;
        double calls = e.calls->number, self[2] = {calls, e.self->number * 1e9};
        double total[2] = {calls, e.total->number * 1e9};
        profile_add(own, function_of(x, &e, several), SD_UNKNOWN, SD_UNKNOWN, self, total);
        own->sums[0] += self[0];
        own->sums[1] += self[1];
    }
    own->full = own->full ? own->full : names->full;
    free(lines);
    profile_free(names);
    return !x->problem && !own->full;
}

struct profile *pstats_read(const void *bytes, size_t len, struct sd_error *err)
{
    const unsigned char *at = bytes;
    struct pstats x = {.p = profile_new("cProfile", 2), .at = at, .end = at + len};
    x.p->samples = SD_UNKNOWN;
    profile_type(x.p, "calls", "count");
    x.p->chosen = profile_type(x.p, "time", "ns");
    add(&x, (struct object){.type = 'N'}); /* number 0 */
    uint32_t top = value(&x, 0);
    if (!x.problem && (x.objects[top].type != '{' || !x.objects[top].first))
        refuse(&x, BROKEN);
    if (!x.problem)
        add_functions(&x, &x.objects[top]);
    free(x.objects);
    free(x.refs);
    free(x.interned);
    return profile_read_end(x.p, x.problem, err);
}

/* A dictionary whose first key is a tuple of three, a text first. */
bool pstats_like(const void *head, size_t len)
{
    const unsigned char *b = head;
    if (len < 12 || (b[0] & 0x7f) != '{')
        return false;
    static const unsigned char three[] = {3, 0, 0, 0};
    size_t at = (b[1] & 0x7f) == ')' && b[2] == 3                             ? 3
                : (b[1] & 0x7f) == '(' && !memcmp(b + 2, three, sizeof three) ? 6
                                                                              : 0;
    return at && memchr("zZsutaA", b[at] & 0x7f, 7);
}
