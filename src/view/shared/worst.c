/* What the overview lists, gathered from the views. */
#include "view/shared/worst.h"

#include <stdlib.h>

void worst_add(struct worst_list *l, struct worst_item item)
{
    l->items = mem_grow(l->items, l->n, &l->cap, sizeof *l->items);
    item.number = l->n;
    l->items[l->n++] = item;
}

/* The gravest first, of these what most wait for; of equal ones in the order of the views. */
static int by_urgency(const void *x, const void *y)
{
    const struct worst_item *a = x, *b = y;
    if (a->severity != b->severity)
        return (int)b->severity - (int)a->severity;
    if (a->rank < b->rank || a->rank > b->rank)
        return a->rank < b->rank ? 1 : -1;
    return (a->number > b->number) - (a->number < b->number);
}

/* The first item that `it` is the cause of; NULL: none is listed. */
static struct worst_item *symptom(const struct worst_list *l, const struct worst_item *it)
{
    for (size_t i = 0; it->causes && i < l->n; i++)
        if (str_eq(l->items[i].what, it->causes) &&
            (!it->causes_of || str_eq(l->items[i].subject, it->causes_of)))
            return &l->items[i];
    return NULL;
}

/* A chain of causes is no longer than the list. */
static void lift_causes(struct worst_list *l)
{
    for (size_t round = 0, moved = 1; moved && round < l->n; round++) {
        moved = 0;
        for (size_t i = 0; i < l->n; i++) {
            struct worst_item *of = symptom(l, &l->items[i]), cause = l->items[i];
            if (!of || of >= &l->items[i])
                continue;
            cause.severity = MAX(cause.severity, of->severity);
            memmove(of + 1, of, (size_t)(&l->items[i] - of) * sizeof *of);
            *of = cause;
            moved = 1;
        }
    }
}

void worst_sort(struct worst_list *l)
{
    if (l->n)
        qsort(l->items, l->n, sizeof *l->items, by_urgency);
    lift_causes(l);
}
