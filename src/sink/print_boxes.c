/* The boxes of a doc for other programs: folded stacks, speedscope, pprof, and a picture in SVG. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include <cjson/cJSON.h>
#include <zlib.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "core/drawing.h"
#include "sink/print_internal.h"

const struct section *print_boxes_of(const struct doc *d)
{
    for (size_t i = 0; i < d->n_sections; i++)
        if (d->sections[i].kind == SECTION_BOXES && d->sections[i].boxes.n &&
            d->sections[i].boxes.shape != BOXES_WATERFALL)
            return &d->sections[i];
    return NULL;
}

/* ---- all boxes, each after the one it is in ---- */

struct step {
    size_t box, next; /* next: which child comes next */
};

/* The way to the box at hand. */
struct walk {
    const struct boxes *b;
    struct step *steps;
    size_t n, cap;
};

static void push(struct walk *w, size_t box)
{
    w->steps = w->n == w->cap ? mem_grow(w->steps, w->n, &w->cap, sizeof *w->steps) : w->steps;
    w->steps[w->n++] = (struct step){.box = box};
}

/* The next box in *out; false: there are no more, and the walk is freed. */
static bool walk_on(struct walk *w, struct box *out)
{
    if (!w->steps)
        push(w, BOXES_ROOT);
    while (w->n) {
        struct step *top = &w->steps[w->n - 1];
        struct box x = boxes_box(w->b, top->box);
        if (top->next == x.children) {
            w->n--;
            continue;
        }
        push(w, w->b->source->child(w->b->ctx, top->box, top->next++));
        *out = boxes_box(w->b, w->steps[w->n - 1].box);
        return true;
    }
    free(w->steps);
    return false;
}

/* ---- folded stacks ---- */

static void put_number(struct strbuf *out, double v)
{
    if (v < 9e15 && v == floor(v))
        strbuf_printf(out, "%.0f", v);
    else
        strbuf_printf(out, "%.9g", v);
}

/* A frame's name cannot hold what ends it, and its control characters do not reach a terminal. */
static void put_frame(struct strbuf *out, const char *label)
{
    struct strbuf safe = {0};
    utf8_append(&safe, label, INT_MAX);
    for (const char *c = strbuf_text(&safe); *c; c++)
        strbuf_char(out, *c == ';' ? ':' : *c);
    strbuf_free(&safe);
}

void print_folded(const struct section *s, struct strbuf *out)
{
    struct walk w = {.b = &s->boxes};
    struct box x;
    while (walk_on(&w, &x)) {
        if (!(x.self > 0))
            continue;
        for (size_t i = 1; i < w.n; i++) {
            if (i > 1)
                strbuf_char(out, ';');
            put_frame(out, boxes_box(w.b, w.steps[i].box).label);
        }
        strbuf_char(out, ' ');
        put_number(out, x.self);
        strbuf_char(out, '\n');
    }
}

/* ---- names once ---- */

struct names {
    const char **items;
    size_t n, cap;
    uint32_t *slots;
    size_t n_slots;
};

static size_t name_slot(const struct names *n, const char *name)
{
    size_t at = hash_words(name, strlen(name)) & (n->n_slots - 1);
    while (n->slots[at] && strcmp(n->items[n->slots[at] - 1], name) != 0)
        at = (at + 1) & (n->n_slots - 1);
    return at;
}

/* Its number, from 0. Labels stay as long as the doc. */
static size_t name_number(struct names *n, const char *name)
{
    if (n->n * 2 >= n->n_slots) {
        n->n_slots = n->n_slots ? n->n_slots * 2 : 256;
        free(n->slots);
        n->slots = mem_array(n->n_slots, sizeof *n->slots);
        for (size_t i = 0; i < n->n; i++)
            n->slots[name_slot(n, n->items[i])] = (uint32_t)i + 1;
    }
    size_t at = name_slot(n, name);
    if (!n->slots[at]) {
        n->items = n->n == n->cap ? mem_grow(n->items, n->n, &n->cap, sizeof *n->items) : n->items;
        n->items[n->n++] = name;
        n->slots[at] = (uint32_t)n->n;
    }
    return n->slots[at] - 1;
}

static void names_free(struct names *n)
{
    free(n->items);
    free(n->slots);
}

/* ---- speedscope: its file format is described by https://www.speedscope.app/file-format-schema.json ---- */

static cJSON *valid_text(const char *s)
{
    struct strbuf valid = {0};
    utf8_append_valid(&valid, s, strlen(s));
    cJSON *j = cJSON_CreateString(strbuf_text(&valid));
    strbuf_free(&valid);
    return j;
}

static void speedscope_samples(const struct section *s, cJSON *frames, cJSON *profile)
{
    cJSON *samples = cJSON_AddArrayToObject(profile, "samples"),
          *weights = cJSON_AddArrayToObject(profile, "weights");
    struct names names = {0};
    struct walk w = {.b = &s->boxes};
    struct box x;
    while (walk_on(&w, &x)) {
        size_t before = names.n, i = name_number(&names, x.label);
        if (i == before) {
            cJSON *frame = cJSON_CreateObject();
            cJSON_AddItemToObject(frame, "name", valid_text(x.label));
            cJSON_AddItemToArray(frames, frame);
        }
        if (!(x.self > 0))
            continue;
        cJSON *stack = cJSON_CreateArray();
        for (size_t k = 1; k < w.n; k++)
            cJSON_AddItemToArray(
                stack, cJSON_CreateNumber((double)name_number(&names, boxes_box(w.b, w.steps[k].box).label)));
        cJSON_AddItemToArray(samples, stack);
        cJSON_AddItemToArray(weights, cJSON_CreateNumber(x.self));
    }
    names_free(&names);
}

