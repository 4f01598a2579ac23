/* What the overview lists, gathered from the views. */
#include "view/shared/worst.h"

void worst_add(struct worst_list *l, struct worst_item item)
{
    l->items = mem_grow(l->items, l->n, &l->cap, sizeof *l->items);
    item.number = l->n;
    l->items[l->n++] = item;
}
