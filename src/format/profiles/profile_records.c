/* profile_records.c - a profile as the records of a batch, bounded: the largest functions and nodes. */
#include <stdlib.h>

#include "format/profiles/profile_file.h"

static bool add_function(const struct profile *p, uint32_t i, const struct sd_host *host, struct sd_batch *b)
{
    const struct profile_function *f = &p->functions[i];
    const double *own = p->values + 2 * p->max_types * i;
    struct sd_reals self = {(uint32_t)p->n_types, own}, total = {(uint32_t)p->n_types, own + p->max_types};
    return host->add(b, SD_PROFILE_FUNCTION,
                     &(struct sd_profile_function){
                         .name = f->name,
                         .module = f->module,
                         .kind = f->kind,
                         .self_samples = p->counted ? f->self_samples : SD_UNKNOWN,
                         .total_samples = p->counted ? f->total_samples : SD_UNKNOWN,
                         .self = &self,
                         .total = &total,
                     });
}

static size_t function_bytes(const struct profile *p, uint32_t i)
{
    const struct profile_function *f = &p->functions[i];
    return sizeof(struct sd_profile_function) + 2 * (sizeof(struct sd_reals) + p->n_types * sizeof(double)) +
           strlen(f->name) + (f->module ? strlen(f->module) : 0) + 32;
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

/* `function`: number of each in the batch. */
static bool add_tree(const struct profile *p, const uint8_t *kept, size_t n, const uint32_t *function,
                     const struct sd_host *host, struct sd_batch *b)
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
                          });
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
static size_t choose_called(const struct profile *p, struct chosen *c)
{
    size_t bytes = 0;
    for (size_t i = 1; i < p->n_nodes; i++) {
        uint32_t f = p->nodes[i].function;
        c->n_nodes += c->nodes[i];
        if (!c->nodes[i] || c->functions[f])
            continue;
        c->functions[f] = 1;
        c->n_functions++;
        bytes += function_bytes(p, f);
    }
    return bytes;
}

/* The largest nodes with their functions, then the functions with the largest self. */
static struct chosen choose_largest(const struct profile *p, const uint32_t *order, size_t max_bytes)
{
    struct chosen c;
    size_t bytes;
    for (size_t most = nodes_in(p, max_bytes / 2);; most /= 2) {
        c = (struct chosen){.nodes = profile_largest_nodes(p, most), .functions = mem_array(p->n + 1, 1)};
        bytes = choose_called(p, &c);
        if (bytes <= max_bytes / 2)
            break;
        free(c.nodes);
        free(c.functions);
    }
    for (size_t i = 0; i < p->n; i++) {
        if (c.functions[order[i]])
            continue;
        if ((bytes += function_bytes(p, order[i])) > max_bytes / 2)
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
    struct chosen c = choose_largest(p, order, max_bytes);
    bool done = add_profile(p, name, c.n_functions, host, b);
    for (size_t i = 0; i < p->n && done; i++)
        if (c.functions[order[i]]) {
            function[order[i]] = added++;
            done = add_function(p, order[i], host, b);
        }
    for (size_t i = 0; i < p->n_holders && done; i++)
        done = host->add(b, SD_PROFILE_HOLDER, &p->holders[i]);
    done = done && (!c.n_nodes || add_tree(p, c.nodes, c.n_nodes, function, host, b));
    free(order);
    free(function);
    free(c.nodes);
    free(c.functions);
    return done;
}