void print_speedscope(const struct section *s, struct strbuf *out)
{
    cJSON *file = cJSON_CreateObject(), *shared = cJSON_AddObjectToObject(file, "shared");
    enum unit u = s->boxes.unit;
    cJSON_AddStringToObject(file, "$schema", "https://www.speedscope.app/file-format-schema.json");
    cJSON_AddStringToObject(file, "exporter", "slowdive");
    cJSON *frames = cJSON_AddArrayToObject(shared, "frames");
    cJSON *profile = cJSON_CreateObject();
    cJSON_AddItemToArray(cJSON_AddArrayToObject(file, "profiles"), profile);
    cJSON_AddStringToObject(profile, "type", "sampled");
    cJSON_AddItemToObject(profile, "name", valid_text(s->title ? s->title : ""));
    cJSON_AddStringToObject(profile, "unit",
                            u == UNIT_NS      ? "nanoseconds"
                            : u == UNIT_BYTES ? "bytes"
                                              : "none");
    cJSON_AddNumberToObject(profile, "startValue", 0);
    cJSON_AddNumberToObject(profile, "endValue", boxes_box(&s->boxes, BOXES_ROOT).weight);
    speedscope_samples(s, frames, profile);
    char *text = cJSON_PrintUnformatted(file);
    strbuf_str(out, text ? text : "");
    strbuf_char(out, '\n');
    cJSON_free(text);
    cJSON_Delete(file);
}

/* ---- pprof: github.com/google/pprof, proto/profile.proto; fields by number ---- */

static void put_varint(struct strbuf *b, uint64_t v)
{
    for (; v > 127; v >>= 7)
        strbuf_char(b, (char)(v | 128));
    strbuf_char(b, (char)v);
}

static void put_value(struct strbuf *b, unsigned field, uint64_t v)
{
    put_varint(b, field << 3);
    put_varint(b, v);
}

static void put_bytes(struct strbuf *b, unsigned field, const char *bytes, size_t n)
{
    put_varint(b, field << 3 | 2);
    put_varint(b, n);
    strbuf_add(b, bytes, n);
}

static void put_message(struct strbuf *b, unsigned field, struct strbuf *m)
{
    put_bytes(b, field, strbuf_text(m), m->len);
    strbuf_clear(m);
}

/* A location and a function for each name: location i + 1 is function i + 1, whose name is string i + FIRST.
 */
enum { FIRST = 3 };
static void pprof_names(const struct names *names, struct strbuf *b)
{
    struct strbuf m = {0}, line = {0};
    for (size_t i = 1; i <= names->n; i++) {
        put_value(&line, 1, i);
        put_value(&m, 1, i);
        put_message(&m, 4, &line);
        put_message(b, 4, &m);
        put_value(&m, 1, i);
        put_value(&m, 2, i - 1 + FIRST);
        put_message(b, 5, &m);
    }
    strbuf_free(&m);
    strbuf_free(&line);
}

static void pprof_samples(const struct section *s, struct names *names, struct strbuf *b)
{
    struct strbuf m = {0}, list = {0};
    struct walk w = {.b = &s->boxes};
    struct box x;
    while (walk_on(&w, &x)) {
        if (!(x.self >= 0.5))
            continue;
        for (size_t k = w.n; k-- > 1;) /* the innermost first */
            put_varint(&list, name_number(names, boxes_box(w.b, w.steps[k].box).label) + 1);
        put_message(&m, 1, &list);
        put_varint(&list, (uint64_t)llround(fmin(x.self, 9e18)));
        put_message(&m, 2, &list);
        put_message(b, 2, &m);
    }
    strbuf_free(&m);
    strbuf_free(&list);
}

static void gzip(const struct strbuf *plain, struct strbuf *out)
{
    z_stream z = {.next_in = (Bytef *)(size_t)strbuf_text(plain), .avail_in = (uInt)plain->len};
    unsigned char chunk[16384];
    if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return;
    do {
        z.next_out = chunk;
        z.avail_out = sizeof chunk;
        deflate(&z, Z_FINISH);
        strbuf_add(out, (const char *)chunk, sizeof chunk - z.avail_out);
    } while (!z.avail_out);
    deflateEnd(&z);
}

void print_pprof(const struct section *s, struct strbuf *out)
{
    struct names names = {0};
    struct strbuf b = {0}, m = {0};
    enum unit u = s->boxes.unit;
    const char *what = u == UNIT_NS      ? "time"
                       : u == UNIT_BYTES ? "space"
                                         : "samples",
               *unit = u == UNIT_NS      ? "nanoseconds"
                       : u == UNIT_BYTES ? "bytes"
                                         : "count";
    put_value(&m, 1, 1);
    put_value(&m, 2, 2);
    put_message(&b, 1, &m);
    pprof_samples(s, &names, &b);
    pprof_names(&names, &b);
    put_bytes(&b, 6, "", 0);
    put_bytes(&b, 6, what, strlen(what));
    put_bytes(&b, 6, unit, strlen(unit));
    for (size_t i = 0; i < names.n; i++) {
        strbuf_clear(&m);
        utf8_append_valid(&m, names.items[i], strlen(names.items[i]));
        put_bytes(&b, 6, strbuf_text(&m), m.len);
    }
    gzip(&b, out);
    names_free(&names);
    strbuf_free(&b);
    strbuf_free(&m);
}
