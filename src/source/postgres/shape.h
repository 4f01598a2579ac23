/* shape.h - how many columns and rows the answer to a statement has, read from its text: no reader
 * of rows has to doubt the number of columns that the server gives. Pure. */
#ifndef SOURCE_POSTGRES_SHAPE_H
#define SOURCE_POSTGRES_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

struct shape {
    int columns;     /* -1: any number */
    int rows, least; /* exactly so many, -1: any number; at least so many */
};

#define SHAPE_ANY ((struct shape){.columns = -1, .rows = -1})

/* Of a statement of ours: SELECT with its columns spelt out, EXPLAIN; any shape for all else. */
struct shape shape_of(const char *sql);
/* True, or false with a sentence in `why`. */
bool shape_fits(struct shape s, int columns, int rows, char *why, size_t size);

#endif
