#include "format/profiles/v8_nodes.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "core/profiles/profile_lines.h"

void v8_free(struct v8 *x)
{
    tree_free(&x->tree);
    strbuf_free(&x->name);
    strbuf_free(&x->url);
    free(x->lines);
}

/* ---- lines ---- */

static void add_ticks(struct v8 *x, uint32_t node, double line, double ticks)
{
    enum { MOST = 1 << 20 };
    if (!(line >= 1 && line < INT32_MAX && ticks > 0 && ticks < 9e15) || x->n_lines == MOST)
        return;
    struct v8_line *last = x->n_lines ? &x->lines[x->n_lines - 1] : NULL;
    if (last && last->node == node && last->line == (int64_t)line) {
        last->ticks += ticks;
        return;
    }
    x->lines = x->n_lines == x->cap_lines ? mem_grow(x->lines, x->n_lines, &x->cap_lines, sizeof *x->lines)
                                          : x->lines;
    x->lines[x->n_lines++] = (struct v8_line){.node = node, .line = (int64_t)line, .ticks = ticks};
}

/* "positionTicks": [{"line": 7, "ticks": 3}] */
static void take_ticks(struct v8 *x, uint32_t node, struct json_pull *j)
{
    if (json_peek(j) != '[') {
        json_skip(j);
        return;
    }
    (void)json_enter(j, '[');
    for (; json_item(j); json_skip(j)) {
        struct json_pull line = json_find(*j, "line"), ticks = json_find(*j, "ticks");
        if (line.at && ticks.at)
            add_ticks(x, node, json_number(&line), json_number(&ticks));
    }
}

void v8_lines_end(struct v8 *x)
{
    double *all = mem_array(x->tree.n + 1, sizeof *all), self[TREE_VALUES];
    for (size_t i = 0; i < x->n_lines; i++)
        all[x->lines[i].node] += x->lines[i].ticks;
    for (size_t i = 0; i < x->n_lines && !x->p->full; i++) {
        const struct v8_line *l = &x->lines[i];
        uint32_t function = x->tree.nodes[l->node].function;
        for (size_t v = 0; v < x->tree.n_values; v++)
            self[v] = tree_values(&x->tree, l->node)[v] * l->ticks / all[l->node];
        if (function < x->p->n)
            profile_line_add(x->p, profile_line(x->p, function, l->line), self, NULL);
    }
    profile_lines_without_total(x->p);
    free(all);
}

static const char *kind_of(const char *name)
{
    return str_eq(name, "(garbage collector)") ? "gc" : str_eq(name, "(program)") ? "native" : NULL;
}

/* The function of x->name and x->url. One without a name is known by where it begins, `line` from 0. */
static uint32_t function_of(struct v8 *x, double line)
{
    const char *url = strbuf_text(&x->url), *slash = strrchr(url, '/');
    if (str_starts(url, "file://"))
        url += strlen("file://");
    if (!x->name.len) {
        strbuf_str(&x->name, "(anonymous");
        if (*url && line >= 0 && line < 1e9)
            strbuf_printf(&x->name, " %.200s:%d", slash && slash[1] ? slash + 1 : url, (int)line + 1);
        strbuf_char(&x->name, ')');
    }
    const char *name = strbuf_text(&x->name);
    return profile_function(x->p, name, x->name.len, *url ? url : NULL, strlen(url), kind_of(name));
}

uint32_t v8_function(struct v8 *x, struct json_pull *frame)
{
    double line = -1;
    strbuf_clear(&x->name);
    strbuf_clear(&x->url);
    if (json_enter(frame, '{'))
        while (json_key(frame) && !json_is(frame, "children")) {
            if (json_is(frame, "functionName"))
                json_text(frame, &x->name);
            else if (json_is(frame, "url"))
                json_text(frame, &x->url);
            else if (json_is(frame, "lineNumber"))
                line = json_number(frame);
            else
                json_skip(frame);
        }
    return function_of(x, line);
}

/* One field of a node, but not what it calls. */
static void take_field(struct v8 *x, uint32_t node, struct json_pull *j)
{
    struct tree_node *n = &x->tree.nodes[node];
    if (json_is(j, "callFrame")) {
        n->function = v8_function(x, j);
    } else if (json_is(j, "functionName")) { /* of old files, before the children */
        struct json_pull whole = x->node;
        n->function = v8_function(x, &whole);
        json_skip(j);
    } else if (json_is(j, "hitCount")) {
        uint64_t hits = json_index(j);
        n->samples = hits < INT64_MAX ? (int64_t)hits : 0;
    } else if (json_is(j, "selfSize")) {
        double size = json_number(j);
        tree_values(&x->tree, node)[0] = isfinite(size) && size > 0 ? size : 0;
    } else if (json_is(j, "positionTicks")) {
        take_ticks(x, node, j);
    } else if (json_is(j, "id") && x->nested) {
        tree_identify(&x->tree, node, json_index(j));
    } else {
        json_skip(j);
    }
}

