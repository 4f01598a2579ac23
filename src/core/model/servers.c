/* servers.c - the state of database servers: figures, I/O, replication, progress, parameters. */
#include "core/model/parts.h"

/* A history for each kind of record, in this order. */
static const enum sd_kind KINDS[] = {SD_SERVER,   SD_SERVER_IO, SD_REPLICATION,
                                     SD_PROGRESS, SD_PARAMETER, SD_BLOAT};
enum { N_KINDS = ARRAY_LEN(KINDS) };

/* Of one origin. */
struct states {
    struct history of[N_KINDS];
};

static struct states *states_of(const struct model *m, size_t origin)
{
    return m->origins[origin]->state[DOMAIN_servers];
}

/* A batch with a server says all there is of replication and progress; the other kinds come when they come.
 */
static bool tells(const struct sd_batch *b, enum sd_kind kind)
{
    sd_kinds whole = SD_KIND_BIT(SD_REPLICATION) | SD_KIND_BIT(SD_PROGRESS);
    return (batch_kinds(b) & SD_KIND_BIT(kind)) ||
           ((whole & SD_KIND_BIT(kind)) && (batch_kinds(b) & SD_KIND_BIT(SD_SERVER)));
}

static bool states_thin(struct part *p)
{
    bool any = false;
    for (size_t i = 0; i < p->model->n_origins; i++) {
        struct states *x = states_of(p->model, i);
        for (size_t k = 0; x && k < N_KINDS; k++)
            any |= history_thin(p, &x->of[k]);
    }
    return any;
}

static void servers_apply(struct part *p, struct origin *o, const struct sd_batch *b)
{
    struct states *x = origin_state(p, o);
    const void **records = mem_array(batch_len(b) + 1, sizeof *records), *r;
    for (size_t k = 0; k < N_KINDS; k++) {
        size_t n = 0;
        for (size_t i = 0; (r = batch_each(b, KINDS[k], &i));)
            records[n++] = r;
        if (tells(b, KINDS[k]))
            history_add(p, &x->of[k], batch_time(b), KINDS[k], records, n);
    }
    free(records);
    while (p->bytes > p->share && states_thin(p))
        ;
}

static void servers_drop(struct part *p, sd_time before)
{
    for (size_t i = 0; i < p->model->n_origins; i++) {
        struct states *x = states_of(p->model, i);
        for (size_t k = 0; x && k < N_KINDS; k++)
            history_drop(p, &x->of[k], before);
    }
}

/* When nothing but the newest is left, and that is too much: the largest. */
static bool servers_less(struct part *p, size_t want)
{
    size_t held = p->bytes;
    struct history *most = NULL;
    while (p->bytes > want && states_thin(p))
        ;
    for (size_t i = 0; i < p->model->n_origins; i++) {
        struct states *x = states_of(p->model, i);
        if (x)
            most = history_largest(most, x->of, N_KINDS);
    }
    if (p->bytes > want && p->bytes > p->share && most)
        history_free(p, most);
    return p->bytes < held;
}

static void states_free(struct part *p, void *state)
{
    struct states *x = state;
    for (size_t k = 0; k < N_KINDS; k++)
        history_free(p, &x->of[k]);
}

static void servers_clear(struct part *p)
{
    (void)p;
}

const struct domain servers_domain = {
    .name = "servers",
    .kinds = SD_KIND_BIT(SD_SERVER) | SD_KIND_BIT(SD_SERVER_IO) | SD_KIND_BIT(SD_REPLICATION) |
             SD_KIND_BIT(SD_PROGRESS) | SD_KIND_BIT(SD_PARAMETER) | SD_KIND_BIT(SD_BLOAT),
    .is_data = true,
    .origin_size = sizeof(struct states),
    .apply = servers_apply,
    .drop = servers_drop,
    .less = servers_less,
    .origin_free = states_free,
    .clear = servers_clear,
};

/* ---- asking ---- */

static const struct history *history_of(const struct model *m, size_t origin, enum sd_kind kind)
{
    const struct states *x = states_of(m, origin);
    for (size_t k = 0; x && k < N_KINDS; k++)
        if (KINDS[k] == kind)
            return &x->of[k];
    return NULL;
}

static bool is_same(enum sd_kind kind, const void *a, const void *b)
{
    if (kind == SD_SERVER_IO) {
        const struct sd_server_io *x = a, *y = b;
        return str_eq(x->backend_type, y->backend_type) && str_eq(x->object, y->object) &&
               str_eq(x->context, y->context);
    }
    if (kind == SD_REPLICATION) {
        const struct sd_replication *x = a, *y = b;
        return str_eq(x->role, y->role) && str_eq(x->name, y->name) &&
               (x->pid == y->pid || str_eq(x->role, "slot"));
    }
    if (kind == SD_PROGRESS) {
        const struct sd_progress *x = a, *y = b;
        return x->pid == y->pid && x->started == y->started && str_eq(x->command, y->command) &&
               str_eq(x->relation, y->relation) && str_eq(x->phase, y->phase);
    }
    return kind == SD_SERVER;
}

size_t model_server_records(const struct model *m, enum sd_kind kind, struct span span, sd_time at,
                            struct record_entry *out, size_t max)
{
    size_t n = 0;
    for (size_t k = 0; k < m->n_origins; k++) {
        const struct history *h = history_of(m, k, kind);
        if (h)
            n += history_records(h, kind, span, at, is_same, m->origins[k]->name, out + n, max - n);
    }
    return n;
}

bool model_server_known(const struct model *m, enum sd_kind kind, sd_time at)
{
    for (size_t k = 0; k < m->n_origins; k++) {
        const struct history *h = history_of(m, k, kind);
        if (h && history_at(h, at))
            return true;
    }
    return false;
}

size_t model_server_steps(const struct model *m, const char *origin, struct span span,
                          struct server_step *out, size_t max)
{
    size_t n = 0;
    for (size_t k = 0; k < m->n_origins; k++) {
        const struct history *h = str_eq(m->origins[k]->name, origin) ? history_of(m, k, SD_SERVER) : NULL;
        for (size_t i = 0; h && i < h->n && n < max; i++)
            if (h->items[i].n &&
                (span_is_all(span) || (h->items[i].at >= span.from && h->items[i].at <= span.to)))
                out[n++] = (struct server_step){.at = h->items[i].at, .r = h->items[i].records[0]};
    }
    return n;
}
