/* profile_records.c - a profile as the records of a batch, bounded: the largest functions and nodes. */
#include <stdlib.h>

#include "core/profiles/profile_lines.h"
#include "core/profiles/profile_part.h"
#include "format/profiles/profile_file.h"

/* Lines by function: those of function i are items[first[i]] to items[first[i + 1] - 1] of `order`. */
struct lines_by_function {
    uint32_t *first, *order;
};

static struct lines_by_function lines_sorted(const struct profile *p)
{
    struct lines_by_function l = {.first = mem_array(p->n + 2, sizeof *l.first)};
    size_t n = p->lines ? p->lines->n : 0;
    l.order = mem_array(n + 1, sizeof *l.order);
    for (size_t i = 0; i < n; i++)
        l.first[p->lines->items[i].function + 2]++;
    for (size_t i = 2; i <= p->n; i++)
        l.first[i] += l.first[i - 1];
    for (size_t i = 0; i < n; i++) /* first[i + 1] counts up to the first of i + 1 */
        l.order[l.first[p->lines->items[i].function + 1]++] = (uint32_t)i;
    return l;
}

struct function_lines {
    struct sd_ints lines;
    struct sd_reals self, total;
    int64_t *numbers;
    double *values;
};

static struct function_lines lines_of(const struct profile *p, const struct lines_by_function *l, uint32_t i)
{
    uint32_t n = l->first[i + 1] - l->first[i], types = (uint32_t)p->n_types;
    struct function_lines x = {.numbers = mem_array(n + 1, sizeof *x.numbers),
                               .values = mem_array(2 * n * types + 1, sizeof *x.values)};
    for (uint32_t k = 0; k < n; k++) {
        uint32_t line = l->order[l->first[i] + k];
        x.numbers[k] = p->lines->items[line].line;
        for (uint32_t t = 0; t < types; t++) {
            x.values[k * types + t] = profile_line_self(p, line, t);
            x.values[(n + k) * types + t] = profile_line_total(p, line, t);
        }
    }
    x.lines = (struct sd_ints){n, x.numbers};
    x.self = (struct sd_reals){n * types, x.values};
    x.total = (struct sd_reals){n * types, x.values + n * types};
    return x;
}

static bool add_function(const struct profile *p, uint32_t i, const struct lines_by_function *l,
                         const struct sd_host *host, struct sd_batch *b)
{
    const struct profile_function *f = &p->functions[i];
    struct function_lines lines = lines_of(p, l, i);
    bool has = lines.lines.n, totals = has && !isnan(lines.total.items[0]);
    const double *own = p->values + 2 * p->max_types * i;
    struct sd_reals self = {(uint32_t)p->n_types, own}, total = {(uint32_t)p->n_types, own + p->max_types};
    bool done = host->add(b, SD_PROFILE_FUNCTION,
                          &(struct sd_profile_function){
                              .name = f->name,
                              .module = f->module,
                              .kind = f->kind,
                              .self_samples = p->counted ? f->self_samples : SD_UNKNOWN,
                              .total_samples = p->counted ? f->total_samples : SD_UNKNOWN,
                              .self = &self,
                              .total = &total,
                              .file = f->file,
                              .lines = has ? &lines.lines : NULL,
                              .line_self = has ? &lines.self : NULL,
                              .line_total = totals ? &lines.total : NULL,
                          });
    free(lines.numbers);
    free(lines.values);
    return done;
}

static size_t function_bytes(const struct profile *p, const struct lines_by_function *l, uint32_t i)
{
    const struct profile_function *f = &p->functions[i];
    size_t lines = l->first[i + 1] - l->first[i], figures = 2 + 2 * lines;
    return sizeof(struct sd_profile_function) + 5 * sizeof(struct sd_reals) +
           (figures * p->n_types + lines) * sizeof(double) + strlen(f->name) +
           (f->module ? strlen(f->module) : 0) + (f->file ? strlen(f->file) : 0) + 32;
}

static bool add_profile(struct profile *p, const char *name, size_t kept, const struct sd_host *host,
                        struct sd_batch *b)
{
    size_t n = p->n_types;
    if (kept < p->n) {
        char *note =
            mem_printf("%zu of %zu functions, those with the least self, are left out.", p->n - kept, p->n);
        profile_say(p, note);
        free(note);
    }
    struct strbuf notes = {0};
    for (size_t i = 0; i < p->n_notes; i++)
        strbuf_printf(&notes, "%s%s", i ? " " : "", p->notes[i]);
    int64_t lines = (int64_t)p->stacks + p->skipped;
    bool done = host->add(b, SD_INTAKE,
                          &(struct sd_intake){.unit = "stacks",
                                              .total = lines,
                                              .unparsed = p->skipped,
                                              .bytes = SD_UNKNOWN,
                                              .reason = p->skipped ? "a line has no count at its end" : NULL,
                                              .note = notes.len ? strbuf_text(&notes) : NULL});
    strbuf_free(&notes);
    bool any = p->counted || !str_eq(p->format, "folded stacks");
    return done && host->add(b, SD_PROFILE,
                             &(struct sd_profile){
                                 .name = name,
                                 .format = p->format,
                                 .types = &(struct sd_texts){(uint32_t)n, p->types},
                                 .units = &(struct sd_texts){(uint32_t)n, p->units},
                                 .values = &(struct sd_reals){(uint32_t)n, p->sums},
                                 .type = n ? p->types[p->chosen] : NULL,
                                 .samples = any ? p->samples : SD_UNKNOWN,
                                 .lost = p->lost,
                                 .truncated_share = p->truncated_share,
                                 .began = p->at,
                                 .duration_ns = p->duration_ns,
                                 .functions = (int64_t)p->n,
                                 .left_out = (int64_t)(p->n - kept),
                                 .series = p->series,
                             });
}

