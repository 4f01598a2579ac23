/* cache_actions.c - look into a cache closer, at a cost to its server that is said before. */
#include "view/action.h"
#include "view/caches/caches.h"

enum { CACHES_LOOKED_AT = 256 };
#define LIMIT_NS (60 * SD_S)
#define BUDGET   0.01

/* The cache of the selected row, or that the view is about. False: there is none. */
struct chosen_cache {
    char name[600], product[64], origin[300];
};

static bool chosen(const struct action_ctx *c, struct chosen_cache *out)
{
    struct cache_entry e[CACHES_LOOKED_AT];
    const char *name = c->row && str_eq(c->row->dive.view, "cache") ? c->row->dive.arg
                       : str_eq(c->on->about, "cache")              ? c->view.arg
                                                                    : NULL;
    size_t n = model_caches(c->view.model, SPAN_ALL, INT64_MAX, e, ARRAY_LEN(e));
    bool found = false;
    for (size_t i = 0; i < n; i++) {
        bool usual = !name && str_eq(e[i].r.layer, "application");
        if (!found && (usual || str_eq(e[i].r.name, name))) {
            found = true;
            snprintf(out->name, sizeof out->name, "%s", e[i].r.name);
            snprintf(out->product, sizeof out->product, "%s", e[i].r.product ? e[i].r.product : "");
            snprintf(out->origin, sizeof out->origin, "%s", e[i].origin);
        }
        cache_entry_free(&e[i]);
    }
    return found;
}

static const char *method_of(const struct action_ctx *c, const struct chosen_cache *x)
{
    return c->arg && *c->arg ? c->arg : str_eq(x->product, "memcached") ? "detail" : "monitor";
}

static bool can_be_looked_into(const struct chosen_cache *x)
{
    static const char *const PRODUCTS[] = {"redis", "valkey", "dragonfly", "memcached"};
    for (size_t i = 0; i < ARRAY_LEN(PRODUCTS); i++)
        if (str_eq(x->product, PRODUCTS[i]))
            return true;
    return false;
}

static bool can_sample(const struct action_ctx *c, struct sd_error *why)
{
    struct chosen_cache x;
    if (c->running)
        return fail(why, "One at a time: %s still runs on %s", c->running->job->title, c->running->where);
    if (!chosen(c, &x))
        return fail(why, "Select a cache first: the view caches lists them");
    if (!can_be_looked_into(&x))
        return fail(why, "Redis, Valkey and memcached can be looked into, not %.200s", x.name);
    return caches_method_cost(method_of(c, &x)) ||
           fail(why, "There is no method \"%s\": keys, monitor or detail", method_of(c, &x));
}

static void run_sample(const struct action_ctx *c, struct outcome *out)
{
    struct chosen_cache x;
    if (!chosen(c, &x))
        return;
    const char *method = method_of(c, &x);
    struct sd_job_sample_cache *args = arena_alloc(out->arena, sizeof *args);
    *args = (struct sd_job_sample_cache){.cache = arena_strdup(out->arena, x.name),
                                         .method = arena_strdup(out->arena, method),
                                         .budget = BUDGET,
                                         .limit_ns = LIMIT_NS};
    out->question = (struct question_text){
        .title = "Look into this cache?",
        .what = arena_printf(out->arena, "It %s.", caches_method_cost(method)),
    };
    outcome_fact(out, "Cache", x.name);
    outcome_fact(out, "Source", x.origin);
    outcome_fact(out, "At most", "60 s; Esc ends it");
    out->order = (struct job_order){.job = job_of(SD_JOB_SAMPLE_CACHE),
                                    .args = args,
                                    .origin = arena_strdup(out->arena, x.origin),
                                    .where = arena_strdup(out->arena, x.name),
                                    .about = args->cache,
                                    .view = "cache"};
}

static const char *method_word(size_t i)
{
    static const char *const WORDS[] = {"monitor", "keys", "detail"};
    return i < ARRAY_LEN(WORDS) ? WORDS[i] : NULL;
}

static const struct view_action SAMPLE = {
    .name = "sample-cache",
    .keys = "P",
    .group = "Diving",
    .help = "look into the selected cache: prefixes, keys, why it misses (asks, says its cost)",
    .on_server = "look into a cache",
    .args = "[METHOD]",
    .args_help = "look into a cache by monitor, keys or detail",
    .word = method_word,
    .enabled = can_sample,
    .run = run_sample,
};
const struct view_action *const caches_actions[] = {&SAMPLE, NULL};
