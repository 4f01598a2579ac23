#include "core/profiles/holder_growth.h"

#include <stdlib.h>

struct found {
    const struct sd_profile_holder *at[SNAPSHOTS_MAX]; /* NULL: too small there, or not there yet */
    double most;                                       /* growth of the one below it that grew most */
};

static int by_id(const void *a, const void *b)
{
    const struct sd_profile_holder *x = *(const struct sd_profile_holder *const *)a;
    const struct sd_profile_holder *y = *(const struct sd_profile_holder *const *)b;
    return x->id < y->id ? -1 : x->id > y->id;
}

static const struct sd_profile_holder *const *find(const struct sd_profile_holder *const *sorted, size_t n,
                                                   int64_t id)
{
    const struct sd_profile_holder key = {.id = id}, *p = &key;
    return n ? bsearch(&p, sorted, n, sizeof *sorted, by_id) : NULL;
}

static double bytes_of(const struct sd_profile_holder *h)
{
    return h && h->bytes > 0 ? (double)h->bytes : 0;
}

/* What it held at first. A collection that is not among the holders was small or not there. Of another object
 * it may be that others held the same, too: then it is known from the snapshot on in which it is. */
static const struct sd_profile_holder *first_of(const struct found *f, size_t n)
{
    for (size_t i = 0; i < n && !f->at[n - 1]->what; i++)
        if (f->at[i])
            return f->at[i];
    return f->at[0];
}

static double grown(const struct found *f, size_t n)
{
    return bytes_of(f->at[n - 1]) - bytes_of(first_of(f, n));
}

/* Not only in the last one, unless two are all. */
static bool was_there(const struct found *f, size_t n)
{
    return f->at[n - 2] || (n == 2 && f->at[1]->what);
}

/* What it grew belongs to the nearest one above that was there before, too. */
static void count_above(struct found *all, const struct sd_profile_holder *const *last, size_t n_last,
                        size_t i, size_t n)
{
    int64_t above = last[i]->above;
    for (size_t steps = 0; above > 0 && steps < n_last; steps++) { /* a broken file may have a ring */
        const struct sd_profile_holder *const *at = find(last, n_last, above);
        if (!at)
            return;
        struct found *f = &all[at - last];
        if (was_there(f, n)) {
            f->most = fmax(f->most, grown(&all[i], n));
            return;
        }
        above = (*at)->above;
    }
}

static bool gathers_more(const struct found *f, size_t i)
{
    return f->at[i + 1] && f->at[i + 1]->held > (f->at[i] ? f->at[i]->held : 0);
}

static enum growth_confidence judge(const struct holder_suspect *s, const struct found *f, size_t n,
                                    double heap)
{
    const char *what = s->holder->what;
    bool even = true, more = true;
    bool chain = s->holder->through || (what && (str_eq(what, "closure") || str_eq(what, "chain")));
    for (size_t i = 0; i + 1 < n; i++) {
        double step = bytes_of(f->at[i + 1]) - bytes_of(f->at[i]);
        even &= step >= s->growth / (double)(n - 1) / 4;
        more &= chain || gathers_more(f, i);
    }
    bool much = s->share >= 0.1 && s->growth >= GROWTH_LEAST * heap;
    if (n > 2 && much && even && more)
        return GROWTH_HIGH;
    if (n == 2 && much && more && f->at[0] && what && s->share >= 0.25 && s->after >= 1.5 * s->before)
        return GROWTH_HIGH;
    return s->share >= 0.1 && s->steps == n - 1 && s->growth >= GROWTH_LEAST / 4 * heap ? GROWTH_MEDIUM
                                                                                        : GROWTH_LOW;
}

