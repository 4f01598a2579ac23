#include "view/bundles/bundle_boxes.h"

#include <stdlib.h>
#include <string.h>

#include "core/bundles/duplicates.h"
#include "core/name_index.h"

enum level { LEVEL_ROOT, LEVEL_TOP, LEVEL_PACKAGE, LEVEL_FOLDER, LEVEL_MODULE };

struct node {
    const char *label;
    const char *key; /* what tells it from its siblings, `len` bytes */
    size_t len;
    const char *path;    /* of a module: where it leads, and what is copied */
    double weight, self; /* with what is in it, and without */
    uint64_t id;
    uint32_t parent, children, first, only; /* `only`: the child that came last */
    uint32_t inside;
    int depth;
    uint8_t level, colour, severity;
    bool gone; /* its children are its parent's */
};

struct bundle_boxes {
    const struct shown_build *x;
    struct arena *a;
    enum bundle_colour colour;
    int levels;
    struct node *nodes; /* 0: the whole */
    size_t n, cap;
    struct slot {
        uint32_t node, hash; /* node 0: free. The hash spares a look at the node, which is not in the cache */
    } * slots;               /* of nodes but those of modules */
    size_t n_slots, n_keyed;
    uint32_t *order; /* of the nodes in each, heaviest first */
    size_t without;
    struct name_index doubled; /* packages that are there more than once */
    struct name_index changed; /* modules by their place in the comparison */
};

/* ---- nodes by parent and label ---- */

static uint64_t key_of(uint32_t parent, const char *label, size_t len)
{
    uint64_t h = (str_hash(label, len) ^ ((uint64_t)parent << 32 | parent)) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 32;
}

static struct slot *slot_of(struct bundle_boxes *b, uint32_t hash, uint32_t parent, const char *label,
                            size_t len)
{
    size_t i = hash & (b->n_slots - 1);
    for (; b->slots[i].node; i = (i + 1) & (b->n_slots - 1)) {
        if (b->slots[i].hash != hash)
            continue;
        const struct node *x = &b->nodes[b->slots[i].node];
        if (x->parent == parent && x->len == len && !memcmp(x->key, label, len))
            break;
    }
    return &b->slots[i];
}

static void grow_slots(struct bundle_boxes *b)
{
    struct slot *old = b->slots;
    size_t n = b->n_slots;
    b->n_slots = n ? 4 * n : 4096;
    b->slots = mem_array(b->n_slots, sizeof *b->slots);
    for (size_t k = 0; k < n; k++) {
        size_t i = old[k].hash & (b->n_slots - 1);
        while (old[k].node && b->slots[i].node)
            i = (i + 1) & (b->n_slots - 1);
        if (old[k].node)
            b->slots[i] = old[k];
    }
    free(old);
}

/* A new node. The label may end before its text does. */
static uint32_t node_add(struct bundle_boxes *b, uint32_t parent, const char *label, size_t len,
                         enum level level)
{
    b->nodes = mem_grow(b->nodes, b->n, &b->cap, sizeof *b->nodes);
    b->nodes[b->n] = (struct node){.label = label[len] ? arena_strndup(b->a, label, len) : label,
                                   .key = label,
                                   .len = len,
                                   .parent = parent,
                                   .level = (uint8_t)level};
    b->nodes[parent].children++;
    b->nodes[parent].only = (uint32_t)b->n;
    return (uint32_t)b->n++;
}

/* The node of that label in `parent`, made when there is none. */
static uint32_t node_in(struct bundle_boxes *b, uint32_t parent, const char *label, size_t len,
                        enum level level)
{
    if (2 * (b->n_keyed + 1) > b->n_slots)
        grow_slots(b);
    uint32_t hash = (uint32_t)key_of(parent, label, len);
    struct slot *slot = slot_of(b, hash, parent, label, len);
    if (slot->node)
        return slot->node;
    b->n_keyed++;
    *slot = (struct slot){.node = node_add(b, parent, label, len, level), .hash = hash};
    return slot->node;
}

/* ---- how they look ---- */

enum { PLAIN, LIGHTER, MOVED = 2, ADDED = 4, HEAVIER = 5, PATTERNS = 6 };

