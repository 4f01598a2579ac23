/* flamebearer.c - the flame graph of Pyroscope as JSON: levels of boxes, of one profile or of two. Its newer
 * service calls the graph "flamegraph", and its levels are objects with "values". */
#include "format/profiles/profile_file.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/units.h"
#include "format/profiles/function_table.h"
#include "format/json_pull.h"
#include "format/profiles/profile_tree.h"

/* A box of the level above: what it spans, and its node. */
struct box {
    double start, end;
    uint32_t node;
};

struct boxes {
    struct box *items;
    size_t n, cap;
};

struct flamebearer {
    struct profile *p;
    struct function_table table;
    struct profile_tree tree;
    uint32_t *functions;
    size_t n_functions, cap;
    struct boxes above, level;
    size_t sides; /* 1, or 2 of a comparison */
    double scale[2], at;
    size_t parent;  /* in the level above, from which the next box is looked for */
    uint32_t other; /* the function that stands for what the server left out; UINT32_MAX: none does */
    struct strbuf text;
    const char *problem;
};

static bool refuse(struct flamebearer *x, const char *problem)
{
    x->problem = x->problem ? x->problem : problem;
    return false;
}

static bool read_names(struct flamebearer *x, struct json_pull names)
{
    if (!names.at || !json_enter(&names, '['))
        return refuse(x, "it has no names");
    while (json_item(&names) && !x->p->full) {
        if (x->n_functions == TREE_NODES_MAX)
            return refuse(x, "it has more than 2,097,152 names");
        json_text(&names, &x->text);
        x->functions = x->n_functions == x->cap
                           ? mem_grow(x->functions, x->n_functions, &x->cap, sizeof *x->functions)
                           : x->functions;
        x->functions[x->n_functions++] =
            profile_function(x->p, strbuf_text(&x->text), x->text.len, NULL, 0, NULL);
        if (x->table.n && !x->table.has_other && str_eq(strbuf_text(&x->text), FUNCTION_TABLE_OTHER))
            x->other = x->functions[x->n_functions - 1];
    }
    return !names.broken || refuse(x, "its JSON is cut or broken");
}

/* One box: its distance from the one before, total and self, of each side, then the name. */
static bool read_box(struct flamebearer *x, struct json_pull *j, uint32_t level)
{
    double offset = 0, total = 0, self[2] = {0};
    for (size_t side = 0; side < x->sides; side++) {
        double part[3];
        for (size_t i = 0; i < 3; i++) {
            if (side || i)
                json_item(j);
            part[i] = json_number(j);
        }
        if (!(part[0] >= 0 && part[1] >= 0 && part[2] >= 0 && part[2] <= part[1]))
            return refuse(x, "a box in it has no figures, or self is more than total");
        offset += part[0];
        total += part[1];
        self[side] = part[2];
    }
    uint64_t name = json_item(j) ? json_index(j) : UINT64_MAX;
    if (name >= x->n_functions)
        return refuse(x, "it refers to a name that is not in its list");
    struct box b = {
        .start = x->at + offset, .end = x->at + offset + total, .node = tree_add(&x->tree, UINT64_MAX)};
    x->at = b.end;
    struct tree_node *node = &x->tree.nodes[b.node];
    while (x->parent < x->above.n && x->above.items[x->parent].end <= b.start && total > 0)
        x->parent++;
    if (level && total > 0 && (x->parent == x->above.n || b.start < x->above.items[x->parent].start))
        return refuse(x, "a box in it lies on none of the level below");
    node->parent = level && total > 0 ? x->above.items[x->parent].node + 1 : 0;
    node->function = x->functions[name] == x->other ? TREE_CUT : x->functions[name];
    node->samples = real_to_int(self[0]);
    for (size_t side = 0; side < x->sides; side++)
        tree_values(&x->tree, b.node)[side] = self[side] * x->scale[side];
    x->level.items = x->level.n == x->level.cap
                         ? mem_grow(x->level.items, x->level.n, &x->level.cap, sizeof *x->level.items)
                         : x->level.items;
    x->level.items[x->level.n++] = b;
    return !x->tree.full || refuse(x, x->tree.full);
}

static bool read_levels(struct flamebearer *x, struct json_pull levels)
{
    uint32_t depth = 0;
    if (!levels.at || !json_enter(&levels, '['))
        return refuse(x, "it has no levels");
    for (; json_item(&levels); depth++) {
        struct boxes swap = x->above;
        x->above = x->level;
        x->level = swap;
        x->level.n = x->parent = 0;
        x->at = 0;
        struct json_pull level = json_peek(&levels) == '{' ? json_find(levels, "values") : levels;
        if (level.at && json_enter(&level, '['))
            while (json_item(&level))
                if (!read_box(x, &level, depth))
                    return false;
        json_skip(&levels);
    }
    return !levels.broken || refuse(x, "its JSON is cut or broken");
}

/* What the figures are, when it was said beside the file. */
static void wished_units(struct flamebearer *x, const struct flamebearer_wish *wish)
{
    x->scale[0] = 1;
    profile_type(x->p, wish->type, profile_unit(wish->unit));
    x->p->counted = str_eq(wish->type, "samples") && str_eq(wish->unit, "count");
    x->table.period = x->p->counted ? 1 : x->table.period;
}

