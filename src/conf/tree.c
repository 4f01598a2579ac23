/* tree.c - libyaml's events made into a bounded tree with positions. */
#include "conf/tree.h"

#include "base/suggest.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/utf8.h"
#include "core/name_index.h"

struct limits {
    size_t bytes;
    int keys; /* in one mapping */
    int nodes;
    bool one; /* document */
};
static const struct limits USUAL = {.bytes = TREE_BYTES_MAX, .keys = 1000, .nodes = INT_MAX, .one = true};
static const struct limits LARGE = {
    .bytes = TREE_LARGE_BYTES_MAX, .keys = TREE_LARGE_KEYS_MAX, .nodes = TREE_LARGE_NODES_MAX};
/* Up to so many names of a mapping are compared with a new one; more have an index. */
enum { KEYS_FEW = 32 };
/* libyaml looks at every open bracket for each token, so many thousands of them would take it minutes. */
enum { OPEN_MAX = 200 };

struct builder {
    struct arena *arena;
    const struct limits *limits;
    struct tree_report *report;
    struct tree_node *root, *last_root;
    int n_nodes, n_documents;
    bool full; /* n_nodes reached its limit */
    struct level {
        struct tree_node *node;
        struct tree_node *last;      /* last child */
        const struct tree_node *key; /* waiting for its value */
        bool bad_key;                /* that value is to be dropped */
        int n_keys;
        struct name_index names; /* of more than KEYS_FEW */
    } levels[TREE_DEPTH_MAX];
    int depth;
    int skipped; /* open collections beyond the depth limit */
};

void tree_problem(struct tree_report *r, int line, int column, const char *fmt, ...)
{
    r->n++;
    if (!r->problem || r->n > TREE_REPORT_MAX)
        return;
    if (r->n == TREE_REPORT_MAX) {
        struct strbuf b = {0};
        utf8_append(&b, r->file, 1000);
        strbuf_str(&b, ": there are more problems, not listed here");
        r->problem(r->ctx, strbuf_text(&b));
        strbuf_free(&b);
        return;
    }
    struct strbuf raw = {0}, safe = {0};
    strbuf_printf(&raw, "%s:%d:%d: ", r->file, line, column);
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&raw, fmt, ap);
    va_end(ap);
    utf8_append(&safe, strbuf_text(&raw), 2000);
    r->problem(r->ctx, strbuf_text(&safe));
    strbuf_free(&raw);
    strbuf_free(&safe);
}

const char *tree_kind_name(enum tree_kind k)
{
    static const char *const NAMES[] = {
        [TREE_SCALAR] = "a single value", [TREE_LIST] = "a list", [TREE_MAP] = "a mapping"};
    return NAMES[k];
}

/* ---- building ---- */

static const struct tree_node *find_key(const struct tree_node *map, const char *key)
{
    for (const struct tree_node *c = map->child; c; c = c->next) {
        if (strcmp(c->key->text, key) == 0)
            return c->key;
    }
    return NULL;
}

/* The key that this one repeats; when enough was reported, any. */
static const struct tree_node *repeated(struct level *l, const struct tree_node *key,
                                        const struct tree_report *r)
{
    if (l->n_keys <= KEYS_FEW)
        return find_key(l->node, key->text);
    for (const struct tree_node *c = l->names.n ? NULL : l->node->child; c; c = c->next)
        name_index_of(&l->names, c->key->text);
    size_t before = l->names.n;
    name_index_of(&l->names, key->text);
    if (l->names.n > before)
        return NULL;
    return r->n < TREE_REPORT_MAX ? find_key(l->node, key->text) : key;
}

static void append(struct level *l, struct tree_node *node)
{
    if (l->last)
        l->last->next = node;
    else
        l->node->child = node;
    l->last = node;
}

/* Gives a node its place. A node without one is simply never reached from the root. */
static void place(struct builder *b, struct tree_node *node)
{
    if (b->depth == 0) {
        if (b->last_root)
            b->last_root->next = node;
        else
            b->root = node;
        b->last_root = node;
        return;
    }
    struct level *l = &b->levels[b->depth - 1];
    if (l->node->kind == TREE_LIST) {
        append(l, node);
    } else if (!l->key && !l->bad_key) {
        const struct tree_node *first = NULL;
        int max = b->limits->keys;
        if (++l->n_keys > max) {
            if (l->n_keys == max + 1)
                tree_problem(b->report, node->line, node->column,
                             "too many names; expected at most %d in one mapping, the rest was not read",
                             max);
            l->bad_key = true;
            return;
        }
        if (node->kind != TREE_SCALAR)
            tree_problem(b->report, node->line, node->column, "%s is not a name; expected NAME: VALUE",
                         tree_kind_name(node->kind));
        else if ((first = repeated(l, node, b->report)))
            tree_problem(b->report, node->line, node->column,
                         "%.60s is given twice; expected once, line %d already sets it", node->text,
                         first->line);
        if (node->kind != TREE_SCALAR || first)
            l->bad_key = true;
        else
            l->key = node;
    } else {
        if (!l->bad_key) {
            node->key = l->key;
            append(l, node);
        }
        l->key = NULL;
        l->bad_key = false;
    }
}