static uint8_t type_colour(const char *path)
{
    static const char *const types[][6] = {{"js", "mjs", "cjs", NULL},
                                           {"ts", "tsx", "mts", NULL},
                                           {"jsx", "vue", "svelte", NULL},
                                           {"css", "scss", "less", "sass", NULL},
                                           {"json", NULL}};
    const char *dot = strrchr(path, '.');
    for (uint8_t i = 0; dot && i < ARRAY_LEN(types); i++)
        if (str_find(types[i], dot + 1) >= 0)
            return i;
    return PATTERNS - 1;
}

static uint8_t change_colour(const struct bundle_pair *p)
{
    switch (p ? p->change : BUNDLE_SAME) {
    case BUNDLE_ADDED:
        return ADDED;
    case BUNDLE_GROWN:
        return HEAVIER;
    case BUNDLE_SHRUNK:
    case BUNDLE_REMOVED:
        return LIGHTER;
    default:
        return p && p->moved ? MOVED : PLAIN;
    }
}

static uint8_t package_colour(const char *package)
{
    return package ? (uint8_t)(1 + str_hash(package, strlen(package)) % (PATTERNS - 1)) : PLAIN;
}

static const struct bundle_pair *pair_of(const struct bundle_boxes *b, const char *path)
{
    uint32_t i = b->colour == COLOUR_CHANGE ? name_index_find(&b->changed, path) : NAME_NONE;
    return i == NAME_NONE ? NULL : &b->x->compared->modules[i];
}

static uint8_t colour_of(const struct bundle_boxes *b, const char *path, const char *package)
{
    return b->colour == COLOUR_TYPE     ? type_colour(path)
           : b->colour == COLOUR_CHANGE ? change_colour(pair_of(b, path))
                                        : package_colour(package);
}

/* ---- the tree ---- */

/* "b in a" of node_modules/a/node_modules/b. */
static const char *package_label(struct bundle_boxes *b, const char *path, const char *package, size_t folder)
{
    static const char nested[] = "/node_modules/";
    size_t len = strlen(package);
    if (folder < len + sizeof nested ||
        strncmp(path + folder - len - sizeof nested + 1, nested, sizeof nested - 1))
        return package;
    char *outer = arena_strndup(b->a, path, folder - len - sizeof nested + 1);
    size_t n = 0;
    const char *in = bundle_package_in(outer, &n);
    return in ? arena_printf(b->a, "%s in %.*s", package, (int)n, in) : package;
}

static uint32_t package_node(struct bundle_boxes *b, uint32_t top, const char *path, const char *package,
                             const char **rest)
{
    size_t len = 0;
    const char *at = package ? bundle_package_in(path, &len) : NULL;
    size_t folder = at ? (size_t)(at + len - path) : 0;
    *rest = at && path[folder] == '/' ? path + folder + 1 : path;
    if (!package)
        return node_in(b, top, PACKAGE_OWN, sizeof PACKAGE_OWN - 1, LEVEL_PACKAGE);
    if (!at)
        return node_in(b, top, package, strlen(package), LEVEL_PACKAGE);
    size_t known = b->n;
    uint32_t i = node_in(b, top, path, folder, LEVEL_PACKAGE);
    if (b->n > known) { /* from now on it is told by its folder, and shown by its name */
        b->nodes[i].label = package_label(b, path, package, folder);
        b->nodes[i].path = arena_strndup(b->a, path, folder);
        if (name_index_find(&b->doubled, package) != NAME_NONE)
            b->nodes[i].severity = SEVERITY_WARN;
        b->nodes[i].colour = b->colour == COLOUR_PACKAGE ? package_colour(package) : PLAIN;
    }
    return i;
}

/* A module below a box of the outermost, with the folders between. */
static void add_module(struct bundle_boxes *b, uint32_t top, const char *path, const char *package,
                       double weight)
{
    const char *rest;
    uint32_t i = package_node(b, top, path, package, &rest);
    uint8_t colour = colour_of(b, path, package);
    if (b->levels == 2) {
        b->nodes[i].weight += weight;
        return;
    }
    for (size_t n; rest[n = strcspn(rest, "/")] == '/'; rest += n + 1)
        if (n) {
            size_t known = b->n;
            i = node_in(b, i, rest, n, LEVEL_FOLDER);
            if (b->n > known)
                b->nodes[i].colour = b->colour == COLOUR_PACKAGE ? colour : PLAIN;
        }
    i = node_add(b, i, rest, strlen(rest), LEVEL_MODULE); /* there is one of it in a file */
    b->nodes[i].path = path;
    b->nodes[i].colour = colour;
    b->nodes[i].weight += weight;
}

