/* advise.h (view) - index advice for a whole workload as a document. */
#ifndef VIEW_INDEXES_ADVISE_H
#define VIEW_INDEXES_ADVISE_H

#include "core/doc.h"
#include "core/indexes/choice.h"
#include "core/indexes/waste.h"

struct advise_statement {
    const char *id;   /* query_id, or the file it is in */
    const char *text; /* as it may be shown */
    double weight;
    const char *problem; /* why it was left out; NULL */
    size_t place;        /* in the choice; SIZE_MAX: left out */
};

struct advise_report {
    const struct catalog *catalog;
    struct choice *choice;
    const struct advise_statement *statements;
    size_t n_statements;
    const struct waste_list *waste;
    const char *workload; /* "pg_stat_statements", a file's name */
    bool proven;          /* by HypoPG */
    const char *unproven; /* why not, as half a sentence */
    double budget;        /* INFINITY: none was given */
    int64_t what_if_calls, elapsed_ns;
    const char *const *notes; /* sentences */
    size_t n_notes;
};

struct doc *advise_doc(const struct advise_report *r);
/* The columns of a section, for the manual. */
extern const struct column advise_index_columns[];
extern const size_t advise_n_index_columns;

#endif
