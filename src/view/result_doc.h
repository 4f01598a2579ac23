/* result_doc.h - a document of core/result.h for people: the same doc is a pane and what a command prints.
 *
 * What a key is follows from its end (_ns, _bytes, _per_s, _share); a kind of document may have a row here
 * that says what comes first. The sections: a sentence with what matters, the drawing of the kind,
 * percentiles (objects with p50_ns, a row each), lists of objects as tables, then all other figures. */
#ifndef VIEW_RESULT_DOC_H
#define VIEW_RESULT_DOC_H

#include "core/doc.h"
#include "core/result.h"

struct SD_DESIGNATED result_kind {
    const char *view;  /* of the document: "capacity_queue" */
    const char *title; /* "Servers for a rate" */
    const char *group; /* the view that lists it: "loads" or "capacity" */
    /* What matters in a sentence or a few lines, and how grave it is. NULL: the verdict. In the doc. */
    const char *(*headline)(struct doc *d, const cJSON *o, enum severity *s);
    /* Adds sections right after the headline, such as a drawing. NULL: none. */
    void (*draw)(struct doc *d, const cJSON *o);
    /* Keys of lists and objects in the order to show them, NULL-terminated; others follow. NULL: as they
     * stand. */
    const char *const *order;
    const char *const *hidden; /* keys that are not shown as they are drawn; NULL-terminated, or NULL */
    /* Titles that do not follow from the key: key, title, ...; NULL-terminated, or NULL. */
    const char *const *titles;
};
/* NULL: no row. */
const struct result_kind *result_kind_of(const char *view);

/* Never NULL. Its `json` is the document. */
struct doc *result_doc(const cJSON *o);
/* The headline alone, on one line; in the doc. */
const char *result_headline(struct doc *d, const cJSON *o, enum severity *s);

/* ---- for headlines and drawings ---- */
const char *result_show(struct doc *d, const char *key, const cJSON *v); /* a value in the unit of its key */
enum unit result_unit(const char *key);
double result_at(const cJSON *list, size_t i, const char *key); /* of a row; NAN */

#endif
