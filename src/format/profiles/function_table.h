/* function_table.h - the table of functions that Pyroscope gives beside a flame graph, as JSON: exact figures
 * of all functions, while the graph has only the largest boxes. Pure; one thread. */
#ifndef FORMAT_PROFILES_FUNCTION_TABLE_H
#define FORMAT_PROFILES_FUNCTION_TABLE_H

#include "core/profiles/profile.h"
#include "format/json_pull.h"

/* How the graph names what it leaves out. */
#define FUNCTION_TABLE_OTHER "other"

struct function_table {
    struct json_pull rows; /* of NULL text: there is none */
    size_t n;              /* functions; 0: it is none, or empty */
    double total;
    double period;  /* all figures are multiples of it, 0 unknown; function_table_give counts samples by it */
    bool complete;  /* it has all functions, not only the largest */
    bool has_other; /* a function of the program has that name */
};

/* Goes through it once. Of a text that is none, all is 0. */
struct function_table function_table(const char *text, size_t len);
/* Gives the functions of the profile the figures of the table, which has one sample type, instead of those of
 * its stacks, and finishes it. Nothing without a table. */
void function_table_give(const struct function_table *t, struct profile *p);

/* The largest number that both are multiples of; 0 is a multiple of all. For integers below 2^53. */
double common_divisor(double a, double b);

#endif
