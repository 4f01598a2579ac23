/* The way between views: places, what is above, and what is wrong where. */
#include "view/shared/worst.h"

#include <stdlib.h>

const struct view *view_home(void)
{
    return view_beside(PLACE_HOME, NULL, 1);
}

const struct view *view_listing(const char *what)
{
    for (const struct view *const *v = VIEWS; what && *v; v++)
        if (!(*v)->about && str_eq((*v)->lists, what))
            return *v;
    return NULL;
}

/* Views about a thing that no view lists stand with the others. */
static bool is_of_row(const struct view *v)
{
    return !v->about || v->place == PLACE_MAP || (!v->up && !view_listing(v->about));
}

const struct view *view_beside(enum view_place p, const struct view *from, int direction)
{
    const struct view *row[64];
    size_t n = 0;
    for (const struct view *const *v = VIEWS; *v && n < ARRAY_LEN(row); v++)
        if ((*v)->place == p && is_of_row(*v))
            row[n++] = *v;
    if (!n)
        return NULL;
    for (size_t i = 0; from && i < n; i++)
        if (row[i] == from)
            return row[(i + n + (size_t)(direction > 0 ? 1 : -1)) % n];
    const struct view *list = from && from->place == p ? view_listing(from->about) : NULL;
    return list && list->place == p ? list : row[0];
}

const struct view *view_first(enum view_place p, const struct model *m)
{
    const struct view *first = view_beside(p, NULL, 1), *v = first;
    if (!first || !first->needs)
        return first;
    do { /* one that needs nothing has something to say of itself only: it takes nobody's place */
        if (v->needs && model_has(m, v->needs))
            return v;
        v = view_beside(p, v, 1);
    } while (v != first);
    return first;
}

const struct view *view_above(const struct view *v, bool *same_arg)
{
    const struct view *up = v->up ? view_exactly(v->up) : view_listing(v->about);
    *same_arg = false;
    if (v == view_home())
        return NULL;
    if (!up || up == v)
        return view_home();
    *same_arg = up->about && str_eq(up->about, v->about);
    return up;
}

enum view_place view_place_of(const struct view *v, const char *arg)
{
    for (int p = PLACE_MAP + 1; arg && v->place == PLACE_MAP && p < PLACE_END; p++)
        if (str_eq(view_place_title((enum view_place)p), arg))
            return (enum view_place)p;
    return v->place;
}

bool view_place_has_data(enum view_place p, const struct model *m)
{
    for (const struct view *const *v = VIEWS; *v; v++)
        if ((*v)->place == p && !(*v)->about && (!(*v)->needs || model_has(m, (*v)->needs)))
            return true;
    return false;
}

void view_place_marks(const struct view_ctx *c, enum severity out[PLACE_END])
{
    struct worst_list l = {.d = doc_new("marks", "Marks")};
    for (int p = 0; p < PLACE_END; p++)
        out[p] = SEVERITY_NONE;
    for (const struct view *const *v = VIEWS; *v; v++) {
        size_t first = l.n;
        if ((*v)->worst)
            (*v)->worst(c, &l);
        for (size_t i = first; i < l.n; i++)
            out[(*v)->place] = MAX(out[(*v)->place], l.items[i].severity);
    }
    free(l.items);
    doc_free(l.d);
}
