/* workload.h - the statements to advise on, from files. */
#ifndef APP_WORKLOAD_H
#define APP_WORKLOAD_H

#include "base/base.h"

struct workload_item {
    char *id;   /* "10.sql", "10.sql:2" */
    char *text; /* one statement */
    double weight;
};

struct workload {
    struct workload_item *items;
    size_t n, cap;
};

void workload_add(struct workload *w, const char *id, const char *text, double weight);
/* A file of statements, each counting as often as it occurs; or a folder of .sql files
 * with an optional weights.tsv (file, weight). False and a sentence. */
bool workload_read(struct workload *w, const char *path, struct sd_error *err);
void workload_free(struct workload *w);

#endif
