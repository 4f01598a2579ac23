/* pprof.c - pprof's profile.proto, read from the wire: https://github.com/google/pprof/blob/main/proto/
 * profile.proto. A malformed one is refused; fields that are not known are skipped. */
#include "format/profiles/profile_file.h"

#include <stdlib.h>

#include "core/profiles/profile_lines.h"
#include "core/profiles/profile_part.h"

enum { ENTRIES_MAX = 4 << 20, LABEL_KEYS = 8, SAMPLE_PARTS = 16 }; /* of each table; labels that are named */

struct bytes {
    const unsigned char *at, *end;
};

struct mapping {
    uint64_t id, file;
};
struct location {
    uint64_t id, mapping;
    size_t line, n_lines; /* of struct pprof's lines: numbers of functions, the innermost first */
    uint32_t *frames;     /* their functions in the profile, innermost first */
    uint32_t *at;         /* and their lines */
    size_t n_frames;
};
struct function {
    uint64_t id, name, system_name, file;
};
struct line {
    uint64_t function;
    int64_t line;
};

struct pprof {
    struct profile *p;
    struct bytes *strings, *samples;
    struct mapping *mappings;
    struct location *locations;
    struct function *functions;
    struct line *lines;
    size_t n_strings, n_samples, n_mappings, n_locations, n_functions, n_lines;
    size_t cap_strings, cap_samples, cap_mappings, cap_locations, cap_functions, cap_lines;
    uint64_t type[PROFILE_TYPES_MAX], unit[PROFILE_TYPES_MAX];
    double scale[PROFILE_TYPES_MAX];
    size_t n_types, samples_type;
    uint64_t default_type, drop;
    int64_t time_ns, duration_ns;
    /* Of the locations numbered from 1 with one function, which most are: it + 1, close together, because
     * each frame of each sample asks for one. 0: not such a one, or not resolved yet. */
    uint32_t *single;
    const char *label;         /* whose values become the outermost frames; NULL: none */
    uint64_t keys[LABEL_KEYS]; /* strings: the labels that samples have, for a note */
    size_t n_keys;
    bool labelled;    /* a sample has the label */
    uint32_t *frames; /* of one sample, innermost first */
    size_t n_frames, cap_frames;
    uint32_t *at, *single_at; /* the lines of these, and of `single` */
    size_t cap_at;
    uint32_t parts[SAMPLE_PARTS]; /* of one sample: its labels */
    size_t n_parts;
    bool has_lines;
    const char *problem;
};

/* ---- the wire ---- */

static bool varint(struct bytes *b, uint64_t *v)
{
    *v = 0;
    for (unsigned shift = 0; b->at < b->end && shift < 70; shift += 7) {
        unsigned char c = *b->at++;
        if (shift == 63 && c > 1)
            return false;
        *v |= (uint64_t)(c & 127) << shift;
        if (!(c & 128))
            return true;
    }
    return false;
}

struct wire_field {
    uint64_t number;
    unsigned type; /* 0: value; 2: bytes; others have neither */
    uint64_t value;
    struct bytes bytes;
};

/* The next field; false at the end, and when it is broken: then b->at is not b->end. */
static bool field(struct bytes *b, struct wire_field *f)
{
    struct bytes at = *b;
    uint64_t tag, len = 0;
    if (at.at == at.end || !varint(&at, &tag) || !(tag >> 3) || tag >> 3 > 536870911)
        return false;
    *f = (struct wire_field){.number = tag >> 3, .type = tag & 7};
    if (f->type == 0 && !varint(&at, &f->value))
        return false;
    if (f->type == 2 && !varint(&at, &len))
        return false;
    len = f->type == 1 ? 8 : f->type == 5 ? 4 : len;
    if (f->type == 3 || f->type == 4 || f->type > 5 || len > (uint64_t)(at.end - at.at))
        return false;
    f->bytes = (struct bytes){at.at, at.at + len};
    b->at = at.at + len;
    return true;
}

/* Values of a repeated number: packed or one. The next one; false at the end. */
static bool packed(struct wire_field *f, uint64_t *v)
{
    if (f->type == 0) {
        f->type = 1;
        *v = f->value;
        return true;
    }
    return f->type == 2 && f->bytes.at < f->bytes.end && varint(&f->bytes, v);
}

