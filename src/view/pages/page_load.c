/* page_load.c - the requests of a load as a waterfall, and where they lead: endpoints and the build. */
#include <stdlib.h>

#include "core/bundles/build.h"
#include "core/model/bundles.h"
#include "core/model/pages.h"
#include "view/pages/page_parts.h"

enum { ENDPOINTS_MAX = 64 };

/* Of the doc: what is drawn later must not be the model's. */
struct load_request {
    const char *label, *copy;
    double start, length;
    unsigned colour;
    struct dive dive;
    bool blocking;
};
struct load {
    size_t n;
    double end;
    struct load_request items[];
};

static void load_box(void *ctx, size_t i, struct box *b)
{
    const struct load *l = ctx;
    if (i == BOXES_ROOT) {
        b->children = b->inside = l->n;
        b->weight = l->end;
        return;
    }
    const struct load_request *x = &l->items[i];
    b->label = x->label;
    b->start = x->start;
    b->weight = b->self = x->length;
    b->parent = BOXES_ROOT;
    b->colour = x->colour;
    b->dive = x->dive;
    b->copy = x->copy;
    b->severity = x->blocking ? SEVERITY_WARN : SEVERITY_NONE;
}

static size_t load_child(void *ctx, size_t parent, size_t k)
{
    (void)ctx, (void)parent;
    return k;
}

static uint64_t load_identity(void *ctx, size_t i)
{
    const struct load *l = ctx;
    uint64_t id = str_hash(l->items[i].copy, strlen(l->items[i].copy)) + i; /* one may be loaded twice */
    return id ? id : 1;
}

static const struct boxes_source LOAD = {.box = load_box, .child = load_child, .identity = load_identity};

/* ---- where a request leads ---- */

/* Bytes of scheme, host and port. */
static size_t host_length(const char *url)
{
    const char *host = url ? strstr(url, "://") : NULL;
    return host ? (size_t)(host - url) + 3 + strcspn(host + 3, "/?#") : 0;
}

static bool same_host(const char *a, const char *b)
{
    size_t n = host_length(a);
    return n && n == host_length(b) && !strncmp(a, b, n);
}

const char *page_endpoint_of(const struct model *m, const struct sd_page_report *r, const char *url)
{
    char path[1024], template[PAGE_TEMPLATE_MAX];
    if (!url || !same_host(url, r->url))
        return NULL;
    const char *at = url + host_length(url);
    snprintf(path, sizeof path, "%.*s", (int)strcspn(at, "?#"), *at == '/' ? at : "/");
    const struct endpoint *e = model_find_endpoint(m, path);
    page_template(url, strlen(url), template);
    if (!e)
        e = model_find_endpoint(m, template);
    return e ? endpoint_name(e) : NULL;
}

static const char *file_name(const char *url, size_t *len)
{
    size_t end = strcspn(url, "?#"), start = end;
    while (start > 0 && url[start - 1] != '/')
        start--;
    *len = end - start;
    return url + start;
}

bool page_in_bundle(const struct model *m, const char *url)
{
    const struct bundle_build *b = model_bundle(m, NULL);
    size_t len, n = 0;
    const char *name = url ? file_name(url, &len) : NULL;
    for (size_t i = 0; name && len && b && i < b->n_assets; i++) {
        const char *asset = b->assets[i].name ? file_name(b->assets[i].name, &n) : "";
        if (n == len && !strncmp(asset, name, len))
            return true;
    }
    return false;
}

static struct dive leads_to(struct doc *d, const struct model *m, const struct sd_page_report *r,
                            const char *url)
{
    if (page_in_bundle(m, url))
        return (struct dive){.view = "bundle"};
    const char *endpoint = page_endpoint_of(m, r, url);
    return endpoint ? (struct dive){.view = "endpoint", .arg = doc_text(d, endpoint)}
                    : (struct dive){.view = NULL};
}

/* ---- the section ---- */

static unsigned colour_of(const char *type)
{
    static const char *const types[] = {"Document", "Stylesheet", "Script", "Image",
                                        "Font",     "Fetch",      "XHR",    "Media"};
    unsigned i = 0;
    while (i < ARRAY_LEN(types) && !str_eq(types[i], type))
        i++;
    return i;
}

/* Path and file, without the host of the page itself; data in a URL is not shown. */
static const char *label_of(struct doc *d, const struct sd_page_report *r, const char *url, const char *type)
{
    size_t from = same_host(url, r->url) ? host_length(url) : 0;
    return doc_printf(d, "%.*s%s%s", (int)MIN(strcspn(url + from, "?#"), (size_t)120), url + from,
                      type ? "  " : "", type ? type : "");
}

void page_waterfall(struct doc *d, const struct view_ctx *c, const struct sd_page_report *r)
{
    size_t n = r->requests && r->request_start_ns && r->request_ns
                   ? MIN(r->requests->n, MIN(r->request_start_ns->n, r->request_ns->n))
                   : 0;
    struct load *l = arena_alloc(d->arena, sizeof *l + n * sizeof *l->items);
    for (size_t i = 0; i < n; i++) {
        const char *url = r->requests->items[i], *type = r->request_types ? r->request_types->items[i] : NULL;
        if (!url || r->request_start_ns->items[i] < 0 || r->request_ns->items[i] < 0)
            continue;
        struct load_request *x = &l->items[l->n++];
        *x = (struct load_request){.label = label_of(d, r, url, type),
                                   .copy = doc_text(d, url),
                                   .start = (double)r->request_start_ns->items[i],
                                   .length = (double)r->request_ns->items[i],
                                   .colour = colour_of(type),
                                   .dive = leads_to(d, c->model, r, url),
                                   .blocking = r->request_blocking && r->request_blocking->items[i] == 1};
        l->end = fmax(l->end, x->start + x->length);
    }
    if (!l->n)
        return;
    struct section *s = doc_section(d, SECTION_BOXES, "load", "Load, request by request");
    s->note = doc_printf(d, "%zu requests; ! blocks rendering", l->n);
    s->boxes = (struct boxes){.shape = BOXES_WATERFALL,
                              .unit = UNIT_NS,
                              .n = l->n,
                              .start = 0,
                              .end = l->end,
                              .source = &LOAD,
                              .ctx = l};
    s->weight = 2;
}
