/* heapsnapshot.c - V8's heap snapshots: objects by what they are, with what they alone keep from being freed.
 */
#include "format/profiles/profile_file.h"

#include <stdlib.h>

#include "format/profiles/dominators.h"
#include "format/profiles/heap_holders.h"
#include "format/json_pull.h"

enum {
    NODES_MAX = 4 << 20,
    EDGES_MAX = 12 << 20,
    STRINGS_MAX = 6 << 20,
    FIELDS_MAX = 16, /* of a node, of an edge */
    TYPES_MAX = 64,
    DETACHED = 2,     /* of "detachedness" */
    DEPTH_MAX = 1000, /* holders above each other that are told apart */
};

/* What a type of node or edge is for this reader. */
enum { OF_NAME, OF_TYPE, WEAK, SHORTCUT, STRONG };

struct heap {
    struct profile *p;
    /* Where the fields stand, of how many. */
    size_t node_fields, edge_fields, type, name, size, edge_count, edge_type, to_node;
    size_t id, detached, edge_name; /* SIZE_MAX: not there */
    unsigned char node_rule[TYPES_MAX], edge_rule[TYPES_MAX], node_type[TYPES_MAX];
    bool edge_named[TYPES_MAX];
    char *type_names[TYPES_MAX]; /* "(closure)" */
    uint32_t n_nodes, n_edges, n_strings;
    unsigned char *types;                 /* of nodes */
    uint32_t *names, *sizes, *first, *to; /* of nodes, of nodes, of nodes, of edges */
    uint64_t *ids;                        /* of nodes; NULL: it has none */
    unsigned char *is_detached;           /* of nodes; NULL: it does not say */
    uint32_t *edge_names;                 /* of edges, strings + 1; 0: an item, or none */
    uint32_t *property, *referrer;        /* of nodes: by which name of which node they are held, or 0 */
    uint32_t *node_functions;
    uint32_t *strings; /* where each stands in the text, in bytes */
    const char *text, *end;
    uint32_t *functions; /* of strings, + 1 */
    uint32_t *type_functions;
    struct strbuf buf;
    const char *problem;
};

static bool refuse(struct heap *h, const char *problem)
{
    h->problem = h->problem ? h->problem : problem;
    return false;
}

static const char BROKEN[] = "its JSON is cut or broken";
static const char NO_META[] = "it does not describe its nodes and edges";

/* ---- what it says of itself ---- */

/* Numbers of the fields that are wanted; those that are missing stay SIZE_MAX. */
static size_t read_fields(struct heap *h, struct json_pull list, const char *const *names,
                          size_t *const *places)
{
    size_t n = 0;
    for (size_t i = 0; names[i]; i++)
        *places[i] = SIZE_MAX;
    if (!list.at || !json_enter(&list, '['))
        return 0;
    for (; json_item(&list); n++) {
        json_text(&list, &h->buf);
        int i = str_find(names, strbuf_text(&h->buf));
        if (i >= 0)
            *places[i] = n;
    }
    return n <= FIELDS_MAX ? n : 0;
}

/* The first item of "node_types" or "edge_types" lists the types. */
static void read_types(struct heap *h, struct json_pull list, bool nodes)
{
    if (!list.at || !json_enter(&list, '[') || !json_item(&list) || !json_enter(&list, '['))
        return;
    for (size_t i = 0; json_item(&list); i++) {
        json_text(&list, &h->buf);
        const char *t = strbuf_text(&h->buf);
        if (i >= TYPES_MAX)
            continue;
        if (!nodes) {
            h->edge_named[i] = str_eq(t, "property") || str_eq(t, "context");
            h->edge_rule[i] = str_eq(t, "weak") ? WEAK : str_eq(t, "shortcut") ? SHORTCUT : STRONG;
            continue;
        }
        h->node_rule[i] =
            str_eq(t, "object") || str_eq(t, "native") || str_eq(t, "synthetic") ? OF_NAME : OF_TYPE;
        h->node_type[i] = str_eq(t, "object") || str_eq(t, "native") ? HEAP_OBJECT
                          : str_eq(t, "array")                       ? HEAP_STORE
                          : str_eq(t, "closure")                     ? HEAP_CLOSURE
                          : str_eq(t, "synthetic")                   ? HEAP_ROOT
                                                                     : HEAP_OTHER;
        free(h->type_names[i]);
        h->type_names[i] = str_eq(t, "code")     ? mem_strdup("(compiled code)")
                           : str_eq(t, "hidden") ? mem_strdup("(system)")
                                                 : mem_printf("(%.60s)", t);
    }
}

