#include "core/caches/key_watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "core/caches/miss_curve.h"

enum {
    ASKED_MAX = 1024, /* bytes of a key that is followed */
    HOT_AT = 12,      /* lookups, before the text of a key is kept */
    HOT_TEXTS = 4096,
    HOT_TEXT = 256,
};
/* More than this share of the certain hits is followed by a store: then a store says nothing. */
#define STORED_ANYWAY 0.2

enum presence { UNKNOWN, THERE, GONE, MAYBE };

struct key {
    uint64_t hash;            /* 0: none */
    sd_time end;              /* KEY_NO_END, KEY_SAME_END: not known */
    sd_time read;             /* last lookup; 0: none */
    uint32_t prefix, waiting; /* lookups not decided yet */
    uint32_t lookups, misses;
    uint32_t second, in_second, most_at_once; /* misses */
    uint8_t presence, reason;
    bool asked, was_there; /* it was there some time */
    bool hit_last;         /* the last that was seen of it is a certain hit */
    bool unsure;           /* a gap since it was seen */
    char *text;            /* of a hot one */
    uint16_t text_len;
};

struct key_watch {
    struct key_prefixes *prefixes;
    struct key_watch_figures of[KEY_PREFIXES_MAX];
    struct key *keys;
    size_t mask, n, most, texts;
    uint64_t below;
    double share;
    bool evicts, told, seeded;
    void (*also)(void *ctx, uint32_t from, uint32_t into);
    void *also_ctx;
    /* While a command is read. */
    int64_t db;
    sd_time at;
    void (*ask)(void *ctx, int64_t db, const char *key, size_t n);
    void *ctx;
};

static void merged(void *ctx, uint32_t from, uint32_t into)
{
    struct key_watch *w = ctx;
    struct key_watch_figures *a = &w->of[from], *b = &w->of[into];
    b->hits += a->hits;
    for (size_t i = 0; i < KEY_REASONS; i++)
        b->misses[i] += a->misses[i];
    b->undecided += a->undecided;
    b->writes += a->writes;
    b->deletes += a->deletes;
    b->decided += a->decided;
    for (size_t i = 0; i < KEY_REUSE_STEPS; i++)
        b->reuse[i] += a->reuse[i];
    b->known_hits += a->known_hits;
    b->stored_after += a->stored_after;
    *a = (struct key_watch_figures){0};
    if (w->also)
        w->also(w->also_ctx, from, into);
    for (size_t i = 0; i <= w->mask; i++)
        if (w->keys[i].prefix == from)
            w->keys[i].prefix = into;
}

struct key_watch *key_watch_new(const char *const *patterns, size_t most,
                                void (*also)(void *ctx, uint32_t from, uint32_t into), void *ctx)
{
    struct key_watch *w = mem_alloc(sizeof *w);
    w->also = also;
    w->also_ctx = ctx;
    w->most = MAX(most, (size_t)64);
    for (w->mask = 127; w->mask < w->most * 2; w->mask = w->mask * 2 + 1)
        ;
    w->keys = mem_array(w->mask + 1, sizeof *w->keys);
    w->below = UINT64_MAX;
    w->share = 1;
    w->prefixes = key_prefixes_new(patterns, merged, w);
    return w;
}

void key_watch_free(struct key_watch *w)
{
    if (!w)
        return;
    for (size_t i = 0; i <= w->mask; i++)
        free(w->keys[i].text);
    key_prefixes_free(w->prefixes);
    free(w->keys);
    free(w);
}

/* ---- the table ---- */

static struct key *slot_of(struct key_watch *w, uint64_t hash)
{
    size_t i = hash & w->mask;
    while (w->keys[i].hash && w->keys[i].hash != hash)
        i = (i + 1) & w->mask;
    return &w->keys[i];
}