/* Takes the place of a node that was refused, so that what follows keeps its own. */
static void add_placeholder(struct builder *b)
{
    struct level *l = b->depth ? &b->levels[b->depth - 1] : NULL;
    if (!l || l->node->kind == TREE_LIST)
        return;
    l->bad_key = !l->key && !l->bad_key; /* at a name's place: its value goes too */
    l->key = NULL;
}

static struct tree_node *make(struct builder *b, enum tree_kind kind, const yaml_mark_t *mark)
{
    struct tree_node *n = arena_alloc(b->arena, sizeof *n);
    if (++b->n_nodes > b->limits->nodes && !b->full) {
        tree_problem(b->report, (int)mark->line + 1, (int)mark->column + 1,
                     "the file holds more than %d values; the rest was not read", b->limits->nodes);
        b->full = true;
    }
    *n = (struct tree_node){
        .kind = kind, .line = (int)mark->line + 1, .column = (int)mark->column + 1, .text = ""};
    return n;
}

static void open_collection(struct builder *b, enum tree_kind kind, const yaml_mark_t *mark)
{
    if (b->skipped || b->depth == TREE_DEPTH_MAX) {
        if (!b->skipped) {
            tree_problem(b->report, (int)mark->line + 1, (int)mark->column + 1,
                         "nested too deeply; expected at most %d levels", TREE_DEPTH_MAX);
            add_placeholder(b);
        }
        b->skipped++;
        return;
    }
    struct tree_node *n = make(b, kind, mark);
    place(b, n);
    b->levels[b->depth++] = (struct level){.node = n};
}

static void close_collection(struct builder *b)
{
    if (b->skipped)
        b->skipped--;
    else
        name_index_free(&b->levels[--b->depth].names);
}

static void add_scalar(struct builder *b, const yaml_event_t *e)
{
    struct tree_node *n = make(b, TREE_SCALAR, &e->start_mark);
    const char *text = (const char *)e->data.scalar.value;
    size_t len = e->data.scalar.length;
    if (memchr(text, '\0', len)) {
        tree_problem(b->report, n->line, n->column,
                     "the text contains a NUL byte; expected text without one");
        add_placeholder(b);
        return;
    }
    n->text = arena_strndup(b->arena, text, len);
    n->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    place(b, n);
}

static bool too_many_open(struct builder *b, const yaml_mark_t *m)
{
    if (b->skipped <= OPEN_MAX)
        return false;
    tree_problem(b->report, (int)m->line + 1, (int)m->column + 1,
                 "more than %d levels; the rest of the file was not read", OPEN_MAX);
    return true;
}

/* An empty document is one empty value. */
static void drop_empty(struct builder *b, struct tree_node *before)
{
    const struct tree_node *n = b->last_root;
    if (n == before || n->kind != TREE_SCALAR || !n->plain || *n->text)
        return;
    b->last_root = before;
    if (before)
        before->next = NULL;
    else
        b->root = NULL;
}

/* Also true for the event that ends the parse. */
static bool take_event(struct builder *b, const yaml_event_t *e)
{
    const yaml_mark_t *m = &e->start_mark;
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        if (!b->skipped)
            add_scalar(b, e);
        break;
    case YAML_ALIAS_EVENT:
        tree_problem(b->report, (int)m->line + 1, (int)m->column + 1,
                     "references such as *%.40s are not supported; expected the value itself",
                     (const char *)e->data.alias.anchor);
        if (!b->skipped)
            add_placeholder(b);
        break;
    case YAML_SEQUENCE_START_EVENT:
        open_collection(b, TREE_LIST, m);
        return too_many_open(b, m);
    case YAML_MAPPING_START_EVENT:
        open_collection(b, TREE_MAP, m);
        return too_many_open(b, m);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        close_collection(b);
        break;
    default:
        break;
    }
    return e->type == YAML_STREAM_END_EVENT;
}

/* Line and column of a byte, for the reader's errors, which have no mark. */
static void position(const char *text, size_t len, size_t offset, int *line, int *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < offset && i < len; i++) {
        if (text[i] == '\n') {
            ++*line;
            *column = 1;
        } else if (((unsigned char)text[i] & 0xC0) != 0x80) {
            ++*column;
        }
    }
}