static bool refuse(struct pprof *x, const char *problem)
{
    x->problem = x->problem ? x->problem : problem;
    return false;
}

#define GROW(x, list)                                                                                        \
    ((x)->n_##list == (x)->cap_##list                                                                        \
         ? (void)((x)->list = mem_grow((x)->list, (x)->n_##list, &(x)->cap_##list, sizeof *(x)->list))       \
         : (void)0)

static const char TOO_MANY[] = "it has more than 4,194,304 entries of one kind";
static const char BROKEN[] = "it is cut or broken: a field does not end where its length says";

/* ---- its tables ---- */

static bool read_type(struct pprof *x, struct bytes b)
{
    struct wire_field f;
    if (x->n_types == PROFILE_TYPES_MAX)
        return refuse(x, "it has more than 64 sample types");
    while (field(&b, &f)) {
        if (f.number == 1)
            x->type[x->n_types] = f.value;
        else if (f.number == 2)
            x->unit[x->n_types] = f.value;
    }
    x->n_types++;
    return b.at == b.end || refuse(x, BROKEN);
}

static bool read_mapping(struct pprof *x, struct bytes b)
{
    struct wire_field f;
    struct mapping m = {.id = 0};
    while (field(&b, &f)) {
        if (f.number == 1)
            m.id = f.value;
        else if (f.number == 5)
            m.file = f.value;
    }
    GROW(x, mappings);
    x->mappings[x->n_mappings++] = m;
    return b.at == b.end || refuse(x, BROKEN);
}

static bool read_line(struct pprof *x, struct bytes b)
{
    struct wire_field f;
    struct line l = {.function = 0};
    while (field(&b, &f))
        if (f.number == 1)
            l.function = f.value;
        else if (f.number == 2)
            l.line = (int64_t)f.value;
    x->has_lines |= l.line > 0;
    if (x->n_lines == ENTRIES_MAX)
        return refuse(x, TOO_MANY);
    GROW(x, lines);
    x->lines[x->n_lines++] = l;
    return b.at == b.end || refuse(x, BROKEN);
}

static bool read_location(struct pprof *x, struct bytes b)
{
    struct wire_field f;
    struct location l = {.line = x->n_lines};
    while (field(&b, &f)) {
        if (f.number == 1)
            l.id = f.value;
        else if (f.number == 2)
            l.mapping = f.value;
        else if (f.number == 4 && f.type == 2 && !read_line(x, f.bytes))
            return false;
    }
    l.n_lines = x->n_lines - l.line;
    GROW(x, locations);
    x->locations[x->n_locations++] = l;
    return b.at == b.end || refuse(x, BROKEN);
}

static bool read_function(struct pprof *x, struct bytes b)
{
    struct wire_field f;
    struct function fn = {.id = 0};
    while (field(&b, &f)) {
        if (f.number == 1)
            fn.id = f.value;
        else if (f.number == 2)
            fn.name = f.value;
        else if (f.number == 3)
            fn.system_name = f.value;
        else if (f.number == 4)
            fn.file = f.value;
    }
    GROW(x, functions);
    x->functions[x->n_functions++] = fn;
    return b.at == b.end || refuse(x, BROKEN);
}

static bool read_bytes(struct pprof *x, const struct wire_field *f)
{
    if (x->n_samples >= ENTRIES_MAX || x->n_strings >= ENTRIES_MAX || x->n_mappings >= ENTRIES_MAX ||
        x->n_locations >= ENTRIES_MAX || x->n_functions >= ENTRIES_MAX)
        return refuse(x, TOO_MANY);
    switch (f->number) {
    case 1:
        return read_type(x, f->bytes);
    case 2:
        GROW(x, samples);
        x->samples[x->n_samples++] = f->bytes;
        return true;
    case 3:
        return read_mapping(x, f->bytes);
    case 4:
        return read_location(x, f->bytes);
    case 5:
        return read_function(x, f->bytes);
    case 6:
        GROW(x, strings);
        x->strings[x->n_strings++] = f->bytes;
        return true;
    default:
        return true;
    }
}

static void read_value(struct pprof *x, const struct wire_field *f)
{
    switch (f->number) {
    case 7:
        x->drop = f->value;
        break;
    case 9:
        x->time_ns = (int64_t)f->value;
        break;
    case 10:
        x->duration_ns = (int64_t)f->value;
        break;
    case 14:
        x->default_type = f->value;
        break;
    default:
        break;
    }
}

static bool read_tables(struct pprof *x, struct bytes b)
{
    struct wire_field f;
    while (field(&b, &f)) {
        if (f.type == 2 && !read_bytes(x, &f))
            return false;
        if (f.type == 0)
            read_value(x, &f);
    }
    if (b.at != b.end)
        return refuse(x, BROKEN);
    if (!x->n_types)
        return refuse(x, "it names no sample type");
    return true;
}

/* ---- what refers to what ---- */

static bool string(struct pprof *x, uint64_t i, struct bytes *s)
{
    if (i >= x->n_strings && (i || x->n_strings))
        return refuse(x, "it refers to a string that is not in its table");
    static const unsigned char none[1];
    *s = x->n_strings ? x->strings[i] : (struct bytes){none, none};
    return true;
}

/* Each table begins with the id; they are sorted by it, and mostly numbered from 1. */
static void *by_id(void *items, size_t n, size_t size, uint64_t id)
{
    size_t lo = 0, hi = n;
    if (id && id <= n && *(const uint64_t *)(const void *)((char *)items + (id - 1) * size) == id)
        return (char *)items + (id - 1) * size;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        char *item = (char *)items + mid * size;
        uint64_t its = *(const uint64_t *)(const void *)item;
        if (its == id)
            return item;
        if (its < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

static int compare_id(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void sort_tables(struct pprof *x)
{
    if (x->n_mappings)
        qsort(x->mappings, x->n_mappings, sizeof *x->mappings, compare_id);
    if (x->n_locations)
        qsort(x->locations, x->n_locations, sizeof *x->locations, compare_id);
    if (x->n_functions)
        qsort(x->functions, x->n_functions, sizeof *x->functions, compare_id);
}

static size_t length(struct bytes b)
{
    return (size_t)(b.end - b.at);
}

/* The base name of the mapped file; empty: unknown. */
static bool module_of(struct pprof *x, const struct location *l, struct bytes *module)
{
    *module = (struct bytes){NULL, NULL};
    if (!l->mapping)
        return true;
    const struct mapping *m = by_id(x->mappings, x->n_mappings, sizeof *m, l->mapping);
    if (!m)
        return refuse(x, "a location is in a mapping that does not exist");
    if (!string(x, m->file, module))
        return false;
    const void *slash = length(*module) ? memrchr(module->at, '/', length(*module)) : NULL;
    if (slash && (const unsigned char *)slash + 1 < module->end)
        module->at = (const unsigned char *)slash + 1;
    return true;
}

static bool frame_of(struct pprof *x, struct bytes name, struct bytes module, uint32_t *out)
{
    size_t n = length(module);
    bool kernel = n >= 7 && (!memcmp(module.at, "[kernel", 7) || !memcmp(module.at, "vmlinux", 7));
    const char *text = length(name) ? (const char *)name.at : "<unknown>";
    *out = profile_function(x->p, text, length(name) ? length(name) : strlen(text),
                            n ? (const char *)module.at : NULL, n, kernel ? "kernel" : NULL);
    return !x->p->full || refuse(x, x->p->full);
}

/* Where there are no names, what is known: the module, "[libc.so.6]". */
static bool nameless(struct pprof *x, struct bytes module, uint32_t *out)
{
    char text[PROFILE_NAME_MAX];
    if (!length(module))
        return frame_of(x, module, module, out);
    int n = snprintf(text, sizeof text, "[%.*s]", (int)MIN(length(module), sizeof text - 3),
                     (const char *)module.at);
    return frame_of(x, (struct bytes){(const unsigned char *)text, (const unsigned char *)text + n}, module,
                    out);
}

static bool resolve_line(struct pprof *x, const struct line *l, struct bytes module, uint32_t *out,
                         uint32_t *at)
{
    struct bytes name = {NULL, NULL}, file = {NULL, NULL};
    if (l->function) {
        const struct function *fn = by_id(x->functions, x->n_functions, sizeof *fn, l->function);
        if (!fn)
            return refuse(x, "a line is of a function that does not exist");
        if (!string(x, fn->name, &name) || (!length(name) && !string(x, fn->system_name, &name)) ||
            !string(x, fn->file, &file))
            return false;
    }
    if (!(length(name) ? frame_of(x, name, module, out) : nameless(x, module, out)))
        return false;
    *at = length(name) ? profile_line(x->p, *out, l->line) : PROFILE_NO_LINE;
    struct profile_function *f = &x->p->functions[*out];
    if (*at != PROFILE_NO_LINE && !f->file && length(file))
        f->file =
            arena_strndup(x->p->arena, (const char *)file.at, MIN(length(file), (size_t)PROFILE_NAME_MAX));
    return true;
}

/* Functions of a location, once for all samples. */
static bool resolve(struct pprof *x, struct location *l)
{
    struct bytes module;
    if (!module_of(x, l, &module))
        return false;
    l->n_frames = MAX(l->n_lines, (size_t)1);
    l->frames = arena_alloc(x->p->arena, l->n_frames * sizeof *l->frames);
    l->at = arena_alloc(x->p->arena, l->n_frames * sizeof *l->at);
    l->at[0] = PROFILE_NO_LINE;
    if (!l->n_lines)
        return nameless(x, module, &l->frames[0]);
    for (size_t i = 0; i < l->n_lines; i++)
        if (!resolve_line(x, &x->lines[l->line + i], module, &l->frames[i], &l->at[i]))
            return false;
    return true;
}

static const struct {
    const char *name, *unit;
    double scale;
} UNITS[] = {
    {"nanoseconds", "ns", 1},        {"ns", "ns", 1},
    {"microseconds", "ns", 1e3},     {"us", "ns", 1e3},
    {"milliseconds", "ns", 1e6},     {"ms", "ns", 1e6},
    {"seconds", "ns", 1e9},          {"s", "ns", 1e9},
    {"bytes", "bytes", 1},           {"kilobytes", "bytes", 1024},
    {"megabytes", "bytes", 1048576},
};

static bool read_types(struct pprof *x)
{
    struct bytes preferred;
    if (!string(x, x->default_type, &preferred))
        return false;
    x->p->chosen = x->n_types - 1;
    x->samples_type = PROFILE_TYPES_MAX;
    for (size_t t = 0; t < x->n_types; t++) {
        struct bytes type, unit;
        if (!string(x, x->type[t], &type) || !string(x, x->unit[t], &unit))
            return false;
        x->p->types[t] = arena_strndup(x->p->arena, (const char *)type.at, length(type));
        x->p->units[t] = "count";
        x->scale[t] = 1;
        for (size_t i = 0; i < ARRAY_LEN(UNITS); i++)
            if (strlen(UNITS[i].name) == length(unit) && !memcmp(UNITS[i].name, unit.at, length(unit))) {
                x->p->units[t] = UNITS[i].unit;
                x->scale[t] = UNITS[i].scale;
            }
        if (str_eq(x->p->types[t], "samples") && str_eq(x->p->units[t], "count"))
            x->samples_type = t;
        if (x->default_type && length(preferred) == length(type) &&
            !memcmp(preferred.at, type.at, length(type)))
            x->p->chosen = t;
    }
    x->p->n_types = x->n_types;
    x->p->counted = x->samples_type < PROFILE_TYPES_MAX;
    return true;
}

/* ---- samples ---- */

static void push(struct pprof *x, uint32_t frame, uint32_t line)
{
    GROW(x, frames);
    if (x->has_lines && x->cap_at < x->cap_frames) {
        x->cap_at = x->cap_frames;
        x->at = mem_realloc(x->at, x->cap_at * sizeof *x->at);
    }
    if (x->has_lines)
        x->at[x->n_frames] = line;
    x->frames[x->n_frames++] = frame;
}

static bool add_location(struct pprof *x, uint64_t id)
{
    if (id && id <= x->n_locations && x->single[id - 1] && x->n_frames < PROFILE_DEPTH_MAX) {
        push(x, x->single[id - 1] - 1, x->single_at[id - 1]);
        return true;
    }
    struct location *l = by_id(x->locations, x->n_locations, sizeof *l, id);
    if (!l)
        return refuse(x, "a sample is of a location that does not exist");
    if (!l->frames && !resolve(x, l))
        return false;
    if (id && id <= x->n_locations && l == &x->locations[id - 1] && l->n_frames == 1) {
        x->single[id - 1] = l->frames[0] + 1;
        x->single_at[id - 1] = l->at[0];
    }
    if (x->n_frames + l->n_frames > PROFILE_DEPTH_MAX)
        return refuse(x, "it has a stack of more than 1,048,576 frames");
    for (size_t i = 0; i < l->n_frames; i++)
        push(x, l->frames[i], l->at[i]);
    return true;
}

/* A sample's label: its key is remembered; of the one that is asked for, the value. */
static bool read_label(struct pprof *x, struct bytes b, struct bytes *value)
{
    struct wire_field f;
    uint64_t key = 0, text = 0;
    struct bytes name, s;
    while (field(&b, &f)) {
        key = f.number == 1 ? f.value : key;
        text = f.number == 2 ? f.value : text;
    }
    if (b.at != b.end)
        return refuse(x, BROKEN);
    if (!string(x, key, &name) || !string(x, text, &s))
        return false;
    size_t i = 0;
    while (i < x->n_keys && x->keys[i] != key)
        i++;
    if (i == x->n_keys && i < LABEL_KEYS && text)
        x->keys[x->n_keys++] = key;
    if (text && length(name) && length(s) && x->n_parts < SAMPLE_PARTS)
        x->parts[x->n_parts++] =
            profile_part(x->p, (const char *)name.at, length(name), (const char *)s.at, length(s));
    if (x->label && text && strlen(x->label) == length(name) && !memcmp(x->label, name.at, length(name))) {
        *value = s;
        x->labelled = true;
    }
    return true;
}

/* The value of the label is the outermost frame. */
static bool add_label(struct pprof *x, struct bytes value)
{
    char none[128];
    snprintf(none, sizeof none, "(without %.100s)", x->label);
    const char *text = value.at ? (const char *)value.at : none;
    uint32_t f =
        profile_function(x->p, text, value.at ? length(value) : strlen(none), NULL, 0, profile_kind("label"));
    push(x, f, PROFILE_NO_LINE);
    return !x->p->full || refuse(x, x->p->full);
}

/* "The samples have the labels endpoint, span_id; pprof:FILE?label=endpoint divides them." */
static void say_labels(struct pprof *x)
{
    struct strbuf note = {0};
    for (size_t i = 0; i < x->n_keys; i++) {
        struct bytes key = x->strings[x->keys[i]];
        strbuf_printf(&note, "%s%.*s", i ? ", " : "The samples have the labels ",
                      (int)MIN(length(key), (size_t)100), (const char *)key.at);
    }
    strbuf_str(&note, "; group by one, or divide the flame graph by the option label=NAME.");
    if (x->n_keys && !x->label)
        profile_say(x->p, strbuf_text(&note));
    strbuf_free(&note);
}

/* Outermost first. */
static void turn(uint32_t *items, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        uint32_t t = items[i];
        items[i] = items[n - 1 - i];
        items[n - 1 - i] = t;
    }
}

static bool read_sample(struct pprof *x, struct bytes b)
{
    struct bytes label = {NULL, NULL};
    struct wire_field f;
    double values[PROFILE_TYPES_MAX] = {0};
    int64_t samples = 0;
    size_t n = 0;
    x->n_frames = x->n_parts = 0;
    while (field(&b, &f)) {
        uint64_t v;
        while (f.number == 1 && packed(&f, &v))
            if (!add_location(x, v))
                return false;
        while (f.number == 2 && packed(&f, &v)) {
            if (n == x->n_types)
                return refuse(x, "a sample has more values than there are sample types");
            samples = n == x->samples_type ? (int64_t)v : samples;
            values[n] = (double)(int64_t)v * x->scale[n];
            n++;
        }
        if (f.number <= 2 && f.type == 2 && f.bytes.at < f.bytes.end)
            return refuse(x, BROKEN);
        if (f.number == 3 && f.type == 2 && !read_label(x, f.bytes, &label))
            return false;
    }
    if (b.at != b.end)
        return refuse(x, BROKEN);
    if (n != x->n_types)
        return refuse(x, "a sample has fewer values than there are sample types");
    if (x->label && !add_label(x, label))
        return false;
    turn(x->frames, x->n_frames);
    if (!profile_stack(x->p, x->frames, x->n_frames, samples, values))
        return refuse(x, x->p->full);
    if (x->has_lines) {
        turn(x->at, x->n_frames);
        profile_stack_lines(x->p, x->at, x->n_frames, values);
    }
    for (size_t i = 0; i < x->n_parts; i++)
        profile_is_of(x->p, x->parts[i], samples, values);
    return true;
}

static bool read_all(struct pprof *x, struct bytes b)
{
    if (!read_tables(x, b) || !read_types(x))
        return false;
    sort_tables(x);
    x->single = mem_array(x->n_locations + 1, sizeof *x->single);
    x->single_at = mem_array(x->n_locations + 1, sizeof *x->single_at);
    for (size_t i = 0; i < x->n_samples; i++)
        if (!read_sample(x, x->samples[i]))
            return false;
    if (!x->p->counted)
        x->p->samples = (int64_t)x->n_samples;
    if (x->time_ns > 0)
        x->p->at = x->time_ns;
    if (x->duration_ns > 0)
        x->p->duration_ns = x->duration_ns;
    say_labels(x);
    if (x->label && !x->labelled)
        return refuse(x, "no sample has that label; without the option label the labels there are are named");
    if (x->drop && x->n_functions)
        profile_say(x->p, "The file names functions to leave out (drop_frames); they are shown.");
    return true;
}

struct profile *pprof_read(const void *bytes, size_t len, struct sd_error *err)
{
    return pprof_read_by(bytes, len, NULL, err);
}

struct profile *pprof_read_by(const void *bytes, size_t len, const char *label, struct sd_error *err)
{
    const unsigned char *at = bytes;
    struct pprof x = {.p = profile_new("pprof", PROFILE_TYPES_MAX), .label = label};
    x.p->max_types = 0;
    profile_bound(x.p, len);
    struct wire_field f;
    for (struct bytes b = {at, at + len}; field(&b, &f);) /* as much room as it needs */
        x.p->max_types += f.number == 1 && f.type == 2 && x.p->max_types < PROFILE_TYPES_MAX;
    bool done = read_all(&x, (struct bytes){at, at + len});
    free(x.strings);
    free(x.samples);
    free(x.mappings);
    free(x.locations);
    free(x.functions);
    free(x.lines);
    free(x.single);
    free(x.single_at);
    free(x.at);
    free(x.frames);
    if (done)
        return x.p;
    sd_fail(err, SD_CONFIG, "%s%s", x.problem == x.p->full ? "it has " : "", x.problem);
    profile_free(x.p);
    return NULL;
}

/* The first sample type, as every writer begins, or a mapping; then fields of the message as far as the bytes
 * go. */
bool pprof_like(const void *head, size_t len)
{
    const unsigned char *at = head;
    struct bytes b = {at, at + len};
    struct wire_field f;
    size_t n = 0, strings = 0, low = 0;
    while (low < len && low < 64 && at[low] > 8)
        low++;
    if (low == len || low == 64)
        return false; /* text */
    while (n < 64 && field(&b, &f)) {
        struct bytes inside = f.bytes;
        struct wire_field part;
        bool is_bytes = f.number <= 6 || f.number == 11 || f.number == 16;
        if (f.number > 16 || (f.type != (is_bytes ? 2 : 0) && f.number != 13))
            return false;
        if (f.number == 6 && !strings++ && f.bytes.at != f.bytes.end)
            return false; /* the first string is empty */
        if (f.type == 2 && f.number <= 5 && f.number != 2)
            while (field(&inside, &part))
                ;
        if (f.type == 2 && f.number <= 5 && f.number != 2 && inside.at != inside.end)
            return false;
        n++;
    }
    /* One alone could be there by chance. */
    return n >= 2 || (n == 1 && b.at != b.end && len > 1000);
}
