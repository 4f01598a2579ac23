#include "core/loads/traffic_sessions.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/hash.h"

#define NO_SEQUENCE UINT32_MAX
enum { OPEN_LEAST = 1024, CANDIDATES_MAX = 20 * TRAFFIC_SEQUENCES };

/* A session under way; n 0: the place is free. */
struct open {
    uint64_t client;
    sd_time begun, last_end;
    uint32_t n, sequence;
};

struct sessions {
    int64_t gap_ns;
    struct open *open; /* open addressing */
    size_t n, mask, max;
    sd_time newest; /* end of a request */

    int64_t count, closed_early, requests, lasted_ns;
    int64_t *lengths; /* how many sessions of 1, 2, ... requests */
    size_t n_lengths;

    int64_t *think, thinks, overlapping;
    size_t cap_think;
    double think_sum;
    uint64_t dice;

    bool wanted;                        /* sequences */
    struct traffic_sequence *sequences; /* of those that are open or closed; `steps` NULL: free */
    size_t n_sequences, cap_sequences, held;
    unsigned halved; /* so many low bits of the hash of a session that is kept are 0 */
};

struct sessions *sessions_new(int64_t gap_ns, bool sequences, size_t open_max)
{
    struct sessions *s = mem_alloc(sizeof *s);
    *s = (struct sessions){.gap_ns = gap_ns,
                           .mask = OPEN_LEAST - 1,
                           .max = open_max,
                           .newest = SD_UNKNOWN,
                           .dice = UINT64_C(88172645463325252),
                           .wanted = sequences};
    s->open = mem_array(OPEN_LEAST, sizeof *s->open);
    return s;
}

static void sequence_free(struct traffic_sequence *q)
{
    for (size_t i = 0; i < q->n; i++)
        free(q->steps[i].path);
    free(q->steps);
    *q = (struct traffic_sequence){0};
}

void sessions_free(struct sessions *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_sequences; i++)
        sequence_free(&s->sequences[i]);
    free(s->sequences);
    free(s->open);
    free(s->lengths);
    free(s->think);
    free(s);
}

/* ---- sequences ---- */

static bool in_sample(const struct sessions *s, uint64_t hash)
{
    return !(hash & ((UINT64_C(1) << s->halved) - 1));
}

/* Half of those held go, by their hashes: a fair sample stays. */
static void halve(struct sessions *s)
{
    s->halved++;
    for (size_t i = 0; i < s->n_sequences; i++)
        if (s->sequences[i].steps && !in_sample(s, s->sequences[i].hash)) {
            sequence_free(&s->sequences[i]);
            s->held--;
        }
    for (size_t i = 0; i <= s->mask; i++)
        if (s->open[i].n && s->open[i].sequence != NO_SEQUENCE && !s->sequences[s->open[i].sequence].steps)
            s->open[i].sequence = NO_SEQUENCE;
}

static uint32_t sequence_new(struct sessions *s, const struct traffic_request *r)
{
    uint64_t hash = hash_mix(r->client ^ hash_mix((uint64_t)r->at));
    if (!s->wanted || !in_sample(s, hash))
        return NO_SEQUENCE;
    while (s->held >= CANDIDATES_MAX && s->halved < 60)
        halve(s);
    if (!in_sample(s, hash))
        return NO_SEQUENCE;
    size_t at = s->n_sequences;
    if (s->held < s->n_sequences) /* one was given back */
        for (at = 0; s->sequences[at].steps;)
            at++;
    if (at == s->n_sequences) {
        s->sequences = mem_grow(s->sequences, s->n_sequences, &s->cap_sequences, sizeof *s->sequences);
        s->n_sequences++;
    }
    s->sequences[at] = (struct traffic_sequence){.hash = hash};
    s->sequences[at].steps = mem_grow(NULL, 0, &s->sequences[at].cap, sizeof *s->sequences->steps);
    s->held++;
    return (uint32_t)at;
}

static void sequence_add(struct sessions *s, uint32_t index, int64_t think_ns,
                         const struct traffic_request *r)
{
    struct traffic_sequence *q = &s->sequences[index];
    if (!r->path_len || q->n == TRAFFIC_SEQUENCE_STEPS)
        return;
    if (q->n)
        q->steps[q->n - 1].think_ns = MAX(think_ns, 0);
    q->steps = mem_grow(q->steps, q->n, &q->cap, sizeof *q->steps);
    q->steps[q->n++] = (struct traffic_step){
        .path = mem_printf("%.*s %.*s", (int)r->method_len, r->method, (int)r->path_len, r->path),
        .think_ns = SD_UNKNOWN};
}

/* ---- think times ---- */

static uint64_t roll(struct sessions *s)
{
    s->dice ^= s->dice << 13;
    s->dice ^= s->dice >> 7;
    return s->dice ^= s->dice << 17;
}

static void count_think(struct sessions *s, int64_t ns)
{
    if (ns <= 0) {
        s->overlapping++;
        return;
    }
    s->think_sum += (double)ns;
    size_t n = (size_t)s->thinks++;
    if (n >= TRAFFIC_THINK_MAX) { /* each has the same chance to be among those kept */
        n = (size_t)(roll(s) % (uint64_t)s->thinks);
        if (n < TRAFFIC_THINK_MAX)
            s->think[n] = ns;
        return;
    }
    s->think = mem_grow(s->think, n, &s->cap_think, sizeof *s->think);
    s->think[n] = ns;
}

/* ---- who is under way ---- */