static void syntax_error(struct tree_report *r, const yaml_parser_t *p, const char *text, size_t len)
{
    int line = (int)p->problem_mark.line + 1, column = (int)p->problem_mark.column + 1;
    if (p->error == YAML_READER_ERROR)
        position(text, len, p->problem_offset, &line, &column);
    tree_problem(r, line, column, "%s%s%s; expected YAML, the rest of the file was not read",
                 p->problem ? p->problem : "cannot be read", p->context ? " " : "",
                 p->context ? p->context : "");
}

/* The documents of the parser's input, each its root. */
static void read_documents(struct builder *b, yaml_parser_t *parser, const char *text, size_t len)
{
    struct tree_node *before = NULL; /* the document of before */
    for (bool done = false; !done && !b->full;) {
        yaml_event_t e;
        if (!yaml_parser_parse(parser, &e)) {
            syntax_error(b->report, parser, text, len);
            return;
        }
        int n = b->n_documents += e.type == YAML_DOCUMENT_START_EVENT;
        if (n > 1 && b->limits->one) {
            tree_problem(b->report, (int)e.start_mark.line + 1, (int)e.start_mark.column + 1,
                         "a second document begins; expected one, the rest was not read");
            done = true;
        } else {
            done = take_event(b, &e);
        }
        if (e.type == YAML_DOCUMENT_END_EVENT && !b->limits->one) {
            drop_empty(b, before);
            before = b->last_root;
        }
        yaml_event_delete(&e);
    }
}

/* ---- JSON ---- */

/* The 16 bits of "\uD83C"; 0: there are none. */
static unsigned escaped_unit(const char *text, size_t len)
{
    unsigned unit = 0;
    if (len < 6 || text[0] != '\\' || text[1] != 'u')
        return 0;
    for (size_t i = 2; i < 6; i++) {
        if (!isxdigit((unsigned char)text[i]))
            return 0;
        unit = unit * 16 +
               (unsigned)(isdigit((unsigned char)text[i]) ? text[i] - '0' : (text[i] | 32) - 'a' + 10);
    }
    return unit;
}

/* JSON writes a character beyond U+FFFF as two escapes, which YAML has not: as one of YAML's, in a file that
 * is an object. */
static const char *join_escapes(struct arena *a, const char *text, size_t *len)
{
    size_t begin = 0, n = 0;
    while (begin < *len && text[begin] && strchr(" \t\r\n", text[begin]))
        begin++;
    if (begin == *len || text[begin] != '{' || !memchr(text, '\\', *len))
        return text;
    char *out = arena_alloc(a, *len + 1);
    for (size_t i = 0; i < *len;) {
        unsigned high = escaped_unit(text + i, *len - i);
        unsigned low = (high & 0xfc00) == 0xd800 ? escaped_unit(text + i + 6, *len - i - 6) : 0;
        if ((low & 0xfc00) == 0xdc00) {
            n += (size_t)snprintf(out + n, 11, "\\U%08X", 0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff));
            i += 12;
            continue;
        }
        if (text[i] == '\\' && i + 1 < *len)
            out[n++] = text[i++];
        out[n++] = text[i++];
    }
    out[n] = 0;
    *len = n;
    return out;
}

static struct tree_node *read_within(struct arena *a, const char *text, size_t len,
                                     const struct limits *limits, struct tree_report *r)
{
    size_t most = r->bytes_max ? r->bytes_max : limits->bytes;
    if (len > most) {
        tree_problem(r, 1, 1, "the file has %zu bytes; expected at most %zu", len, most);
        return NULL;
    }
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        tree_problem(r, 1, 1, "out of memory; nothing was read");
        return NULL;
    }
    text = join_escapes(a, text, &len);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    struct builder b = {.arena = a, .limits = limits, .report = r};
    read_documents(&b, &parser, text, len);
    while (b.depth)
        name_index_free(&b.levels[--b.depth].names);
    yaml_parser_delete(&parser);
    return b.root;
}

struct tree_node *tree_read(struct arena *a, const char *text, size_t len, struct tree_report *r)
{
    return read_within(a, text, len, &USUAL, r);
}

struct tree_node *tree_read_large(struct arena *a, const char *text, size_t len, struct tree_report *r)
{
    return read_within(a, text, len, &LARGE, r);
}

/* ---- did you mean ---- */

const char *tree_suggest(const char *word, const char *const *names, size_t n)
{
    struct suggest s = {.word = word};
    for (size_t i = 0; i < n; i++)
        suggest_try(&s, names[i]);
    return s.best;
}