static void follow_fewer(struct key_watch *w)
{
    struct key *old = w->keys;
    w->share *= 0.8;
    w->below = (uint64_t)(w->share * 0x1p64);
    w->keys = mem_array(w->mask + 1, sizeof *w->keys);
    w->n = 0;
    for (size_t i = 0; i <= w->mask; i++) {
        if (old[i].hash && old[i].hash <= w->below) {
            *slot_of(w, old[i].hash) = old[i];
            w->n++;
        } else if (old[i].text) {
            free(old[i].text);
            w->texts--;
        }
    }
    free(old);
}

static uint64_t hash_of(int64_t db, const char *key, size_t n)
{
    uint64_t h = key_hash(key, n) + (uint64_t)db * 0x9e3779b97f4a7c15u;
    return h ? h : 1;
}

/* NULL: it is not followed. */
static struct key *follow(struct key_watch *w, int64_t db, const char *text, size_t n, bool make)
{
    uint64_t hash = hash_of(db, text, n);
    if (n > ASKED_MAX || hash > w->below)
        return NULL;
    struct key *k = slot_of(w, hash);
    if (k->hash || !make)
        return k->hash ? k : NULL;
    if (w->n >= w->most) {
        follow_fewer(w);
        return follow(w, db, text, n, make);
    }
    uint32_t prefix = key_prefix_of(w->prefixes, text, n); /* may rename those of others */
    *k = (struct key){.hash = hash, .prefix = prefix, .end = KEY_SAME_END};
    w->n++;
    return k;
}

static struct key_watch_figures *figures(struct key_watch *w, const struct key *k)
{
    return &w->of[k->prefix];
}

/* ---- outcomes ---- */

static void count_hits(struct key_watch *w, const struct key *k, uint32_t n)
{
    figures(w, k)->hits += n / w->share;
    figures(w, k)->decided += n;
}

static void count_misses(struct key_watch *w, struct key *k, uint32_t n, enum key_reason reason)
{
    uint32_t second = (uint32_t)(w->at / SD_S);
    k->in_second = k->second == second ? k->in_second + n : n;
    k->second = second;
    k->most_at_once = MAX(k->most_at_once, k->in_second);
    k->misses += n;
    figures(w, k)->misses[reason] += n / w->share;
    figures(w, k)->decided += n;
}

static void gone(struct key *k, enum key_reason reason)
{
    k->presence = GONE;
    k->reason = (uint8_t)reason;
    k->hit_last = false;
}

/* Why a key that was to be there is not. */
static enum key_reason lost_reason(const struct key_watch *w, const struct key *k)
{
    if (k->presence == GONE)
        return (enum key_reason)k->reason;
    if (k->presence == MAYBE)
        return KEY_INVALIDATED;
    if (!k->was_there)
        return KEY_COLD;
    if (k->end > 0 && k->end <= w->at)
        return KEY_EXPIRED;
    if (w->evicts)
        return KEY_EVICTED;
    if (k->end == KEY_SAME_END)
        return KEY_EXPIRED;
    return k->unsure ? KEY_INVALIDATED : KEY_EVICTED; /* while nobody looked it can only have been deleted */
}

static bool has_ended(const struct key *k, sd_time at)
{
    return k->presence == THERE && k->end > 0 && k->end <= at;
}

/* A lookup that is decided right now. False: it has to be asked. */
static bool decide(struct key_watch *w, struct key *k)
{
    if (has_ended(k, w->at))
        gone(k, KEY_EXPIRED);
    if (k->unsure || k->presence == UNKNOWN || k->presence == MAYBE)
        return false;
    if (k->presence == GONE) {
        count_misses(w, k, 1, (enum key_reason)k->reason);
        return true;
    }
    if ((w->evicts && !w->told) || k->end == KEY_SAME_END)
        return false;
    count_hits(w, k, 1);
    k->hit_last = true;
    figures(w, k)->known_hits++;
    return true;
}

static void reused(struct key_watch *w, struct key *k)
{
    int64_t us = k->read && w->at > k->read ? (w->at - k->read) / SD_US : 0;
    size_t i = 0;
    while (us >> i && i < KEY_REUSE_STEPS - 1)
        i++;
    if (k->read)
        figures(w, k)->reuse[i] += 1 / w->share;
    k->read = w->at;
}