static void add_build(struct bundle_boxes *b)
{
    const struct bundle_build *x = b->x->build;
    uint32_t *tops = mem_array(x->n_assets + 1, sizeof *tops);
    for (size_t i = 0; i < x->n_modules; i++) {
        const struct sd_bundle_module *m = &x->modules[i];
        if (m->minified_bytes <= 0) {
            b->without++;
            continue;
        }
        const char *name = x->assets[m->asset].name;
        if (!tops[m->asset])
            tops[m->asset] = node_in(b, 0, name, strlen(name), LEVEL_TOP);
        uint32_t top = tops[m->asset];
        if (!strcmp(m->part, "asset")) {
            b->nodes[top].weight += (double)m->minified_bytes; /* nobody can look into it */
        } else if (bundle_is_module(m)) {
            add_module(b, top, m->path, m->package, (double)m->minified_bytes);
        } else {
            uint32_t own = node_add(b, top, m->path, strlen(m->path), LEVEL_MODULE);
            b->nodes[own].weight += (double)m->minified_bytes;
        }
    }
    free(tops);
}

static void add_changes(struct bundle_boxes *b)
{
    static const char *const names[] = {[BUNDLE_ADDED] = "added",
                                        [BUNDLE_REMOVED] = "removed",
                                        [BUNDLE_GROWN] = "grown",
                                        [BUNDLE_SHRUNK] = "shrunk"};
    for (size_t i = 0; i < b->x->compared->n_modules; i++) {
        const struct bundle_pair *p = &b->x->compared->modules[i];
        int64_t growth = bundle_pair_growth(p);
        if (p->change == BUNDLE_SAME || growth == 0 || growth == SD_UNKNOWN) {
            b->without++;
            continue;
        }
        uint32_t top = node_in(b, 0, names[p->change], strlen(names[p->change]), LEVEL_TOP);
        b->nodes[top].colour = change_colour(p);
        add_module(b, top, p->name, p->package, fabs((double)growth));
    }
}

/* ---- in order ---- */

static uint64_t id_below(uint64_t parent, const struct node *x)
{
    uint64_t h = (parent ^ str_hash(x->label, strlen(x->label))) * UINT64_C(0x9e3779b97f4a7c15);
    h ^= h >> 32;
    return h ? h : 1;
}

/* A folder that is all of the one it is in takes its place: "src/components". */
static void join_folders(struct bundle_boxes *b)
{
    for (size_t i = b->n; i-- > 1;) {
        struct node *x = &b->nodes[i];
        while (x->children == 1 && x->level >= LEVEL_PACKAGE && b->nodes[x->only].level == LEVEL_FOLDER) {
            struct node *in = &b->nodes[x->only];
            in->gone = true;
            if (x->level == LEVEL_FOLDER)
                x->label = arena_printf(b->a, "%s/%s", x->label, in->label);
            x->children = in->children;
            x->only = in->only;
        }
    }
}

/* Leaves out those that are gone; parents stay before what is in them. */
static void close_gaps(struct bundle_boxes *b)
{
    uint32_t *now = mem_array(b->n, sizeof *now);
    size_t n = 1;
    for (size_t i = 1; i < b->n; i++) {
        uint32_t parent = now[b->nodes[i].parent];
        now[i] = b->nodes[i].gone ? parent : (uint32_t)n;
        if (b->nodes[i].gone)
            continue;
        b->nodes[n] = b->nodes[i];
        b->nodes[n++].parent = parent;
    }
    b->n = n;
    free(now);
}

static int heaviest_first(const void *a, const void *b, void *nodes)
{
    uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
    const struct node *x = (const struct node *)nodes + i, *y = (const struct node *)nodes + k;
    return x->weight > y->weight ? -1 : x->weight < y->weight ? 1 : i < k ? -1 : i > k;
}

