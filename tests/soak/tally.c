/* tally.c - what a recording holds of each source, to compare with what was sent.
 *
 *   tally FILE
 *
 * A line for each source: ORIGIN batches B before S published P dropped D records R requests Q spans N
 * scrapes C. Batches are those with anything but a state in them. P and D are of the last state of the
 * source, S the batches in front of it. A state goes beside the mailbox: batches that it counts may follow
 * it. Requests are those of records `http` that were not counted from spans; scrapes the records of the
 * metric soak_scrapes. */
#include "base/base.h"
#include "core/batch.h"
#include "core/schema.h"
#include "format/record/recording.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_ORIGINS = 64 };
static struct tally {
    char *origin;
    int64_t batches, before, published, dropped, records, requests, spans, scrapes;
} tallies[MAX_ORIGINS];
static size_t n_tallies;

static struct tally *tally_of(const char *origin)
{
    for (size_t i = 0; i < n_tallies; i++)
        if (!strcmp(tallies[i].origin, origin))
            return &tallies[i];
    if (n_tallies == MAX_ORIGINS) {
        fprintf(stderr, "tally: more than %d sources\n", MAX_ORIGINS);
        exit(1);
    }
    tallies[n_tallies].origin = mem_strdup(origin);
    return &tallies[n_tallies++];
}

static void count(struct tally *t, enum sd_kind kind, const void *record)
{
    const struct sd_http *h = record;
    const struct sd_metric *m = record;
    const struct sd_spans *s = record;
    t->records++;
    if (kind == SD_HTTP && !h->evidence)
        t->requests += h->count;
    if (kind == SD_SPANS)
        t->spans += (int64_t)(s->start ? s->start->n : 0);
    if (kind == SD_METRIC && str_eq(m->name, "soak_scrapes"))
        t->scrapes++;
}

static void take(void *ctx, struct sd_batch *b)
{
    (void)ctx;
    struct tally *t = tally_of(batch_origin(b));
    bool other = false;
    for (size_t i = 0; i < batch_len(b); i++) {
        enum sd_kind kind;
        const void *record = batch_record(b, i, &kind);
        const struct sd_status *state = record;
        if (kind == SD_STATUS) {
            t->before = t->batches;
            t->published = state->batches;
            t->dropped = state->drops;
            continue;
        }
        other = true;
        count(t, kind, record);
    }
    t->batches += other;
    batch_unref(b);
}

int main(int argc, char **argv)
{
    struct recording_stats stats = {0};
    struct sd_error err = {""};
    char *data;
    size_t len;
    if (argc != 2 || !file_read(argv[1], (size_t)4 << 30, &data, &len, &err) ||
        !recording_decode(data, len, take, NULL, NULL, &stats, &err)) {
        fprintf(stderr, "tally: %s\n", argc == 2 ? err.text : "usage: tally FILE");
        return 1;
    }
    free(data);
    printf("(file) frames %llu lost %llu cut %d\n", (unsigned long long)stats.frames,
           (unsigned long long)stats.lost, stats.cut || stats.too_large);
    for (size_t i = 0; i < n_tallies; i++) {
        const struct tally *t = &tallies[i];
        printf(
            "%s batches %lld before %lld published %lld dropped %lld records %lld requests %lld spans %lld "
            "scrapes %lld\n",
            t->origin, (long long)t->batches, (long long)t->before, (long long)t->published,
            (long long)t->dropped, (long long)t->records, (long long)t->requests, (long long)t->spans,
            (long long)t->scrapes);
        free(tallies[i].origin);
    }
    return 0;
}