static bool read_meta(struct heap *h, struct json_pull snapshot)
{
    static const char *const node[] = {"type", "name", "self_size", "edge_count", "id", "detachedness", NULL};
    static const char *const edge[] = {"type", "to_node", "name_or_index", NULL};
    struct json_pull meta = snapshot.at ? json_find(snapshot, "meta") : snapshot;
    if (!meta.at)
        return refuse(h, NO_META);
    h->node_fields =
        read_fields(h, json_find(meta, "node_fields"), node,
                    (size_t *const[]){&h->type, &h->name, &h->size, &h->edge_count, &h->id, &h->detached});
    h->edge_fields = read_fields(h, json_find(meta, "edge_fields"), edge,
                                 (size_t *const[]){&h->edge_type, &h->to_node, &h->edge_name});
    read_types(h, json_find(meta, "node_types"), true);
    read_types(h, json_find(meta, "edge_types"), false);
    bool all = h->node_fields && h->edge_fields && h->type != SIZE_MAX && h->name != SIZE_MAX &&
               h->size != SIZE_MAX && h->edge_count != SIZE_MAX && h->edge_type != SIZE_MAX &&
               h->to_node != SIZE_MAX && h->type_names[0];
    return all || refuse(h, NO_META);
}

/* ---- nodes, edges, strings ---- */

/* The next item of a list of numbers, cut into rows of n; false at its end. */
static bool read_row(struct json_pull *j, size_t n, uint64_t row[FIELDS_MAX])
{
    for (size_t i = 0; i < n; i++) {
        if (!json_item(j))
            return false;
        row[i] = json_index(j);
    }
    return true;
}

static bool read_nodes(struct heap *h, struct json_pull nodes)
{
    uint64_t row[FIELDS_MAX], edges = 0;
    size_t cap_types = 0, cap_names = 0, cap_sizes = 0, cap_first = 0, cap_ids = 0, cap_detached = 0;
    if (!nodes.at || !json_enter(&nodes, '['))
        return refuse(h, "it has no nodes");
    while (read_row(&nodes, h->node_fields, row)) {
        uint32_t n = h->n_nodes;
        if (n == NODES_MAX)
            return refuse(h, "it has more than 4,194,304 objects");
        if (row[h->type] >= TYPES_MAX || !h->type_names[row[h->type]] || row[h->name] > UINT32_MAX ||
            row[h->edge_count] > EDGES_MAX)
            return refuse(h, "an object in it has an unknown type, or too many references");
        h->types = n == cap_types ? mem_grow(h->types, n, &cap_types, sizeof *h->types) : h->types;
        h->names = n == cap_names ? mem_grow(h->names, n, &cap_names, sizeof *h->names) : h->names;
        h->sizes = n == cap_sizes ? mem_grow(h->sizes, n, &cap_sizes, sizeof *h->sizes) : h->sizes;
        h->first = n + 2 >= cap_first ? mem_grow(h->first, n + 2, &cap_first, sizeof *h->first) : h->first;
        if (h->detached != SIZE_MAX) {
            h->is_detached =
                n == cap_detached ? mem_grow(h->is_detached, n, &cap_detached, 1) : h->is_detached;
            h->is_detached[n] = row[h->detached] == DETACHED;
        }
        if (h->id != SIZE_MAX) {
            h->ids = n == cap_ids ? mem_grow(h->ids, n, &cap_ids, sizeof *h->ids) : h->ids;
            h->ids[n] = row[h->id];
        }
        h->types[n] = (unsigned char)row[h->type];
        h->names[n] = (uint32_t)row[h->name];
        h->sizes[n] = (uint32_t)MIN(row[h->size], (uint64_t)UINT32_MAX);
        h->first[n] = (uint32_t)edges;
        edges += row[h->edge_count];
        if (edges > EDGES_MAX)
            return refuse(h, "it has more than 12,582,912 references");
        h->first[n + 1] = (uint32_t)edges;
        h->n_nodes++;
    }
    return nodes.broken ? refuse(h, BROKEN) : h->n_nodes > 0 || refuse(h, "it has no nodes");
}

static bool read_edges(struct heap *h, struct json_pull edges)
{
    uint64_t row[FIELDS_MAX];
    uint32_t n = h->first[h->n_nodes], from = 0;
    h->to = mem_array((size_t)n + 1, sizeof *h->to);
    if (h->edge_name != SIZE_MAX && h->ids)
        h->edge_names = mem_array((size_t)n + 1, sizeof *h->edge_names);
    if (!edges.at || !json_enter(&edges, '['))
        return refuse(h, "it has no references");
    for (; h->n_edges < n && read_row(&edges, h->edge_fields, row); h->n_edges++) {
        while (h->first[from + 1] <= h->n_edges)
            from++;
        uint64_t to = row[h->to_node] / h->node_fields;
        if (to >= h->n_nodes || row[h->edge_type] >= TYPES_MAX)
            return refuse(h, "a reference in it is to an object that does not exist");
        unsigned char rule = h->edge_rule[row[h->edge_type]];
        bool holds = rule != WEAK && !(rule == SHORTCUT && !from);
        h->to[h->n_edges] = holds ? (uint32_t)to : UINT32_MAX;
        if (h->edge_names && holds && h->edge_named[row[h->edge_type]] && row[h->edge_name] < UINT32_MAX - 1)
            h->edge_names[h->n_edges] = (uint32_t)row[h->edge_name] + 1;
    }
    return (!edges.broken && h->n_edges == n) || refuse(h, "it has fewer references than its objects say");
}