/* Its id alone: it may stand behind the other fields. */
static uint64_t id_of(struct json_pull node)
{
    struct json_pull id = json_find(node, "id");
    return id.at ? json_index(&id) : UINT64_MAX;
}

static void link_to(struct v8 *x, uint32_t child, uint32_t parent)
{
    if (child != UINT32_MAX && parent != UINT32_MAX && !x->tree.nodes[child].parent)
        x->tree.nodes[child].parent = parent + 1;
}

/* What the node calls, and what calls it, when all nodes are there. */
static void link_node(struct v8 *x, struct json_pull node, uint64_t base)
{
    uint32_t self = tree_find(&x->tree, base + id_of(node));
    if (!json_enter(&node, '{'))
        return;
    while (json_key(&node)) {
        if (json_is(&node, "children") && json_enter(&node, '[')) {
            while (json_item(&node))
                link_to(x, tree_find(&x->tree, base + json_index(&node)), self);
        } else if (json_is(&node, "parent")) {
            link_to(x, self, tree_find(&x->tree, base + json_index(&node)));
        } else if (!json_is(&node, "children")) {
            json_skip(&node);
        }
    }
}

void v8_list(struct v8 *x, struct json_pull nodes, uint64_t base)
{
    struct json_pull again = nodes;
    if (json_enter(&nodes, '['))
        while (json_item(&nodes) && !x->tree.full) {
            uint32_t node = tree_add(&x->tree, base + id_of(nodes));
            x->node = nodes;
            if (json_enter(&nodes, '{'))
                while (json_key(&nodes))
                    take_field(x, node, &nodes);
        }
    if (nodes.broken)
        x->tree.full = "its JSON is cut or broken";
    if (!x->tree.full && json_enter(&again, '['))
        for (; json_item(&again); json_skip(&again))
            link_node(x, again, base);
}

struct level {
    uint32_t node;
    bool inside; /* its list of children */
};

static void push(struct v8 *x, struct level **levels, size_t *n, size_t *cap, struct json_pull *j)
{
    uint32_t parent = *n ? (*levels)[*n - 1].node + 1 : 0;
    uint32_t node = tree_add(&x->tree, UINT64_MAX);
    x->node = *j;
    (void)json_enter(j, '{');
    x->tree.nodes[node].parent = parent;
    *levels = *n == *cap ? mem_grow(*levels, *n, cap, sizeof **levels) : *levels;
    (*levels)[(*n)++] = (struct level){.node = node};
}

void v8_nested(struct v8 *x, struct json_pull j)
{
    struct level *levels = NULL;
    size_t n = 0, cap = 0;
    x->nested = true;
    if (json_peek(&j) == '{')
        push(x, &levels, &n, &cap, &j);
    while (n && !x->tree.full) {
        struct level *l = &levels[n - 1];
        if (l->inside && !json_item(&j))
            l->inside = false;
        else if (l->inside && json_peek(&j) == '{')
            push(x, &levels, &n, &cap, &j);
        else if (l->inside)
            json_skip(&j);
        else if (!json_key(&j))
            n--;
        else if (json_is(&j, "children"))
            l->inside = json_enter(&j, '[');
        else
            take_field(x, l->node, &j);
    }
    free(levels);
    if (j.broken && !x->tree.full)
        x->tree.full = "its JSON is cut or broken";
}

void v8_tick(struct v8 *x, struct v8_clock *clock, uint32_t node, double delta)
{
    clock->elapsed += isfinite(delta) ? delta : 0;
    double at = MAX(clock->elapsed, clock->last); /* a clock that went back took no time away */
    if (clock->node)
        tree_values(&x->tree, clock->node - 1)[0] += (at - clock->last) * 1e3;
    clock->last = at;
    clock->node = node;
    if (node)
        x->tree.nodes[node - 1].samples = add_sat(x->tree.nodes[node - 1].samples, 1);
}

bool v8_samples(struct v8 *x, struct json_pull samples, struct json_pull times, struct json_pull lines,
                uint64_t base, struct v8_clock *clock)
{
    bool lined = lines.at && json_enter(&lines, '[');
    bool timed = times.at && json_enter(&times, '[');
    if (!samples.at || !json_enter(&samples, '['))
        return true;
    while (json_item(&samples)) {
        uint32_t node = tree_find(&x->tree, base + json_index(&samples));
        if (node == UINT32_MAX)
            return false;
        lined = lined && json_item(&lines);
        if (lined)
            add_ticks(x, node, json_number(&lines), 1);
        timed = timed && json_item(&times);
        double time = timed ? json_number(&times) : 0;
        v8_tick(x, clock, node + 1, x->absolute && timed ? time - clock->elapsed : time);
    }
    return !samples.broken;
}
