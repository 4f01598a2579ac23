/* db_catalog.h - what a database says about its tables: a snapshot, for index advice.
 *
 * Filled by a source (or a test), read by candidates and sizes.
 * Everything lives in the catalog's arena. One thread at a time. */
#ifndef CORE_INDEXES_DB_CATALOG_H
#define CORE_INDEXES_DB_CATALOG_H

#include "base/base.h"

struct catalog_column {
    const char *name;
    const char *type; /* typname of the base type: "int4", "text", "bpchar", "numeric" */
    int length;       /* typlen: bytes, or -1: of variable length */
    int align;        /* 1, 2, 4 or 8 */
    bool not_null;
    bool dropped;         /* its place is kept so that attnum - 1 is the position */
    bool equal_image;     /* equal values are equal bytes: a B-tree may deduplicate */
    bool plain_collation; /* C, or a type without collation: LIKE 'x%' needs no opclass */
    /* pg_stats; NAN: never analysed */
    double null_frac;
    double n_distinct;     /* as the server keeps it: negative is a share of the rows */
    double avg_width;      /* bytes of a value that is not null */
    double correlation;    /* of the value with the place in the table; NAN unknown */
    double longest;        /* bytes of the longest value of a sample, as stored; NAN: none was taken */
    double most_bytes;     /* a value may have, by its type: varchar(20); NAN: any number */
    const char *collation; /* its name as SQL; NULL: none, or unknown */
    const double *common;  /* shares of the most common values */
    size_t n_common;
};

enum { CATALOG_KEYS = 32 };

struct catalog_index {
    const char *name;
    const char *method;                  /* "btree" */
    const char *definition;              /* pg_get_indexdef */
    const char *predicate;               /* NULL: of the whole table */
    int keys[CATALOG_KEYS];              /* positions of columns, -1: an expression */
    unsigned char options[CATALOG_KEYS]; /* of the first n_keys: CATALOG_DESC | CATALOG_NULLS_FIRST */
    size_t n_keys, n_columns;            /* n_columns counts those INCLUDEd, too */
    const char
        *expressions[CATALOG_KEYS]; /* of keys that are none of the columns, as the server writes them */
    const char *collations[CATALOG_KEYS]; /* of keys with another than the column's; NULL */
    bool has_expression, other_opclass;
    bool is_unique, is_constraint, is_valid, is_clustered_on, is_replica_identity;
    int64_t size_bytes; /* SD_UNKNOWN */
    int64_t scans;      /* idx_scan; SD_UNKNOWN */
};
enum { CATALOG_DESC = 1, CATALOG_NULLS_FIRST = 2 }; /* as pg_index.indoption */

struct catalog_ndistinct { /* extended statistics: combinations of columns */
    int columns[8];
    size_t n;
    double value;
};

struct catalog_sample {         /* of rows: what no statistic says about combinations of columns */
    size_t n;                   /* rows, in the order of the table, of pages that were read whole */
    const int64_t *page;        /* [row] the page it is on; NULL unknown */
    const uint64_t **hash;      /* [column][row] of the value; NULL for a column not sampled */
    const int32_t **width;      /* [column][row] bytes as stored; -1: null */
    struct catalog_expression { /* of a column's value, as an index would hold it */
        const char *sql;
        const uint64_t *hash;
        const int32_t *width;
        double avg_width;
    } * expressions;
    size_t n_expressions;
    struct catalog_condition { /* of a partial index */
        const char *sql;
        const bool *holds; /* [row] */
    } * conditions;
    size_t n_conditions;
};
enum { CATALOG_EXPRESSIONS = 8, CATALOG_CONDITIONS = 16 };

struct catalog_relation {
    int64_t oid;
    const char *schema, *name;
    char kind;          /* pg_class.relkind */
    bool visible;       /* found by its bare name */
    const char *view;   /* its query, of a view; NULL */
    double rows, pages; /* the planner's; rows NAN: never analysed */
    double all_visible; /* share of the pages by the visibility map; NAN unknown */
    double toast_pages; /* of values stored outside of the rows; NAN unknown */
    int64_t size_bytes;
    double inserts, updates, deletes; /* since the statistics were reset; NAN unknown */
    double hot_updates;
    struct catalog_column *columns;
    size_t n_columns, cap_columns;
    struct catalog_index *indexes;
    size_t n_indexes, cap_indexes;
    struct catalog_ndistinct *combined;
    size_t n_combined, cap_combined;
    struct catalog_sample *sample; /* NULL: none was taken */
};

struct catalog {
    struct arena *arena;
    struct catalog_relation **relations;
    size_t n, cap;
    char *database;
    sd_time stats_since; /* when the server's counters began; SD_UNKNOWN */
    bool has_replicas;   /* what runs there does not count here */
    bool is_replica;
    bool has_trigram; /* pg_trgm is installed */
};

struct catalog *db_catalog_new(void);
void db_catalog_free(struct catalog *c); /* NULL is fine */
struct catalog_relation *db_catalog_add(struct catalog *c, const char *schema, const char *name, char kind);
/* Adds one; valid until the next one is added. Strings are copied. */
struct catalog_column *db_catalog_column(struct catalog *c, struct catalog_relation *r, const char *name,
                                         const char *type);
struct catalog_index *db_catalog_index(struct catalog *c, struct catalog_relation *r, const char *name);

/* schema NULL: by search_path. NULL: there is none. */
const struct catalog_relation *db_catalog_find(const struct catalog *c, const char *schema, const char *name);
int db_catalog_position(const struct catalog_relation *r, const char *column); /* -1 */
/* Different values of a column, null counted as one; NAN unknown. */
double db_catalog_distinct(const struct catalog_relation *r, int column);
/* "{0.1,0.02}" into shares, in the arena. */
void db_catalog_shares(struct catalog *c, struct catalog_column *col, const char *array);

#endif