static bool read_strings(struct heap *h, struct json_pull strings)
{
    size_t cap = 0;
    if (!strings.at || !json_enter(&strings, '['))
        return refuse(h, "it has no names");
    for (; json_item(&strings); json_skip(&strings)) {
        if (h->n_strings == STRINGS_MAX)
            return refuse(h, "it has more than 6,291,456 names");
        h->strings =
            h->n_strings == cap ? mem_grow(h->strings, h->n_strings, &cap, sizeof *h->strings) : h->strings;
        h->strings[h->n_strings++] = (uint32_t)(strings.at - h->text);
    }
    h->functions = mem_array((size_t)h->n_strings + 1, sizeof *h->functions);
    h->type_functions = mem_array(TYPES_MAX, sizeof *h->type_functions);
    return !strings.broken || refuse(h, BROKEN);
}

/* ---- what it is ---- */

static const char *node_name(struct heap *h, uint32_t node)
{
    const char *at = h->text + h->strings[h->names[node]];
    struct json_pull j = json_pull(at, (size_t)(h->end - at));
    json_text(&j, &h->buf);
    return strbuf_text(&h->buf);
}

/* An element of a page that is in no page any more. */
static uint32_t detached_function(struct heap *h, uint32_t node)
{
    static const char prefix[] = "Detached ";
    const char *name = node_name(h, node);
    char *text = mem_printf("%s%s", str_starts(name, prefix) ? "" : prefix, name);
    uint32_t f = profile_function(h->p, text, strlen(text), NULL, 0, NULL);
    free(text);
    return f;
}

/* Objects stand by their constructor, all others by their type. */
static uint32_t function_of(struct heap *h, uint32_t node)
{
    unsigned char type = h->types[node];
    bool named = h->node_rule[type] == OF_NAME && h->names[node] < h->n_strings;
    if (named && h->is_detached && h->is_detached[node])
        return detached_function(h, node);
    uint32_t *known = named ? &h->functions[h->names[node]] : &h->type_functions[type];
    if (*known)
        return *known - 1;
    const char *name = h->type_names[type];
    size_t len = strlen(name);
    if (named) {
        node_name(h, node);
        name = h->buf.len ? strbuf_text(&h->buf) : name;
        len = h->buf.len ? h->buf.len : len;
    }
    uint32_t f = profile_function(h->p, name, len, NULL, 0, NULL);
    *known = f + 1;
    return f;
}

struct place {
    uint32_t node; /* of the profile */
    uint16_t depth;
};

/* What holds an object is above it, but of things of one kind in a row, as in a list, only the first. */
static struct place place_below(struct heap *h, struct place above, uint32_t function)
{
    struct profile *p = h->p;
    if (above.node && p->nodes[above.node].function == function)
        return above;
    /* What is deeper than is told apart stands beside what holds it. */
    bool deep = above.depth == DEPTH_MAX;
    uint32_t parent = deep ? p->nodes[above.node].parent : above.node;
    struct place at = {.node = profile_below(p, parent, function),
                       .depth = (uint16_t)(deep ? DEPTH_MAX : above.depth + 1)};
    if (at.node == PROFILE_NO_NODE) /* no room: directly in the heap */
        at = (struct place){.node = profile_below(p, 0, function), .depth = 1};
    if (at.node == PROFILE_NO_NODE)
        refuse(h, "its objects hold each other in more ways than can be kept");
    return at;
}

/* Figures by node of the profile, so that each is given once. */
static void give(struct heap *h, const uint32_t *nodes)
{
    double *sums = mem_array(2 * h->p->n_nodes + 2, sizeof *sums);
    for (uint32_t i = 1; i < h->n_nodes; i++) {
        sums[2 * (size_t)nodes[i]]++;
        sums[2 * (size_t)nodes[i] + 1] += h->sizes[i];
    }
    for (size_t i = 1; i < h->p->n_nodes; i++)
        if (sums[2 * i] > 0)
            profile_ends(h->p, (uint32_t)i, 1, 0, sums + 2 * i);
    free(sums);
}

/* ---- what holds much ---- */

