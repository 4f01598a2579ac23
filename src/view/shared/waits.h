/* waits.h - what sampled sessions wait on: in a sentence, as a cell, as a section. */
#ifndef VIEW_SHARED_WAITS_H
#define VIEW_SHARED_WAITS_H

#include "view/view.h"

/* Fewer seconds of sampled session time than this say nothing about shares. */
#define WAITS_ENOUGH_S 0.5

/* "locks 62 %, CPU 30 %": the largest, most first. NULL: too little was sampled. In the doc. */
const char *waits_words(struct doc *d, const struct wait_sums *w);
/* For a cell: a list of wait, share, seconds; unknown when too little was sampled. */
struct cell waits_list(struct doc *d, const struct wait_sums *w);
/* The section `waits` of one query or one endpoint (the other NULL): every wait event. */
void waits_section(struct doc *d, const struct view_ctx *c, const struct query *q, const struct endpoint *e);

#endif
