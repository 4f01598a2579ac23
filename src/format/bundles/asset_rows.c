#include "format/bundles/asset_rows.h"

#include <stdlib.h>
#include <string.h>

#include "core/bundles/apportion.h"
#include "format/bundles/asset_type.h"
#include "format/bundles/module_path.h"
#include "format/bundles/source_map.h"
#include "format/bundles/webpack_asset.h"

/* ---- rows ---- */

static struct asset_row *add(struct asset_output *out, const char *path, const char *part, int64_t minified)
{
    out->rows = mem_grow(out->rows, out->n, &out->cap, sizeof *out->rows);
    struct asset_row *r = &out->rows[out->n++];
    *r = (struct asset_row){.path = path,
                            .part = part,
                            .size_bytes = SD_UNKNOWN,
                            .minified_bytes = minified,
                            .gzip_bytes = SD_UNKNOWN,
                            .brotli_bytes = SD_UNKNOWN};
    return r;
}

static struct asset_row *add_module(struct asset_output *out, const struct draft_module *m, int64_t minified)
{
    struct asset_row *r = add(out, m->path, "module", minified);
    r->package = m->package;
    r->size_bytes = m->size_bytes;
    return r;
}

static void add_rest(struct asset_output *out, const char *path, const char *part, int64_t bytes)
{
    if (bytes > 0)
        add(out, path, part, bytes);
}

static int by_path(const void *a, const void *b)
{
    const struct asset_row *x = a, *y = b;
    int order = strcmp(x->path, y->path);
    return order ? order : strcmp(x->part, y->part);
}

static int by_bytes(const void *a, const void *b)
{
    const struct asset_row *x = a, *y = b;
    if (x->minified_bytes != y->minified_bytes)
        return x->minified_bytes > y->minified_bytes ? -1 : 1;
    return by_path(a, b);
}

static void add_known(int64_t *sum, int64_t more)
{
    if (more != SD_UNKNOWN)
        *sum = *sum == SD_UNKNOWN ? more : *sum + more;
}

/* Rows of one path become one. */
static void merge(struct asset_output *out)
{
    size_t to = 0;
    qsort(out->rows, out->n, sizeof *out->rows, by_path);
    for (size_t i = 0; i < out->n; i++) {
        struct asset_row *r = &out->rows[i], *last = to ? &out->rows[to - 1] : NULL;
        if (!last || by_path(last, r)) {
            out->rows[to++] = *r;
            continue;
        }
        add_known(&last->size_bytes, r->size_bytes);
        add_known(&last->minified_bytes, r->minified_bytes);
        last->estimated |= r->estimated;
        last->ignored |= r->ignored;
    }
    out->n = to;
    qsort(out->rows, out->n, sizeof *out->rows, by_bytes);
}

/* ---- the ways to know what a module takes ---- */

/* As the description says; the rest is what the bundler put around the modules. */
static bool described(const struct asset_input *in, struct asset_output *out, struct sd_error *err)
{
    const struct draft_asset *asset = &in->draft->assets[in->asset];
    int64_t sum = 0, known = asset->size_bytes == SD_UNKNOWN ? out->size_bytes : asset->size_bytes;
    for (size_t i = 0; i < in->n_parts; i++)
        sum += MAX(in->parts[i].minified_bytes, (int64_t)0);
    if (known != SD_UNKNOWN && sum > known)
        return fail(err, "The modules of %.200s would take %lld bytes, more than the %lld it has.",
                    asset->name, (long long)sum, (long long)known);
    if (out->size_bytes == SD_UNKNOWN)
        out->size_bytes = sum;
    bool changed = sum > out->size_bytes; /* the file has been made smaller since */
    for (size_t i = 0; i < in->n_parts; i++) {
        const struct draft_part *p = &in->parts[i];
        add_module(out, &in->draft->modules[p->module], MAX(p->minified_bytes, (int64_t)0))->estimated =
            changed;
    }
    if (changed) {
        int64_t *shares = mem_array(out->n + 1, sizeof *shares);
        for (size_t i = 0; i < out->n; i++)
            shares[i] = out->rows[i].minified_bytes;
        apportion(out->size_bytes, shares, out->n, shares);
        for (size_t i = 0; i < out->n; i++)
            out->rows[i].minified_bytes = shares[i];
        free(shares);
    } else {
        add_rest(out, "(glue)", "glue", out->size_bytes - sum);
    }
    return true;
}