/* ---- the tree ---- */

/* The lists of the record. */
struct tree_lists {
    int64_t *parents, *functions, *samples, *cut_n;
    double *self, *cut;
    uint32_t n;
};

static struct tree_lists lists_new(size_t n, size_t types)
{
    return (struct tree_lists){.parents = mem_array(n + 1, sizeof(int64_t)),
                               .functions = mem_array(n + 1, sizeof(int64_t)),
                               .samples = mem_array(n + 1, sizeof(int64_t)),
                               .cut_n = mem_array(n + 1, sizeof(int64_t)),
                               .self = mem_array(n + 1, types * sizeof(double)),
                               .cut = mem_array(n + 1, types * sizeof(double))};
}

static void lists_free(struct tree_lists *l)
{
    free(l->parents);
    free(l->functions);
    free(l->samples);
    free(l->cut_n);
    free(l->self);
    free(l->cut);
}

static void add_values(double *to, const double *from, size_t types)
{
    for (size_t t = 0; t < types; t++)
        to[t] += from[t];
}

/* Node i and, when it is left out, what is lost of its parent. `number`: of each node in the lists + 1;
 * the root's lists are item 0. */
static void list_node(const struct profile *p, size_t i, bool kept, const uint32_t *function,
                      uint32_t *number, struct tree_lists *l)
{
    size_t types = p->n_types, parent = number[p->nodes[i].parent];
    if (!kept && number[p->nodes[i].parent] != UINT32_MAX) {
        l->cut_n[parent]++;
        add_values(l->cut + types * parent, p->node_total + p->max_types * i, types);
    }
    number[i] = kept ? ++l->n : UINT32_MAX;
    if (!kept)
        return;
    l->parents[l->n] = (int64_t)parent - 1;
    l->functions[l->n] = function[p->nodes[i].function];
    l->samples[l->n] = p->node_samples[i];
    add_values(l->self + types * l->n, p->node_self + p->max_types * i, types);
}

/* What had no nodes when it was read. */
static void list_cut(const struct profile *p, const uint32_t *number, struct tree_lists *l)
{
    for (size_t i = 0; p->node_cut && i < p->n_nodes; i++) {
        if (number[i] == UINT32_MAX)
            continue;
        l->cut_n[number[i]] += p->node_cut_n[i];
        add_values(l->cut + p->n_types * number[i], p->node_cut + p->max_types * i, p->n_types);
    }
}

/* The parts: what ends in a node that is left out ends in the nearest one above it. */
struct part_lists {
    const char **keys, **values;
    int64_t *part, *node, *samples;
    double *self;
    uint32_t n_parts, n;
};

enum { PART_BYTES_OF = 4 }; /* of a batch's bytes, one in so many for them */

static struct part_lists parts_new(const struct profile *p, const uint32_t *number, size_t max_bytes)
{
    const struct profile_parts *x = p->parts;
    size_t parts = x ? x->n : 0, n = x ? x->n_of : 0, types = p->n_types;
    n = MIN(n, max_bytes / PART_BYTES_OF / (3 * sizeof(int64_t) + types * sizeof(double)));
    struct part_lists l = {.keys = mem_array(parts + 1, sizeof *l.keys),
                           .values = mem_array(parts + 1, sizeof *l.values),
                           .part = mem_array(n + 1, sizeof *l.part),
                           .node = mem_array(n + 1, sizeof *l.node),
                           .samples = mem_array(n + 1, sizeof *l.samples),
                           .self = mem_array(n + 1, types * sizeof *l.self),
                           .n_parts = (uint32_t)parts,
                           .n = (uint32_t)n};
    for (size_t i = 0; i < parts; i++) {
        l.keys[i] = x->items[i].key;
        l.values[i] = x->items[i].value;
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t node = x->of[i].node;
        while (node && number[node] == UINT32_MAX)
            node = p->nodes[node].parent;
        l.part[i] = x->of[i].part;
        l.node[i] = node ? (int64_t)number[node] - 1 : -1;
        l.samples[i] = x->of[i].samples;
        memcpy(l.self + types * i, x->values + p->max_types * i, types * sizeof *l.self);
    }
    return l;
}

static void parts_free(struct part_lists *l)
{
    free(l->keys);
    free(l->values);
    free(l->part);
    free(l->node);
    free(l->samples);
    free(l->self);
}