/* What the figures are. Samples of a rate that no timer has are time, as newer servers say it. */
static void read_units(struct flamebearer *x, struct json_pull meta, struct json_pull graph)
{
    struct json_pull units = json_find(meta, "units"), rate = json_find(meta, "sampleRate");
    if (!units.at)
        units = json_find(graph, "units");
    if (!rate.at)
        rate = json_find(graph, "sampleRate");
    double hz = rate.at ? json_number(&rate) : 0;
    json_text(&units, &x->text);
    const char *unit = strbuf_text(&x->text), *base = "count", *type = *unit ? unit : "samples";
    x->scale[0] = x->scale[1] = 1;
    x->p->counted = str_eq(type, "samples") && hz <= 1e6;
    if (str_eq(type, "samples") && hz > 1e6) {
        type = "time";
        base = "ns";
        x->scale[0] = x->scale[1] = 1e9 / hz;
    } else if (str_eq(unit, "bytes")) {
        base = "bytes";
    } else if (str_ends(unit, "nanoseconds")) {
        base = "ns";
    }
    if (x->sides == 1) {
        profile_type(x->p, type, base);
        return;
    }
    profile_type(x->p, "left", base);
    x->p->chosen = profile_type(x->p, "right", base);
    x->p->counted = false;
    profile_say(x->p, "It compares two profiles: the sample types left and right.");
}

static void read_time(struct flamebearer *x, struct json_pull timeline)
{
    if (!timeline.at)
        return;
    struct json_pull start = json_find(timeline, "startTime"), each = json_find(timeline, "durationDelta");
    struct json_pull samples = json_find(timeline, "samples");
    double at = start.at ? json_number(&start) : 0, seconds = each.at ? json_number(&each) : 0;
    size_t n = 0;
    if (samples.at && json_enter(&samples, '['))
        for (; json_item(&samples); json_skip(&samples))
            n++;
    if (at > 0 && at < 9e9)
        x->p->at = real_to_int(at) * SD_S;
    if (seconds > 0 && n)
        x->p->duration_ns = real_to_int(seconds * (double)n * 1e9);
}

/* A graph of time says no number of samples. Where all figures are multiples of one time that a sampler may
 * have as its period, they are counted by it; the real period may be a part of it, never more. */
static void count_samples(struct flamebearer *x)
{
    enum { ENOUGH = 10, SHORTEST = 1000 * 1000 }; /* figures; ns */
    double period = x->table.period;
    size_t n = x->table.n;
    for (uint32_t i = 0; i < x->tree.n; i++) {
        double self = tree_values(&x->tree, i)[0];
        period = self > 0 ? common_divisor(period, self) : period;
        n += self > 0;
    }
    if (x->p->counted || x->sides > 1 || !str_eq(x->p->units[0], "ns") || n < ENOUGH || period < SHORTEST)
        return;
    for (uint32_t i = 0; i < x->tree.n; i++)
        x->tree.nodes[i].samples = real_to_int(tree_values(&x->tree, i)[0] / period);
    x->p->counted = true;
    x->table.period = period;
    char text[UNIT_TEXT_MAX],
        *note = mem_printf("Samples are counted as %s each, which all figures are multiples of.",
                           unit_format(UNIT_NS, period, text));
    profile_say(x->p, note);
    free(note);
}

static bool read_file(struct flamebearer *x, struct json_pull file, const struct flamebearer_wish *wish)
{
    struct json_pull graph = json_find(file, "flamebearer"), meta = json_find(file, "metadata");
    if (!graph.at)
        graph = json_find(file, "flamegraph");
    if (!graph.at)
        graph = file; /* the graph alone, as a render of old servers may be */
    struct json_pull format = json_find(meta.at ? meta : graph, "format");
    if (!format.at)
        format = json_find(graph, "format");
    json_text(&format, &x->text);
    /* A comparison by the newer service has no format, but the sum of each side. */
    bool two = str_eq(strbuf_text(&x->text), "double") || json_find(graph, "leftTicks").at ||
               json_find(graph, "rightTicks").at;
    x->sides = x->tree.n_values = two ? 2 : 1;
    if (wish && wish->type && !two)
        wished_units(x, wish);
    else
        read_units(x, meta, graph);
    read_time(x, json_find(file, "timeline"));
    if (!read_names(x, json_find(graph, "names")) || x->p->full ||
        !read_levels(x, json_find(graph, "levels")))
        return false;
    count_samples(x);
    return tree_stacks(&x->tree, x->p, false) || refuse(x, x->tree.full);
}

struct profile *flamebearer_read_by(const void *text, size_t len, const struct flamebearer_wish *wish,
                                    struct sd_error *err)
{
    struct flamebearer x = {.p = profile_new("flamebearer", 2), .other = UINT32_MAX};
    x.table = function_table(wish ? wish->table : NULL, wish ? wish->table_len : 0);
    if (read_file(&x, json_pull(text, len), wish))
        function_table_give(&x.table, x.p);
    if (!x.p->counted)
        x.p->samples = SD_UNKNOWN;
    tree_free(&x.tree);
    free(x.functions);
    free(x.above.items);
    free(x.level.items);
    strbuf_free(&x.text);
    return profile_read_end(x.p, x.problem, err);
}

struct profile *flamebearer_read(const void *text, size_t len, struct sd_error *err)
{
    return flamebearer_read_by(text, len, NULL, err);
}

bool flamebearer_like(const void *head, size_t len)
{
    static const char *const whole[] = {"flamebearer", "names", NULL};
    static const char *const newer[] = {"flamegraph", "names", NULL};
    static const char *const graph[] = {"names", "levels", "numTicks", NULL};
    return json_names(head, len, whole) || json_names(head, len, newer) || json_names(head, len, graph);
}
