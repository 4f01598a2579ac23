/* linked.h - what is linked with a thing, with counts: the list that `linked` of the views fill. */
#ifndef VIEW_SHARED_LINKED_H
#define VIEW_SHARED_LINKED_H

#include "view/view.h"

struct linked {
    const char *label;  /* "queries" */
    size_t n;           /* how many; LINKED_UNCOUNTED */
    const char *view;   /* where they are */
    const char *arg;    /* what that view is about; NULL */
    const char *filter; /* regular expression that leaves only them; NULL: all of its rows are */
};
#define LINKED_UNCOUNTED SIZE_MAX

enum { LINKED_MAX = 32 };

/* Texts are static or in the arena. */
struct link_list {
    struct arena *arena;
    struct linked items[LINKED_MAX];
    size_t n;
};

/* Left out when there are none (n 0). */
void linked_add(struct link_list *l, struct linked item);
/* A regular expression that matches these texts alone; in the arena. */
const char *linked_filter(struct link_list *l, const char *const *texts, size_t n);
/* The same of whole words: "orders" is in "FROM orders", not in "reorders". */
const char *linked_word(struct link_list *l, const char *word);
/* Is the word in the text, as a whole, in any case? */
bool linked_mentions(const char *text, const char *word);
/* "orders" of "public.orders". */
const char *linked_base(const char *name);

#endif