static struct holder_suspect suspect_of(const struct found *f, const struct heap_snapshot *snapshots,
                                        size_t n, double all)
{
    struct holder_suspect s = {.holder = f->at[n - 1],
                               .before = bytes_of(first_of(f, n)),
                               .after = bytes_of(f->at[n - 1]),
                               .growth = grown(f, n),
                               .held_before = f->at[0] ? f->at[0]->held : SD_UNKNOWN,
                               .held_after = f->at[n - 1]->held};
    s.share = fmin(s.growth / all, 1);
    for (size_t i = 0; i + 1 < n; i++)
        s.steps += bytes_of(f->at[i + 1]) > bytes_of(f->at[i]);
    s.confidence = judge(&s, f, n, snapshots[0].bytes);
    return s;
}

static int by_growth(const void *a, const void *b)
{
    const struct holder_suspect *x = a, *y = b;
    return x->growth > y->growth ? -1 : x->growth < y->growth ? 1 : by_id(&x->holder, &y->holder);
}

static const struct sd_profile_holder **sorted(const struct heap_snapshot *s)
{
    const struct sd_profile_holder **out = mem_array(s->n + 1, sizeof *out);
    for (size_t i = 0; i < s->n; i++)
        out[i] = s->holders[i];
    qsort(out, s->n, sizeof *out, by_id);
    return out;
}

/* What stands there in another snapshot, when it is not the same object: a closure that holds the one before
 * it takes its place each time. */
static const struct sd_profile_holder *in_place_of(const struct sd_profile_holder *h,
                                                   const struct heap_snapshot *s)
{
    for (size_t i = 0; h->property && i < s->n; i++)
        if (s->holders[i]->above == h->above && str_eq(s->holders[i]->property, h->property))
            return s->holders[i];
    return NULL;
}

/* The holders of the last snapshot in all of them. */
static struct found *find_all(const struct heap_snapshot *snapshots, size_t n,
                              const struct sd_profile_holder **last)
{
    size_t n_last = snapshots[n - 1].n;
    struct found *all = mem_array(n_last + 1, sizeof *all);
    for (size_t k = 0; k < n; k++) {
        const struct sd_profile_holder **there = sorted(&snapshots[k]);
        for (size_t i = 0; i < n_last; i++) {
            const struct sd_profile_holder *const *at = find(there, snapshots[k].n, last[i]->id);
            /* A number may be another process's: then the name is another one, too. */
            all[i].at[k] =
                at && str_eq((*at)->name, last[i]->name) ? *at : in_place_of(last[i], &snapshots[k]);
        }
        free(there);
    }
    return all;
}

struct holder_growth holder_growth(const struct heap_snapshot *snapshots, size_t n)
{
    struct holder_growth g = {.steps = n ? (unsigned)n - 1 : 0};
    size_t cap = 0;
    if (n < 2 || n > SNAPSHOTS_MAX || !(snapshots[n - 1].bytes > snapshots[0].bytes))
        return g;
    g.all = snapshots[n - 1].bytes - snapshots[0].bytes;
    size_t n_last = snapshots[n - 1].n;
    const struct sd_profile_holder **last = sorted(&snapshots[n - 1]);
    struct found *all = find_all(snapshots, n, last);
    for (size_t i = 0; i < n_last; i++)
        if (was_there(&all[i], n))
            count_above(all, last, n_last, i, n);
    for (size_t i = 0; i < n_last; i++) {
        double growth = grown(&all[i], n);
        /* It may grow by more than the heap when others do not hold the same any more. */
        if (!was_there(&all[i], n) || growth < GROWTH_LEAST * g.all ||
            all[i].most > GROWTH_MOSTLY * fmin(growth, g.all))
            continue;
        g.items = g.n == cap ? mem_grow(g.items, g.n, &cap, sizeof *g.items) : g.items;
        g.items[g.n++] = suspect_of(&all[i], snapshots, n, g.all);
    }
    if (g.n)
        qsort(g.items, g.n, sizeof *g.items, by_growth);
    free(all);
    free(last);
    return g;
}

void holder_growth_free(struct holder_growth *g)
{
    free(g->items);
    *g = (struct holder_growth){0};
}
