/* tree.h - a YAML file as a bounded tree that knows line and column of everything.
 * Private to src/conf: configuration, themes and policies are read from it. */
#ifndef CONF_TREE_H
#define CONF_TREE_H

#include "base/base.h"

enum tree_kind { TREE_SCALAR, TREE_LIST, TREE_MAP };

struct tree_node {
    enum tree_kind kind;
    int line, column;            /* from 1 */
    const char *text;            /* TREE_SCALAR; holds no NUL */
    bool plain;                  /* TREE_SCALAR: without quotes, so that it may be a number */
    const struct tree_node *key; /* of a mapping's child; a scalar */
    struct tree_node *child;     /* first of TREE_LIST, TREE_MAP */
    struct tree_node *next;
};

/* Where problems go. */
struct tree_report {
    const char *file;                                 /* name for "FILE:LINE:COLUMN: ..." */
    void (*problem)(void *ctx, const char *sentence); /* may be NULL */
    void *ctx;
    size_t bytes_max; /* of the text; 0: TREE_BYTES_MAX */
    int n;            /* found so far; only the first TREE_REPORT_MAX are passed on */
};
enum { TREE_REPORT_MAX = 40, TREE_DEPTH_MAX = 12, TREE_BYTES_MAX = 1 << 20 };

/* Parses one document into nodes that live in `a`. NULL when there is none. After
 * a syntax error the tree holds what stood before it. Aliases, tags on collections
 * of other kinds and nesting beyond TREE_DEPTH_MAX are reported and left out; of
 * a key given twice the first stays. */
struct tree_node *tree_read(struct arena *a, const char *text, size_t len, struct tree_report *r);

/* The same of all documents of a file that may be large: TREE_LARGE_BYTES_MAX bytes, TREE_LARGE_KEYS_MAX
 * names in a mapping. Each is the `next` of the one before; one that is empty is left out. */
struct tree_node *tree_read_large(struct arena *a, const char *text, size_t len, struct tree_report *r);
enum { TREE_LARGE_BYTES_MAX = 8 << 20, TREE_LARGE_KEYS_MAX = 100000, TREE_LARGE_NODES_MAX = 1000000 };

/* The JSON that a node stands for (yaml_json.c). */
void tree_json(struct strbuf *out, const struct tree_node *n);

/* "FILE:LINE:COLUMN: sentence"; text from outside in it is neutralised here. */
void tree_problem(struct tree_report *r, int line, int column, const char *fmt, ...) SD_PRINTF(4, 5);

const char *tree_kind_name(enum tree_kind k); /* "a list" */

/* The entry of `names` (n of them, NULLs allowed) that `word` was probably meant to
 * be, or NULL. */
const char *tree_suggest(const char *word, const char *const *names, size_t n);

#endif
