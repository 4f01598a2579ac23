/* caches.h - the views of the domain caches. */
#ifndef VIEW_CACHES_CACHES_H
#define VIEW_CACHES_CACHES_H

#include "view/caches/cache_facts.h"
#include "view/shared/linked.h"
#include "view/shared/worst.h"

struct view_action;
extern const struct view_action *const caches_actions[]; /* NULL-terminated */
extern const struct view caches_view, cache_view, caching_view;

/* The table of caches with one row for each; rows name where they lead. */
struct section *caches_table(struct doc *d, const struct view_ctx *c, const struct caches_found *f,
                             size_t from, size_t n);
/* What a method of looking closer (--sample) does and costs, in a sentence; NULL: there is no such method. */
const char *caches_method_cost(const char *method);
/* The caches in front of an endpoint or a query. */
void caches_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *l);
/* What is wrong, for the overview. */
void caches_worst(const struct view_ctx *c, struct worst_list *l);

#endif