static void order_nodes(struct bundle_boxes *b)
{
    for (size_t i = 0; i < b->n; i++) {
        b->nodes[i].children = 0;
        b->nodes[i].self = b->nodes[i].weight;
    }
    for (size_t i = b->n; i-- > 1;) {
        struct node *x = &b->nodes[i], *p = &b->nodes[x->parent];
        p->weight += x->weight;
        p->inside += 1 + x->inside;
        p->children++;
    }
    b->order = mem_array(b->n, sizeof *b->order);
    uint32_t at = 0;
    for (size_t i = 0; i < b->n; i++) {
        b->nodes[i].first = at;
        at += b->nodes[i].children;
        b->nodes[i].children = 0;
    }
    b->nodes[0].id = 1;
    b->nodes[0].depth = -1;
    for (size_t i = 1; i < b->n; i++) {
        struct node *x = &b->nodes[i], *p = &b->nodes[x->parent];
        x->depth = p->depth + 1;
        x->id = id_below(p->id, x);
        b->order[p->first + p->children++] = (uint32_t)i;
    }
    for (size_t i = 0; i < b->n; i++)
        qsort_r(b->order + b->nodes[i].first, b->nodes[i].children, sizeof *b->order, heaviest_first,
                b->nodes);
}

struct bundle_boxes *bundle_boxes_new(const struct shown_build *x, enum bundle_colour colour, bool change,
                                      int levels)
{
    struct bundle_boxes *b = mem_alloc(sizeof *b);
    *b = (struct bundle_boxes){
        .x = x, .a = arena_new(), .colour = change ? COLOUR_CHANGE : colour, .levels = levels};
    b->nodes = mem_grow(b->nodes, 0, &b->cap, sizeof *b->nodes);
    b->nodes[0] = (struct node){.label = change ? "all changes" : "all files"};
    b->n = 1;
    for (size_t i = 0; i < x->n_duplicates; i++)
        if (x->duplicates[i].package)
            name_index_of(&b->doubled, x->duplicates[i].package);
    for (size_t i = 0; x->compared && b->colour == COLOUR_CHANGE && i < x->compared->n_modules; i++)
        name_index_of(&b->changed, x->compared->modules[i].name);
    if (change)
        add_changes(b);
    else
        add_build(b);
    join_folders(b);
    close_gaps(b);
    order_nodes(b);
    return b;
}

void bundle_boxes_free(struct bundle_boxes *b)
{
    if (!b)
        return;
    name_index_free(&b->doubled);
    name_index_free(&b->changed);
    free(b->nodes);
    free(b->slots);
    free(b->order);
    arena_free(b->a);
    free(b);
}

size_t bundle_boxes_without(const struct bundle_boxes *b)
{
    return b->without;
}

/* ---- as a source of boxes ---- */

static void bundle_box(void *ctx, size_t number, struct box *out)
{
    const struct bundle_boxes *b = ctx;
    const struct node *x = &b->nodes[number == BOXES_ROOT ? 0 : number + 1];
    *out = (struct box){.label = x->label,
                        .weight = x->weight,
                        .self = x->self,
                        .colour = x->colour,
                        .depth = MAX(x->depth, 0),
                        .children = x->children,
                        .inside = x->inside,
                        .parent = x->parent ? x->parent - 1 : BOXES_ROOT,
                        .severity = x->severity,
                        .copy = x->path};
    if (x->level == LEVEL_MODULE && x->path)
        out->dive = (struct dive){.view = "bundle-module", .arg = x->path};
}

static size_t bundle_child(void *ctx, size_t parent, size_t k)
{
    const struct bundle_boxes *b = ctx;
    return b->order[b->nodes[parent == BOXES_ROOT ? 0 : parent + 1].first + k] - 1;
}

static uint64_t bundle_identity(void *ctx, size_t i)
{
    const struct bundle_boxes *b = ctx;
    return b->nodes[i + 1].id;
}

static const struct boxes_source BOXES = {
    .box = bundle_box, .child = bundle_child, .identity = bundle_identity};

struct boxes bundle_boxes_of(struct bundle_boxes *b)
{
    return (struct boxes){
        .shape = BOXES_TREEMAP, .unit = UNIT_BYTES, .n = b->n - 1, .source = &BOXES, .ctx = b};
}
