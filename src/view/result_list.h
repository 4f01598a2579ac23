/* result_list.h - the documents in the model: a list of those of a group, and one of them. */
#ifndef VIEW_RESULT_LIST_H
#define VIEW_RESULT_LIST_H

#include "view/result_doc.h"
#include "view/view.h"

#define RESULT_COLUMNS(X)                                                                                    \
    X(name, "Name", COLUMN_LEFT, 0, 16, "of the scenario or file")                                           \
    X(what, "What", COLUMN_LEFT, 2, 14, "kind of document")                                                  \
    X(verdict, "Verdict", COLUMN_LEFT, 0, 8, "pass, fail, ...; absent: it has none")                         \
    X(headline, "Result", COLUMN_LEFT | COLUMN_GROW, 0, 30, "what matters of it")                            \
    X(at, "At", COLUMN_LEFT, 5, 8, "when it was made or read")                                               \
    X(document, "Document", COLUMN_LEFT | COLUMN_HIDDEN, 9, 12, "its key `view`")                            \
    X(source, "Source", COLUMN_LEFT | COLUMN_HIDDEN, 9, 10, "where it comes from")
enum {
#define RESULT_COLUMN_ENUM(key, title, flags, priority, width, help) RESULT_##key,
    RESULT_COLUMNS(RESULT_COLUMN_ENUM) RESULT_N
};
extern const struct column RESULT_LIST_COLUMNS[RESULT_N];

/* The rows of a group, the newest first, into a section "rows"; each opens `view`. */
struct section *result_table(struct doc *d, const struct view_ctx *c, const char *group, const char *view);
/* The i-th name of the group; NULL ends. */
const char *result_subject(const struct model *m, const char *group, size_t i);
/* The document that `arg` names, or the newest: NULL: there is none. Caller deletes. */
cJSON *result_of(const struct view_ctx *c, const char *group, const char *arg);
/* Its doc, as a pane of `view`: with the envelope and NULL `json` when there is none. */
struct doc *result_view(const struct view_ctx *c, const char *view, const char *group, const char *missing);

#endif