/* By which name each is referred to: by what holds it, otherwise by the first that does. */
static void find_properties(struct heap *h, const uint32_t *holder)
{
    h->property = mem_array(h->n_nodes, sizeof *h->property);
    h->referrer = mem_array(h->n_nodes, sizeof *h->referrer);
    for (uint32_t from = 0; from < h->n_nodes; from++)
        for (uint32_t e = h->first[from]; e < h->first[from + 1]; e++) {
            uint32_t to = h->to[e];
            if (!h->edge_names[e] || holder[from] == to || /* what it holds itself does not keep it */
                (h->property[to] && (holder[to] != from || h->referrer[to] == from)))
                continue;
            h->property[to] = h->edge_names[e];
            h->referrer[to] = from;
        }
}

static enum heap_type type_at(const void *heap, uint32_t node)
{
    const struct heap *h = heap;
    return (enum heap_type)h->node_type[h->types[node]];
}

static const char *property_at(void *heap, uint32_t node, uint32_t *by)
{
    struct heap *h = heap;
    uint32_t string = h->property[node];
    *by = h->referrer[node];
    if (!string || string > h->n_strings)
        return NULL;
    const char *at = h->text + h->strings[string - 1];
    struct json_pull j = json_pull(at, (size_t)(h->end - at));
    json_text(&j, &h->buf);
    return h->buf.len ? strbuf_text(&h->buf) : NULL;
}

static void find_holders(struct heap *h, const uint32_t *holder, const uint32_t *order)
{
    if (!h->edge_names)
        return;
    find_properties(h, holder);
    heap_holders(&(struct heap_objects){.n = h->n_nodes,
                                        .holder = holder,
                                        .order = order,
                                        .sizes = h->sizes,
                                        .ids = h->ids,
                                        .functions = h->node_functions,
                                        .type = type_at,
                                        .property = property_at,
                                        .ctx = h},
                 h->p);
}

static bool read_heap(struct heap *h)
{
    struct graph g = {.n = h->n_nodes, .first = h->first, .to = h->to};
    uint32_t *order, *holder = dominators(&g, &order), *nodes = mem_array(h->n_nodes, sizeof *nodes);
    uint16_t *depth = mem_array(h->n_nodes, sizeof *depth);
    h->node_functions = mem_array(h->n_nodes, sizeof *h->node_functions);
    for (uint32_t i = 0; i < h->n_nodes && !h->problem; i++) {
        uint32_t node = order[i];
        if (!node) /* the root is none of the program's */
            continue;
        struct place above = {.node = nodes[holder[node]], .depth = depth[holder[node]]};
        h->node_functions[node] = function_of(h, node);
        struct place at = place_below(h, above, h->node_functions[node]);
        nodes[node] = at.node;
        depth[node] = at.depth;
        if (h->p->full)
            refuse(h, h->p->full);
    }
    if (!h->problem) {
        give(h, nodes);
        find_holders(h, holder, order);
    }
    free(depth);
    free(nodes);
    free(holder);
    free(order);
    return !h->problem;
}

static bool read_file(struct heap *h, struct json_pull file)
{
    struct json_pull j = file, snapshot = {0}, nodes = {0}, edges = {0}, strings = {0};
    if (json_enter(&j, '{'))
        while (json_key(&j)) {
            if (json_is(&j, "snapshot"))
                snapshot = j;
            else if (json_is(&j, "nodes"))
                nodes = j;
            else if (json_is(&j, "edges"))
                edges = j;
            else if (json_is(&j, "strings"))
                strings = j;
            json_skip(&j);
        }
    if (j.broken)
        return refuse(h, BROKEN);
    return read_meta(h, snapshot) && read_nodes(h, nodes) && read_edges(h, edges) &&
           read_strings(h, strings) && read_heap(h);
}

struct profile *heapsnapshot_read(const void *text, size_t len, struct sd_error *err)
{
    struct heap h = {.p = profile_new("V8 heap snapshot", 2), .text = text, .end = (const char *)text + len};
    h.p->samples = SD_UNKNOWN;
    profile_type(h.p, "inuse_objects", "count");
    h.p->chosen = profile_type(h.p, "inuse_space", "bytes");
    if (read_file(&h, json_pull(text, len)))
        profile_say(h.p,
                    "Total is what would be freed with it; above each kind of object stands what holds it.");
    free(h.types);
    free(h.names);
    free(h.sizes);
    free(h.first);
    free(h.to);
    free(h.ids);
    free(h.is_detached);
    free(h.edge_names);
    free(h.property);
    free(h.referrer);
    free(h.node_functions);
    free(h.strings);
    free(h.functions);
    free(h.type_functions);
    for (size_t i = 0; i < TYPES_MAX; i++)
        free(h.type_names[i]);
    strbuf_free(&h.buf);
    return profile_read_end(h.p, h.problem, err);
}

bool heapsnapshot_like(const void *head, size_t len)
{
    static const char *const keys[] = {"snapshot", "meta", "node_fields", "edge_fields", NULL};
    return json_names(head, len, keys);
}