static void session_ended(struct sessions *s, const struct open *o)
{
    size_t n = MIN(o->n, (uint32_t)TRAFFIC_LENGTH_MAX);
    if (n >= s->n_lengths) {
        size_t more = MAX(n + 1, s->n_lengths * 2);
        s->lengths = mem_realloc(s->lengths, more * sizeof *s->lengths);
        memset(s->lengths + s->n_lengths, 0, (more - s->n_lengths) * sizeof *s->lengths);
        s->n_lengths = more;
    }
    s->lengths[n]++;
    s->count++;
    s->requests += o->n;
    s->lasted_ns = add_sat(s->lasted_ns, MAX(o->last_end - o->begun, 0));
}

static struct open *place_of(struct open *open, size_t mask, uint64_t client)
{
    size_t at = hash_mix(client) & mask;
    while (open[at].n && open[at].client != client)
        at = (at + 1) & mask;
    return &open[at];
}

/* Closes those that ended before `limit`, into a table of that size. */
static void close_before(struct sessions *s, sd_time limit, size_t mask)
{
    struct open *open = mem_array(mask + 1, sizeof *open);
    size_t n = 0;
    for (size_t i = 0; i <= s->mask; i++) {
        const struct open *o = &s->open[i];
        if (!o->n)
            continue;
        if (o->last_end < limit) {
            session_ended(s, o);
            continue;
        }
        *place_of(open, mask, o->client) = *o;
        n++;
    }
    free(s->open);
    s->open = open;
    s->mask = mask;
    s->n = n;
}

/* The table is half full. Sessions that are over are closed; when many are left it grows up to its limit, and
 * from then on those idle longest are closed. */
static void make_room(struct sessions *s)
{
    close_before(s, s->newest - s->gap_ns, s->mask);
    if (s->n * 4 > s->mask && s->n < s->max)
        close_before(s, s->newest - s->gap_ns, s->mask * 2 + 1);
    for (int64_t idle = s->gap_ns / 2; s->n >= s->max; idle /= 2) {
        size_t before = s->n;
        close_before(s, idle ? s->newest - idle : INT64_MAX, s->mask);
        s->closed_early += (int64_t)(before - s->n);
    }
}

void sessions_add(struct sessions *s, const struct traffic_request *r)
{
    int64_t duration = sd_known(r->duration_ns) ? r->duration_ns : 0;
    sd_time begin = r->at < duration ? 0 : r->at - duration;
    s->newest = sd_known(s->newest) ? MAX(s->newest, r->at) : r->at;
    struct open *o = place_of(s->open, s->mask, r->client);
    if (o->n) {
        int64_t think = begin - o->last_end;
        if (think <= s->gap_ns && think >= -s->gap_ns) {
            count_think(s, think);
            if (o->sequence != NO_SEQUENCE)
                sequence_add(s, o->sequence, think, r);
            o->last_end = MAX(o->last_end, r->at);
            o->n += o->n < UINT32_MAX;
            return;
        }
        session_ended(s, o);
    } else {
        s->n++;
    }
    *o = (struct open){
        .client = r->client, .begun = begin, .last_end = r->at, .n = 1, .sequence = NO_SEQUENCE};
    o->sequence = sequence_new(s, r);
    if (o->sequence != NO_SEQUENCE)
        sequence_add(s, o->sequence, 0, r);
    if (s->n * 2 > s->mask || s->n >= s->max)
        make_room(s);
}

/* ---- the end ---- */

static int64_t rank_of(double q, int64_t n)
{
    double exact = q * (double)n;
    return MAX((int64_t)ceil(exact - exact * 1e-14), 1);
}

static int64_t length_of(const struct sessions *s, double q)
{
    int64_t rank = rank_of(q, s->count), seen = 0;
    for (size_t i = 0; i < s->n_lengths; i++)
        if ((seen += s->lengths[i]) >= rank)
            return (int64_t)i;
    return SD_UNKNOWN;
}

static int by_hash(const void *a, const void *b)
{
    const struct traffic_sequence *x = a, *y = b;
    if (!x->n != !y->n) /* those without steps at the end */
        return x->n ? -1 : 1;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

void sessions_finish(struct sessions *s, struct traffic_summary *out)
{
    size_t kept = (size_t)MIN(s->thinks, TRAFFIC_THINK_MAX);
    close_before(s, INT64_MAX, OPEN_LEAST - 1);
    if (kept)
        qsort(s->think, kept, sizeof *s->think, int_ascending);
    out->sessions = s->count;
    out->closed_early = s->closed_early;
    out->think.samples = s->thinks;
    out->think.overlapping = s->overlapping;
    out->think.median_ns = kept ? s->think[rank_of(0.5, (int64_t)kept) - 1] : SD_UNKNOWN;
    out->think.p95_ns = kept ? s->think[rank_of(0.95, (int64_t)kept) - 1] : SD_UNKNOWN;
    out->think.mean_ns = kept ? real_to_int(s->think_sum / (double)s->thinks) : SD_UNKNOWN;
    out->session_length.mean = s->count ? (double)s->requests / (double)s->count : (double)NAN;
    out->session_length.p50 = s->count ? length_of(s, 0.5) : SD_UNKNOWN;
    out->session_length.p95 = s->count ? length_of(s, 0.95) : SD_UNKNOWN;
    double pause = kept ? s->think_sum / (double)s->thinks : 0;
    out->users = (double)s->lasted_ns + (double)s->count * pause;
    if (s->n_sequences)
        qsort(s->sequences, s->n_sequences, sizeof *s->sequences, by_hash);
    out->sequences = s->sequences;
    while (out->n_sequences < MIN(s->n_sequences, (size_t)TRAFFIC_SEQUENCES) &&
           s->sequences[out->n_sequences].n)
        out->n_sequences++;
}