/* False: the map cannot be used. */
static bool mapped(const struct asset_input *in, struct asset_output *out)
{
    struct source_map_split split;
    struct strbuf path = {0};
    if (!source_map_split(in->text, in->len, in->map, in->map_len, &split, &out->map_note))
        return false;
    for (size_t i = 0; i < split.n; i++) {
        const struct source_map_part *p = &split.parts[i];
        size_t len = 0;
        module_path(p->source, strlen(p->source), &path);
        struct asset_row *r = add(out, arena_strdup(out->arena, strbuf_text(&path)), "module", p->bytes);
        const char *package = module_path_package(r->path, &len);
        r->package = package ? arena_strndup(out->arena, package, len) : NULL;
        r->ignored = p->ignored;
    }
    strbuf_free(&path);
    add_rest(out, "(unmapped)", "unmapped", split.unmapped);
    add_rest(out, "(no source)", "no_source", split.no_source);
    add_rest(out, "(line ends)", "line_ends", split.line_ends);
    add_rest(out, "(map comment)", "map_comment", split.map_comment);
    source_map_split_clear(&split);
    /* The description knows how large the sources are, and which modules left nothing. */
    for (size_t i = 0; i < in->n_parts; i++)
        add_module(out, &in->draft->modules[in->parts[i].module], 0);
    return true;
}

/* Shares `total` out among the parts that `of` names, by the size of their sources. */
static void share(const struct asset_input *in, struct asset_output *out, const size_t *of, size_t n,
                  int64_t total)
{
    int64_t *shares = mem_array(n + 1, sizeof *shares);
    for (size_t i = 0; i < n; i++)
        shares[i] = MAX(in->draft->modules[in->parts[of[i]].module].size_bytes, (int64_t)0);
    apportion(total, shares, n, shares);
    for (size_t i = 0; i < n; i++)
        add_module(out, &in->draft->modules[in->parts[of[i]].module], shares[i])->estimated = true;
    free(shares);
}

static void shared_out(const struct asset_input *in, struct asset_output *out)
{
    size_t *all = mem_array(in->n_parts + 1, sizeof *all);
    for (size_t i = 0; i < in->n_parts; i++)
        all[i] = i;
    share(in, out, all, in->n_parts, out->size_bytes);
    free(all);
}

/* The functions of one module in the asset, and the parts that are in them: several when it is concatenated.
 */
struct function {
    int64_t bytes;
    size_t first, n; /* in `order` */
};

struct functions {
    struct function *items;
    size_t n;
    struct id_table by_id;
    size_t *order;    /* parts, those of each function together; behind them those of none */
    size_t n_in;      /* parts in functions */
    int64_t nameless; /* bytes of functions no part is in */
};

static uint32_t function_of(const struct asset_input *in, const struct functions *f, size_t part)
{
    const char *id = in->draft->modules[in->parts[part].module].id;
    return id ? id_table_get(&f->by_id, str_hash(id, strlen(id))) : ID_NONE;
}

static void gather(const struct asset_input *in, const struct webpack_asset *a, struct functions *f)
{
    f->items = mem_array(a->n + 1, sizeof *f->items);
    f->order = mem_array(in->n_parts + 1, sizeof *f->order);
    for (size_t i = 0; i < a->n; i++) {
        uint64_t key = str_hash(a->functions[i].id, strlen(a->functions[i].id));
        uint32_t at = id_table_get(&f->by_id, key);
        if (at == ID_NONE)
            id_table_put(&f->by_id, key, at = (uint32_t)f->n++);
        f->items[at].bytes += (int64_t)a->functions[i].len;
    }
    for (size_t i = 0; i < in->n_parts; i++) {
        uint32_t at = function_of(in, f, i);
        if (at != ID_NONE)
            f->items[at].n++;
    }
    for (size_t i = 0; i < f->n; i++) {
        f->items[i].first = f->n_in;
        f->n_in += f->items[i].n;
        f->nameless += f->items[i].n ? 0 : f->items[i].bytes;
        f->items[i].n = 0;
    }
    size_t none = f->n_in;
    for (size_t i = 0; i < in->n_parts; i++) {
        uint32_t at = function_of(in, f, i);
        struct function *to = at == ID_NONE ? NULL : &f->items[at];
        f->order[to ? to->first + to->n++ : none++] = i;
    }
}