/* `function`: number of each in the batch. */
static bool add_tree(const struct profile *p, const uint8_t *kept, size_t n, const uint32_t *function,
                     size_t max_bytes, const struct sd_host *host, struct sd_batch *b)
{
    struct tree_lists l = lists_new(n, p->n_types);
    uint32_t *number = mem_array(p->n_nodes, sizeof *number), types = (uint32_t)p->n_types;
    for (size_t i = 1; i < p->n_nodes; i++)
        list_node(p, i, kept[i], function, number, &l);
    list_cut(p, number, &l);
    struct sd_ints parents = {l.n, l.parents + 1}, functions = {l.n, l.functions + 1},
                   samples = {l.n, l.samples + 1}, cut_n = {l.n, l.cut_n + 1};
    struct sd_reals self = {l.n * types, l.self + types}, cut = {l.n * types, l.cut + types},
                    root_cut = {types, l.cut};
    struct part_lists parts = parts_new(p, number, max_bytes);
    struct sd_texts keys = {parts.n_parts, parts.keys}, values = {parts.n_parts, parts.values};
    struct sd_ints part = {parts.n, parts.part}, node = {parts.n, parts.node}, of = {parts.n, parts.samples};
    struct sd_reals of_self = {parts.n * types, parts.self};
    bool done = host->add(b, SD_PROFILE_TREE,
                          &(struct sd_profile_tree){
                              .parents = &parents,
                              .functions = &functions,
                              .samples = p->counted ? &samples : NULL,
                              .self = &self,
                              .cut_n = &cut_n,
                              .cut = &cut,
                              .root_cut = &root_cut,
                              .root_cut_n = l.cut_n[0],
                              .part_keys = parts.n ? &keys : NULL,
                              .part_values = parts.n ? &values : NULL,
                              .of_part = parts.n ? &part : NULL,
                              .of_node = parts.n ? &node : NULL,
                              .of_samples = parts.n && p->counted ? &of : NULL,
                              .of_self = parts.n ? &of_self : NULL,
                          });
    parts_free(&parts);
    lists_free(&l);
    free(number);
    return done;
}

/* Nodes that `bytes` hold. */
static size_t nodes_in(const struct profile *p, size_t bytes)
{
    return bytes / (4 * sizeof(int64_t) + 2 * p->n_types * sizeof(double));
}

/* What goes into the batch: of each node and function 1 or 0. */
struct chosen {
    uint8_t *nodes, *functions;
    size_t n_nodes, n_functions;
};

/* The functions of the nodes; bytes of them. */
static size_t choose_called(const struct profile *p, const struct lines_by_function *l, struct chosen *c)
{
    size_t bytes = 0;
    for (size_t i = 1; i < p->n_nodes; i++) {
        uint32_t f = p->nodes[i].function;
        c->n_nodes += c->nodes[i];
        if (!c->nodes[i] || c->functions[f])
            continue;
        c->functions[f] = 1;
        c->n_functions++;
        bytes += function_bytes(p, l, f);
    }
    return bytes;
}

/* The largest nodes with their functions, then the functions with the largest self. */
static struct chosen choose_largest(const struct profile *p, const struct lines_by_function *l,
                                    const uint32_t *order, size_t max_bytes)
{
    struct chosen c;
    size_t bytes;
    for (size_t most = nodes_in(p, max_bytes / 2);; most /= 2) {
        c = (struct chosen){.nodes = profile_largest_nodes(p, most), .functions = mem_array(p->n + 1, 1)};
        bytes = choose_called(p, l, &c);
        if (bytes <= max_bytes / 2)
            break;
        free(c.nodes);
        free(c.functions);
    }
    for (size_t i = 0; i < p->n; i++) {
        if (c.functions[order[i]])
            continue;
        if ((bytes += function_bytes(p, l, order[i])) > max_bytes / 2)
            break;
        c.functions[order[i]] = 1;
        c.n_functions++;
    }
    return c;
}

bool profile_records(struct profile *p, const char *name, size_t max_bytes, const struct sd_host *host,
                     struct sd_batch *b)
{
    profile_finish(p);
    uint32_t *order = profile_order(p), *function = mem_array(p->n + 1, sizeof *function), added = 0;
    struct lines_by_function lines = lines_sorted(p);
    struct chosen c = choose_largest(p, &lines, order, max_bytes);
    if (p->parts && p->parts->full)
        profile_say(p, "There are more threads, containers or labels than can be kept: some are left out.");
    bool done = add_profile(p, name, c.n_functions, host, b);
    for (size_t i = 0; i < p->n && done; i++)
        if (c.functions[order[i]]) {
            function[order[i]] = added++;
            done = add_function(p, order[i], &lines, host, b);
        }
    done = done && (!c.n_nodes || add_tree(p, c.nodes, c.n_nodes, function, max_bytes, host, b));
    free(lines.first);
    free(lines.order);
    free(order);
    free(function);
    free(c.nodes);
    free(c.functions);
    return done;
}
