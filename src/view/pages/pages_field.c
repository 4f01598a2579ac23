/* pages_field.c - what real users and loads of pages say. */
#include "view/pages/pages_field.h"

void pages_field_sections(struct doc *d, const struct view_ctx *c)
{
    (void)d;
    (void)c;
}

void pages_field_worst(const struct view_ctx *c, struct worst_list *l)
{
    (void)c;
    (void)l;
}

void pages_field_figures(const struct view_ctx *c, struct figures *f)
{
    (void)c;
    (void)f;
}
