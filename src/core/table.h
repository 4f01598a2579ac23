/* table.h - reading, sorting and filtering tables, built or by number.
 *
 * Sorting and filtering leave the rows where they are: they make an index of 4 bytes a row.
 * A row's number is its place in what the view gave; its place is where it is shown. On the
 * doc's thread. */
#ifndef CORE_TABLE_H
#define CORE_TABLE_H

#include "base/suggest.h"
#include "core/doc.h"

#define TABLE_NONE SIZE_MAX

size_t table_rows(const struct table *t); /* that are shown */
/* The row shown at a place below table_rows(t). Of a source it is valid until the next call for
 * the same table. */
const struct row *table_row(const struct table *t, size_t place);
size_t table_number(const struct table *t, size_t place);
/* What the row at a place is about, as a number that it has in a later doc as well. Rows about
 * one thing have different numbers, in the order the view gave them. */
uint64_t table_identity(struct table *t, size_t place);
size_t table_find(struct table *t, uint64_t identity); /* its place; TABLE_NONE: not shown */
/* By number, whether it is shown or not. */
const struct row *table_row_numbered(const struct table *t, size_t number);
uint64_t table_identity_numbered(struct table *t, size_t number);

/* What is shown of a table and in what order. */
struct table_choice {
    int column; /* sorted by; -1: as the view gave it */
    bool reverse;
    /* Rows for which it is true are shown, in trees also their ancestors; NULL: all are. */
    bool (*keep)(const struct table *t, const struct row *r, void *ctx);
    void *ctx;
    /* Of a tree: rows that the user has closed, or opened when they are `closed` by themselves, by identity.
     */
    const uint64_t *folded;
    size_t n_folded;
};
/* Makes the index anew; rows taken away by `keep`. */
size_t table_choose(struct table *t, const struct table_choice *c);

/* Rows that hold come last, each in the place it has in `before`, which are identities. A new one takes the
 * place of one that is gone or spare, or the end; spare ones that are not in `before` are not shown. Each
 * takes the rows below it in the tree along. Built rows only. */
void table_hold(struct table *t, const uint64_t *before, size_t n);

/* For a view: the order it gives. Stable; unknown cells come last either way; trees sort
 * among siblings. Built rows are moved. */
void table_sort(struct table *t, int column, bool reverse);
/* Numbers of rows, sorted; used by the two above. `numbers` are in the order of the view. */
void table_sort_numbers(const struct table *t, int column, bool reverse, uint32_t *numbers, size_t n);
int cell_compare(struct cell a, struct cell b); /* -1, 0, 1; unknown is not ordered here */
void table_limit(struct table *t, size_t n);    /* shows only the first n */

/* Of the rows shown: the place of the parent (TREE_TOP: none), and whether a later row has the
 * same parent. Valid until the table is sorted or filtered. */
#define TREE_TOP UINT32_MAX
struct table_tree {
    size_t n;
    uint32_t *up;
    bool *later;
};
const struct table_tree *table_tree(struct table *t);

/* ---- table_name.c ---- */
/* The column that a person means: by its key, its heading, or its key without the unit ("rate" for
 * rate_per_s); the case, spaces, - and _ do not matter. -1: none. */
int table_column_meant(const struct table *t, const char *word);
/* Tries the headings and keys of all columns. */
void table_suggest(const struct table *t, struct suggest *s);

/* ---- table_about.c ---- */
/* For section.about: a line for each column that has a value, those that are not shown last. */
const char *table_row_about(struct doc *d, const struct section *s, const struct row *r, bool chosen);

void table_free(struct table *t); /* what is not the doc's arena's */

#endif
