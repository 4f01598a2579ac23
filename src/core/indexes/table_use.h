/* table_use.h - what a statement does with each table it names, as far as an index
 * could help: conditions, joins, orders, groups, and the columns it needs.
 *
 * From PostgreSQL's own parse tree; names are resolved through a catalog, through
 * aliases, subqueries, CTEs and views. Any thread; reads the catalog only. */
#ifndef CORE_INDEXES_TABLE_USE_H
#define CORE_INDEXES_TABLE_USE_H

#include "core/indexes/definition.h"

enum pred_kind {
    PRED_EQUAL, /* = a constant or parameter */
    PRED_IN,    /* one of several */
    PRED_NULL,  /* IS NULL */
    PRED_TRUE,  /* a bare yes/no column, or its negation */
    PRED_NOT_NULL,
    PRED_RANGE,    /* < <= > >= BETWEEN */
    PRED_PREFIX,   /* LIKE 'x%' */
    PRED_JOIN,     /* = something of another table */
    PRED_CONTAINS, /* LIKE '%x%', ILIKE, a regular expression: trigrams */
    PRED_JSON,     /* @> ? ?| ?& of a jsonb column, && @> of an array */
    PRED_SEARCH,   /* @@: full text */
    PRED_SPACE,    /* && @> << and the like of ranges, geometry, networks: GiST, SP-GiST */
    PRED_NEAREST   /* ORDER BY column <-> a constant LIMIT: GiST */
};

struct pred {
    enum pred_kind kind;
    struct index_key key; /* column or expression */
    const char *sql;      /* the condition, when it holds for every execution; NULL */
    const char *text;     /* the condition as it is written, several of one kind joined; NULL */
    double share;         /* of the rows it keeps, by the planner; NAN: not asked */
    size_t other_use;     /* PRED_JOIN: the other side, when it is a column; SIZE_MAX */
    int other_column;
    bool in_or;  /* one arm of an OR */
    size_t arm;  /* which, from 1; conditions of one arm are joined by AND */
    bool unseen; /* the pattern is a parameter */
};

struct ordering {
    struct index_key keys[INDEX_KEYS];
    size_t n;
    bool group; /* any direction would do */
    bool limit; /* only the first rows are wanted */
};

enum { USE_PREDS = 32, USE_ORDERS = 4 };

struct table_use {
    const struct catalog_relation *rel;
    struct pred preds[USE_PREDS];
    size_t n_preds;
    struct ordering orders[USE_ORDERS];
    size_t n_orders;
    unsigned char *needed; /* per column of the relation: how often it is named, at most 255 */
    bool whole_row;        /* written to, or every column is returned */
};

struct statement_use {
    struct arena *arena;
    struct table_use *items;
    size_t n, cap;
    bool only_filters; /* one table, no join, order, group or aggregate */
    bool writes;       /* INSERT, UPDATE, DELETE, MERGE */
    bool deletes;      /* DELETE */
    bool reads_nothing;
    size_t unserved;  /* conditions of a form no index can be looked up with */
    const char *hint; /* a sentence: how one of them has to be written for that; NULL */
};

/* Does it test what is inside of a value, so that a B-tree is of no use? */
static inline bool pred_inside(enum pred_kind k)
{
    return k == PRED_CONTAINS || k == PRED_JSON || k == PRED_SEARCH || k == PRED_SPACE || k == PRED_NEAREST;
}
/* The types of ranges, geometry and networks: GiST or, of networks, SP-GiST. */
bool type_of_space(const char *type);
bool type_of_network(const char *type);

/* False and a sentence when the text does not parse or names no table that is known; out->reads_nothing
 * when it names none at all that could have an index: values, functions, system catalogs. */
bool statement_use(const struct catalog *c, const char *sql, struct statement_use *out, struct sd_error *err);
void statement_use_free(struct statement_use *u);
/* The names of the tables and views a statement names (CTEs, too), as an array literal of
 * the server: {"a","b"}. Caller frees. */
char *statement_names(const char *sql);

#endif
