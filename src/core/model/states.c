#include "core/model/states.h"

static struct states *states_of(const struct part *p, size_t origin)
{
    return p->model->origins[origin]->state[p - p->model->parts];
}

/* Of all origins one moment in two of the older half, of the kinds in `bits`. */
static bool thin(struct part *p, unsigned bits)
{
    bool any = false;
    for (size_t i = 0; i < p->model->n_origins; i++) {
        struct states *x = states_of(p, i);
        for (size_t k = 0; x && k < STATES_KINDS; k++)
            if (bits >> k & 1)
                any |= history_thin(p, &x->of[k]);
    }
    return any;
}

/* What alone is there may take more than half of the share, such as the reports of a folder. */
void states_apply(struct part *p, struct origin *o, const struct sd_batch *b, const struct states_table *t)
{
    struct states *x = origin_state(p, o);
    const void **records = mem_array(batch_len(b) + 1, sizeof *records), *r;
    for (size_t k = 0; k < t->n; k++) {
        size_t n = 0;
        for (size_t i = 0; (r = batch_each(b, t->kinds[k], &i));)
            records[n++] = r;
        if (n)
            history_add_upto(p, &x->of[k], batch_time(b), t->kinds[k], records, n,
                             p->model->limits.max_bytes / 4);
    }
    free(records);
    while (p->bytes > p->share && thin(p, ~t->counted))
        ;
}

void states_drop(struct part *p, sd_time before)
{
    for (size_t i = 0; i < p->model->n_origins; i++) {
        struct states *x = states_of(p, i);
        for (size_t k = 0; x && k < STATES_KINDS; k++)
            history_drop(p, &x->of[k], before);
    }
}

static struct history *largest(struct part *p)
{
    struct history *most = NULL;
    for (size_t i = 0; i < p->model->n_origins; i++) {
        struct states *x = states_of(p, i);
        if (x)
            most = history_largest(most, x->of, STATES_KINDS);
    }
    return most && most->bytes ? most : NULL;
}

bool states_less(struct part *p, size_t want)
{
    size_t held = p->bytes;
    struct history *most;
    while (p->bytes > want && thin(p, ~0u))
        ;
    while (p->bytes > want && p->bytes > p->share && (most = largest(p)))
        history_free(p, most);
    return p->bytes < held;
}

void states_free(struct part *p, void *state)
{
    struct states *x = state;
    for (size_t k = 0; k < STATES_KINDS; k++)
        history_free(p, &x->of[k]);
}

void states_clear(struct part *p)
{
    (void)p; /* all is of the origins */
}

const struct history *states_history(const struct model *m, const struct states_table *t, size_t origin,
                                     enum sd_kind kind)
{
    const struct states *x = m->origins[origin]->state[t->domain];
    for (size_t k = 0; x && k < t->n; k++)
        if (t->kinds[k] == kind)
            return &x->of[k];
    return NULL;
}