static void keep_text(struct key_watch *w, struct key *k, const char *text, size_t n)
{
    if (k->text || k->lookups < HOT_AT || w->texts >= HOT_TEXTS)
        return;
    k->text_len = (uint16_t)MIN(n, (size_t)HOT_TEXT);
    k->text = mem_strndup(text, k->text_len);
    w->texts++;
}

static void read_key(struct key_watch *w, struct key *k, const char *text, size_t n)
{
    k->lookups++;
    keep_text(w, k, text, n);
    reused(w, k);
    if (decide(w, k))
        return;
    k->waiting++;
    if (!k->asked && w->ask) {
        k->asked = true;
        w->ask(w->ctx, w->db, text, n);
    }
}

/* The key is stored, or gone, before an answer came. */
static void settle_waiting(struct key_watch *w, struct key *k, bool stored)
{
    struct key_watch_figures *f = figures(w, k);
    if (!k->waiting)
        return;
    bool anyway = f->known_hits >= 20 && f->stored_after > f->known_hits * STORED_ANYWAY;
    if (stored && !anyway && k->presence != MAYBE)
        count_misses(w, k, k->waiting, lost_reason(w, k));
    else
        f->undecided += k->waiting / w->share;
    k->waiting = 0;
}

static void stored(struct key_watch *w, struct key *k, enum key_effect effect, sd_time end)
{
    struct key_watch_figures *f = figures(w, k);
    if (has_ended(k, w->at))
        gone(k, KEY_EXPIRED);
    if (k->hit_last)
        f->stored_after++;
    k->hit_last = false;
    settle_waiting(w, k, effect != KEY_CHANGE);
    f->writes += 1 / w->share;
    bool stays = k->presence == THERE && !k->unsure;
    if (effect == KEY_CHANGE || (effect == KEY_SET_NEW && stays) || end == KEY_SAME_END)
        end = stays ? k->end : k->presence == GONE && !k->unsure ? KEY_NO_END : KEY_SAME_END;
    k->end = end;
    k->presence = THERE;
    k->was_there = true;
    k->unsure = false;
}

static void deleted(struct key_watch *w, struct key *k)
{
    settle_waiting(w, k, false);
    figures(w, k)->deletes += 1 / w->share;
    bool away = (k->presence == GONE && !k->unsure) || has_ended(k, w->at);
    if (has_ended(k, w->at))
        gone(k, KEY_EXPIRED);
    else if (!away)
        gone(k, k->was_there || !w->seeded ? KEY_INVALIDATED : KEY_COLD); /* or it was never there */
    k->unsure = false;
}

static void flush_all(struct key_watch *w)
{
    for (size_t i = 0; i <= w->mask; i++)
        if (w->keys[i].hash)
            deleted(w, &w->keys[i]);
}

static void effect(void *ctx, enum key_effect effect, const char *text, size_t n, sd_time end)
{
    struct key_watch *w = ctx;
    if (effect == KEY_FLUSH) {
        flush_all(w);
        return;
    }
    struct key *k = follow(w, w->db, text, n, true);
    if (!k)
        return;
    switch (effect) {
    case KEY_READ:
        read_key(w, k, text, n);
        break;
    case KEY_SET:
    case KEY_SET_NEW:
    case KEY_CHANGE:
        stored(w, k, effect, end);
        break;
    case KEY_LESS:
        settle_waiting(w, k, false);
        if (k->presence != GONE)
            k->presence = MAYBE;
        break;
    case KEY_EXPIRE:
        if (end <= w->at && k->presence != GONE)
            deleted(w, k);
        else if (k->presence != GONE)
            k->end = end;
        break;
    case KEY_PERSIST:
        k->end = KEY_NO_END;
        break;
    case KEY_DELETE:
        deleted(w, k);
        break;
    case KEY_FLUSH:
        break;
    }
}

/* ---- what comes ---- */

