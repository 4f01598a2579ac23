/* pages_linked.c - the endpoints and the build of a page, and the pages of an endpoint and of a build. */
#include <string.h>

#include "core/model/bundles.h"
#include "core/model/pages.h"
#include "view/pages/page_parts.h"

enum { ENDPOINTS_MAX = 64 };

static size_t endpoints_of(const struct model *m, const struct sd_page_report *r, const char **out,
                           size_t max)
{
    size_t n = 0;
    for (size_t i = 0; r->requests && i < r->requests->n && n < max; i++) {
        const char *name = page_endpoint_of(m, r, r->requests->items[i]);
        size_t k = 0;
        while (name && k < n && !str_eq(out[k], name))
            k++;
        if (name && k == n)
            out[n++] = name;
    }
    return n;
}

static void link_page(const struct view_ctx *c, const struct page_entry *e, struct link_list *out)
{
    const struct sd_page_report *r = e->lab->shown;
    const char *names[ENDPOINTS_MAX];
    size_t n = r ? endpoints_of(c->model, r, names, ENDPOINTS_MAX) : 0, files = 0;
    for (size_t i = 0; r && r->requests && i < r->requests->n; i++)
        files += page_in_bundle(c->model, r->requests->items[i]);
    linked_add(out, (struct linked){.label = "endpoints it asks",
                                    .n = n,
                                    .view = "endpoints",
                                    .filter = n ? linked_filter(out, names, n) : NULL});
    linked_add(out, (struct linked){.label = "files of the build", .n = files, .view = "bundle"});
}

/* ---- templates: pages of real users are told apart by them, as endpoints are by their routes ---- */

static void link_template(const struct view_ctx *c, const char *name, struct link_list *out)
{
    const char *endpoint = arena_printf(out->arena, "GET %s", name);
    if (model_find_endpoint(c->model, endpoint))
        linked_add(out,
                   (struct linked){.label = "its endpoint", .n = 1, .view = "endpoint", .arg = endpoint});
    if (model_bundle(c->model, NULL))
        linked_add(out, (struct linked){.label = "the build", .n = LINKED_UNCOUNTED, .view = "bundle"});
}

static void link_users(const struct page_list *l, const char *endpoint, struct link_list *out)
{
    const char *route = strchr(endpoint, ' ');
    size_t n = 0;
    for (size_t i = 0; route && i < l->n_fields; i++) {
        const struct sd_page_field *f = l->fields[i].r;
        n += str_eq(f->by, "page") && str_eq(f->key, route + 1);
    }
    const char *name = n ? arena_strdup(out->arena, route + 1) : NULL;
    linked_add(out, (struct linked){.label = "vitals of its page",
                                    .n = n,
                                    .view = "pages",
                                    .filter = n ? linked_filter(out, &name, 1) : NULL});
}

/* What loads a build: all pages, as long as none tells which files it asks for. */
static void link_build(const struct view_ctx *c, const struct page_list *l, struct link_list *out)
{
    size_t loading = 0;
    for (size_t i = 0; i < l->n; i++) {
        const struct sd_page_report *r = l->items[i].lab ? l->items[i].lab->shown : NULL;
        bool loads = false;
        for (size_t k = 0; r && r->requests && k < r->requests->n && !loads; k++)
            loads = page_in_bundle(c->model, r->requests->items[k]);
        loading += loads;
    }
    if (loading || l->n_fields)
        linked_add(out, (struct linked){.label = loading ? "pages that load the build" : "pages",
                                        .n = loading ? loading : LINKED_UNCOUNTED,
                                        .view = "pages"});
}

/* The pages that ask an endpoint. */
static void link_endpoint(struct doc *d, const struct view_ctx *c, const struct page_list *l,
                          const char *endpoint, struct link_list *out)
{
    const char *names[ENDPOINTS_MAX];
    for (size_t i = 0; i < l->n; i++) {
        const struct sd_page_report *r = l->items[i].lab->shown;
        size_t n = r ? endpoints_of(c->model, r, names, ENDPOINTS_MAX) : 0, k = 0;
        while (k < n && !str_eq(names[k], endpoint))
            k++;
        if (k < n)
            linked_add(out,
                       (struct linked){.label = "a page that asks it",
                                       .n = LINKED_UNCOUNTED,
                                       .view = "page",
                                       .arg = arena_strdup(out->arena, page_entry_name(d, l, &l->items[i]))});
    }
}

void page_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *out)
{
    static const char *const KINDS[] = {"page", "endpoint", "module", "package", NULL};
    if (str_find(KINDS, what) < 0)
        return;
    struct doc *d = doc_new("page", "Page");
    struct page_list l = page_list_of(d, c);
    const struct page_entry *e = str_eq(what, "page") ? page_list_find(&l, name) : NULL;
    if (e)
        link_page(c, e, out);
    else if (str_eq(what, "page"))
        link_template(c, name, out);
    else if (str_eq(what, "endpoint")) {
        link_endpoint(d, c, &l, name, out);
        link_users(&l, name, out);
    } else
        link_build(c, &l, out);
    page_list_free(&l);
    doc_free(d);
}