/* Modules without a function of their own: the loader, and what webpack put right into it. An
 * estimate is never larger than the source. */
static void share_rest(const struct asset_input *in, struct asset_output *out, const struct functions *f,
                       int64_t rest)
{
    int64_t sources = 0;
    for (size_t i = f->n_in; i < in->n_parts; i++)
        sources += MAX(in->draft->modules[in->parts[f->order[i]].module].size_bytes, (int64_t)0);
    int64_t shared = MIN(rest, sources);
    share(in, out, f->order + f->n_in, in->n_parts - f->n_in, shared);
    add_rest(out, "(glue)", "glue", rest - shared);
}

/* As webpack wrote them into the asset. False: it is none of webpack's. */
static bool from_functions(const struct asset_input *in, struct asset_output *out)
{
    struct webpack_asset a;
    struct functions f = {0};
    if (!in->text || !in->n_parts || !webpack_asset_read(in->text, in->len, &a))
        return false;
    gather(in, &a, &f);
    int64_t rest = out->size_bytes - f.nameless;
    for (size_t i = 0; i < f.n && f.n_in; i++) {
        const struct function *x = &f.items[i];
        if (x->n == 1)
            add_module(out, &in->draft->modules[in->parts[f.order[x->first]].module], x->bytes);
        else if (x->n)
            share(in, out, f.order + x->first, x->n, x->bytes);
        rest -= x->n ? x->bytes : 0;
    }
    bool found = f.n_in > 0;
    if (found) {
        share_rest(in, out, &f, rest);
        add_rest(out, "(unmapped)", "unmapped", f.nameless);
    }
    free(f.items);
    free(f.order);
    id_table_free(&f.by_id);
    webpack_asset_clear(&a);
    return found;
}

static bool any_described(const struct asset_input *in)
{
    for (size_t i = 0; i < in->n_parts; i++)
        if (in->parts[i].minified_bytes != SD_UNKNOWN)
            return true;
    return false;
}

static bool is_code(const struct asset_input *in)
{
    const char *type = asset_type(in->draft->assets[in->asset].name);
    return str_eq(type, "js") || str_eq(type, "css");
}

/* Code of the bundler alone, as the part that chunks share: the description knows what is of modules. */
static bool all_glue(const struct asset_input *in, const struct asset_output *out)
{
    return in->draft->measured && !in->n_parts && out->size_bytes > 0 && is_code(in);
}

static void whole(const struct asset_input *in, struct asset_output *out)
{
    if (is_code(in))
        add(out, "(unmapped)", "unmapped", out->size_bytes);
    else
        add(out, in->draft->assets[in->asset].name, "asset", out->size_bytes);
}

bool asset_rows(const struct asset_input *in, struct asset_output *out, struct sd_error *err)
{
    out->size_bytes = in->text ? (int64_t)in->len : in->draft->assets[in->asset].size_bytes;
    out->n = 0;
    *out->map_note.text = 0;
    if (any_described(in) || all_glue(in, out)) {
        if (!described(in, out, err))
            return false;
    } else if (!is_code(in) || !in->text || !in->map || !mapped(in, out)) {
        if (!in->n_parts || out->size_bytes == SD_UNKNOWN)
            whole(in, out);
        else if (!from_functions(in, out))
            shared_out(in, out);
    }
    merge(out);
    return true;
}

/* ---- compressed ---- */

void asset_rows_compressed(struct asset_output *out, int64_t gzip_bytes, int64_t brotli_bytes)
{
    int64_t *weights = mem_array(out->n + 1, sizeof *weights),
            *shares = mem_array(out->n + 1, sizeof *shares);
    for (size_t i = 0; i < out->n; i++)
        weights[i] = out->rows[i].minified_bytes;
    if (gzip_bytes != SD_UNKNOWN) {
        apportion(gzip_bytes, weights, out->n, shares);
        for (size_t i = 0; i < out->n; i++)
            out->rows[i].gzip_bytes = shares[i];
    }
    if (brotli_bytes != SD_UNKNOWN) {
        apportion(brotli_bytes, weights, out->n, shares);
        for (size_t i = 0; i < out->n; i++)
            out->rows[i].brotli_bytes = shares[i];
    }
    free(weights);
    free(shares);
}