void key_watch_seed(struct key_watch *w, int64_t db, const char *key, size_t n, sd_time end)
{
    struct key *k = follow(w, db, key, n, true);
    if (k && k->presence == THERE && k->end == KEY_SAME_END && !k->unsure)
        k->end = end;
    if (!k || (k->presence != UNKNOWN && !k->unsure))
        return;
    k->presence = THERE;
    k->end = end;
    k->was_there = true;
    k->unsure = false;
}

void key_watch_seeded(struct key_watch *w)
{
    w->seeded = true;
}

void key_watch_command(struct key_watch *w, int64_t db, size_t n, const char *const *arguments,
                       const size_t *lengths, sd_time at,
                       void (*ask)(void *ctx, int64_t db, const char *key, size_t n), void *ctx)
{
    w->db = db;
    w->at = at;
    w->ask = ask;
    w->ctx = ctx;
    key_command(n, arguments, lengths, at, effect, w);
}

void key_watch_answer(struct key_watch *w, int64_t db, const char *key, size_t n, bool there, sd_time end,
                      sd_time at)
{
    struct key *k = follow(w, db, key, n, false);
    w->at = at;
    if (!k)
        return;
    k->asked = false;
    if (there) {
        count_hits(w, k, k->waiting);
        if (k->waiting) {
            k->hit_last = true;
            figures(w, k)->known_hits += k->waiting;
        }
        k->presence = THERE;
        k->was_there = true;
        k->end = end;
    } else {
        enum key_reason reason = lost_reason(w, k);
        if (k->waiting)
            count_misses(w, k, k->waiting, reason);
        gone(k, reason);
    }
    k->waiting = 0;
    k->unsure = false;
}

void key_watch_no_answer(struct key_watch *w, int64_t db, const char *key, size_t n)
{
    struct key *k = follow(w, db, key, n, false);
    if (!k)
        return;
    k->asked = false;
    figures(w, k)->undecided += k->waiting / w->share;
    k->waiting = 0;
}

void key_watch_event(struct key_watch *w, int64_t db, const char *event, const char *key, size_t n)
{
    bool expired = str_eq(event, "expired"), evicted = str_eq(event, "evicted");
    struct key *k = expired || evicted ? follow(w, db, key, n, true) : NULL;
    if (!k)
        return;
    gone(k, expired ? KEY_EXPIRED : KEY_EVICTED);
    k->was_there = true;
    k->unsure = false;
}

void key_watch_evicts(struct key_watch *w, bool evicts, bool told)
{
    w->evicts = evicts;
    w->told = told;
}

void key_watch_gap(struct key_watch *w)
{
    for (size_t i = 0; i <= w->mask; i++) {
        struct key *k = &w->keys[i];
        if (!k->hash)
            continue;
        k->unsure = true;
        k->asked = k->hit_last = false;
        w->of[k->prefix].undecided += k->waiting / w->share;
        k->waiting = 0;
        k->read = 0;
    }
}

/* ---- what is known ---- */

struct key_prefixes *key_watch_prefixes(struct key_watch *w)
{
    return w->prefixes;
}

const struct key_watch_figures *key_watch_of(const struct key_watch *w, uint32_t prefix)
{
    return &w->of[prefix];
}

double key_watch_share(const struct key_watch *w)
{
    return w->share;
}

size_t key_watch_followed(const struct key_watch *w)
{
    return w->n;
}

size_t key_watch_hot(const struct key_watch *w, struct key_watch_key *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i <= w->mask; i++) {
        const struct key *k = &w->keys[i];
        size_t at = n;
        while (k->text && at && out[at - 1].lookups < k->lookups)
            at--;
        if (!k->text || at == max)
            continue;
        n = MIN(n + 1, max);
        memmove(out + at + 1, out + at, (n - 1 - at) * sizeof *out);
        out[at] = (struct key_watch_key){.key = k->text,
                                         .n = k->text_len,
                                         .prefix = k->prefix,
                                         .lookups = k->lookups,
                                         .misses = k->misses,
                                         .most_at_once = k->most_at_once};
    }
    return n;
}
