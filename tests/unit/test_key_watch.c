/* Hits, misses and their reasons from the commands of a simulated server, beside what it really did. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/caches/key_watch.h"

enum { KEYS = 400, KINDS = 4, COMMANDS = 120000, QUESTIONS = 4096 };
static const char *const NAMES[KINDS] = {"user:%d:profile", "feed:%d", "session:%d", "product:%d"};

struct truth {
    int64_t hits, misses[KEY_REASONS];
};

struct question {
    char key[64];
    int kind, id, due;
};

/* A cache that is asked first and filled after a miss. */
static struct server {
    bool there[KINDS][KEYS], was[KINDS][KEYS];
    sd_time end[KINDS][KEYS];
    enum key_reason why[KINDS][KEYS];
    struct truth truth[KINDS];
    struct question asked[QUESTIONS];
    size_t n_asked;
    int now;
    sd_time at;
    uint64_t seed;
    struct key_watch *w;
    bool told, evicts;
    bool stores_anyway; /* also after a hit */
} x;

static uint64_t draw(uint64_t below)
{
    x.seed = x.seed * 6364136223846793005u + 1442695040888963407u;
    return (x.seed >> 33) % below;
}

static void ask(void *ctx, int64_t db, const char *key, size_t n)
{
    struct question *q = &x.asked[x.n_asked++];
    (void)ctx;
    assert_int_equal(db, 0);
    assert_true(x.n_asked < QUESTIONS && n < sizeof q->key);
    snprintf(q->key, sizeof q->key, "%s", key);
    for (q->kind = 0; sscanf(key, NAMES[q->kind], &q->id) != 1; q->kind++)
        ;
    q->due = x.now + 1 + (int)draw(3);
}

static void lose(int kind, int id, enum key_reason why)
{
    x.there[kind][id] = false;
    x.why[kind][id] = why;
}

static void expire(int kind, int id)
{
    if (x.there[kind][id] && x.end[kind][id] && x.end[kind][id] <= x.at)
        lose(kind, id, KEY_EXPIRED);
}

static void answer_what_is_due(void)
{
    for (size_t i = 0; i < x.n_asked;) {
        struct question q = x.asked[i];
        if (q.due > x.now) {
            i++;
            continue;
        }
        memmove(x.asked + i, x.asked + i + 1, (--x.n_asked - i) * sizeof q);
        expire(q.kind, q.id);
        key_watch_answer(x.w, 0, q.key, strlen(q.key), x.there[q.kind][q.id], x.end[q.kind][q.id], x.at);
    }
}

static void command(const char *name, int kind, int id, const char *option, const char *value)
{
    char key[64];
    snprintf(key, sizeof key, NAMES[kind], id);
    const char *args[] = {name, key, "v", option, value};
    size_t lengths[] = {strlen(name), strlen(key), 1, strlen(option), strlen(value)};
    x.now++;
    x.at += 1250 * SD_US;
    answer_what_is_due();
    size_t n = *option ? 5 : strcmp(name, "SET") == 0 ? 3 : 2;
    key_watch_command(x.w, 0, n, args, lengths, x.at, ask, NULL);
}

static void get(int kind, int id)
{
    struct truth *t = &x.truth[kind];
    command("GET", kind, id, "", "");
    expire(kind, id);
    bool hit = x.there[kind][id];
    if (hit)
        t->hits++;
    else
        t->misses[x.why[kind][id]]++;
    if (hit && !(x.stores_anyway && draw(2)))
        return;
    if (draw(3) == 0)
        return; /* nothing to store */
    if (draw(2))
        command("GET", 0, (int)draw(KEYS / 4), "", ""); /* of somebody else, not counted below */
    bool ends = kind == 2;
    command("SET", kind, id, ends ? "PX" : "", ends ? "700" : "");
    x.there[kind][id] = true;
    x.end[kind][id] = ends ? x.at + 700 * SD_MS : 0;
}

static void evict(int id)
{
    char key[64];
    if (!x.there[1][id])
        return;
    lose(1, id, KEY_EVICTED);
    snprintf(key, sizeof key, NAMES[1], id);
    if (x.told)
        key_watch_event(x.w, 0, "evicted", key, strlen(key));
}

static int hot(void)
{
    return (int)(draw(KEYS) * draw(KEYS) / KEYS);
}

static void play(int commands)
{
    for (int i = 0; i < commands; i++) {
        int kind = 1 + (int)draw(3);
        get(kind, hot());
        if (x.evicts && draw(6) == 0)
            evict(hot());
        if (draw(10) == 0) {
            int id = hot();
            command("DEL", 3, id, "", "");
            if (x.there[3][id])
                lose(3, id, KEY_INVALIDATED);
        }
    }
}

static void begin(bool told, bool evicts, bool anyway, size_t most)
{
    memset(&x, 0, sizeof x);
    x.seed = 7;
    x.at = 1700000000 * SD_S;
    x.told = told;
    x.evicts = evicts;
    x.stores_anyway = anyway;
    x.w = key_watch_new(NULL, most, NULL, NULL);
    key_watch_evicts(x.w, evicts, told);
}

static const struct key_watch_figures *figures_of(const char *name)
{
    char text[KEY_PREFIX_TEXT];
    key_prefixes_settle(key_watch_prefixes(x.w));
    for (uint32_t id = 0; id < KEY_PREFIXES_MAX; id++)
        if (key_prefix_name(key_watch_prefixes(x.w), id, text) && strcmp(text, name) == 0)
            return key_watch_of(x.w, id);
    fail_msg("no prefix %s", name);
    return NULL;
}

static void compare(const char *what, double within)
{
    static const char *const PREFIXES[KINDS] = {"", "feed:*", "session:*", "product:*"};
    for (int kind = 1; kind < KINDS; kind++) {
        const struct key_watch_figures *f = figures_of(PREFIXES[kind]);
        const struct truth *t = &x.truth[kind];
        double misses = 0, all = (double)t->hits;
        for (int i = 0; i < KEY_REASONS; i++) {
            misses += f->misses[i];
            all += (double)t->misses[i];
        }
        double ratio = f->hits / (f->hits + misses), right = (double)t->hits / all;
        printf("# %s: %s hits %.4f, really %.4f; undecided %.4f\n", what, PREFIXES[kind], ratio, right,
               f->undecided / all);
        assert_true(fabs(ratio - right) < within);
        for (int i = 0; i < KEY_REASONS; i++)
            if (fabs(f->misses[i] / (f->hits + misses) - (double)t->misses[i] / all) >= within)
                fail_msg("%s: %s: of reason %d %.4f, really %.4f", what, PREFIXES[kind], i,
                         f->misses[i] / (f->hits + misses), (double)t->misses[i] / all);
    }
}

static void test_known_truth(void **state)
{
    (void)state;
    begin(false, false, false, 100000);
    play(COMMANDS);
    compare("nothing is evicted", 0.005);
    key_watch_free(x.w);
    begin(true, true, false, 100000);
    play(COMMANDS);
    compare("evictions are told", 0.005);
    key_watch_free(x.w);
    begin(false, true, false, 100000);
    play(COMMANDS);
    compare("evictions are not told", 0.01);
    key_watch_free(x.w);
    begin(false, true, true, 100000);
    play(COMMANDS);
    compare("stores also after hits", 0.05);
    key_watch_free(x.w);
}

/* What is there at the beginning is known, and a gap is made up for. */
static void test_gaps(void **state)
{
    (void)state;
    begin(false, false, false, 100000);
    for (int i = 0; i < 10; i++) {
        struct key_watch *watching = x.w;
        play(COMMANDS / 10);
        x.n_asked = 0;
        struct truth kept[KINDS];
        memcpy(kept, x.truth, sizeof kept);
        x.w = key_watch_new(NULL, 100, NULL, NULL); /* what happens meanwhile is not seen */
        play(2000);
        key_watch_free(x.w);
        x.n_asked = 0;
        memcpy(x.truth, kept, sizeof kept);
        x.w = watching;
        key_watch_gap(x.w);
    }
    compare("with gaps", 0.02);
    key_watch_free(x.w);
}

static void test_sample(void **state)
{
    (void)state;
    begin(false, true, false, 600);
    play(COMMANDS);
    assert_true(key_watch_share(x.w) < 0.8);
    assert_true(key_watch_followed(x.w) <= 600);
    compare("of a share of the keys", 0.06);
    struct key_watch_key hot_keys[5];
    assert_int_equal(key_watch_hot(x.w, hot_keys, 5), 5);
    assert_true(hot_keys[0].lookups >= hot_keys[4].lookups && hot_keys[4].lookups > 100);
    key_watch_free(x.w);
}

static void seen(void *ctx, enum key_effect effect, const char *key, size_t n, sd_time end)
{
    strbuf_printf(ctx, "%d %.*s %d;", effect, (int)n, key, (int)(end / SD_MS));
}

static void test_commands(void **state)
{
    (void)state;
    static const struct {
        const char *words[8], *effects;
    } CASES[] = {
        {{"get", "a"}, "0 a 0;"},
        {{"MGET", "a", "b"}, "0 a 0;0 b 0;"},
        {{"set", "a", "v"}, "1 a 0;"},
        {{"set", "a", "v", "ex", "10"}, "1 a 11000;"},
        {{"SET", "a", "v", "NX", "PX", "10"}, "2 a 1010;"},
        {{"set", "a", "v", "keepttl"}, "1 a 0;"},
        {{"set", "a", "v", "pxat", "4000"}, "1 a 4000;"},
        {{"setex", "a", "3", "v"}, "1 a 4000;"},
        {{"mset", "a", "1", "b", "2"}, "1 a 0;1 b 0;"},
        {{"hset", "a", "f", "v"}, "3 a 0;"},
        {{"expire", "a", "2"}, "5 a 3000;"},
        {{"unlink", "a", "b"}, "7 a 0;7 b 0;"},
        {{"getdel", "a"}, "0 a 0;7 a 0;"},
        {{"getex", "a", "ex", "1"}, "0 a 0;5 a 2000;"},
        {{"rename", "a", "b"}, "7 a 0;1 b 0;"},
        {{"flushall"}, "8  0;"},
        {{"set"}, ""},
        {{"setex", "a"}, "1 a 1000;"},
        {{"config", "get", "x"}, ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct strbuf b = {0};
        size_t n = 0, lengths[8];
        for (; n < 8 && CASES[i].words[n]; n++)
            lengths[n] = strlen(CASES[i].words[n]);
        key_command(n, CASES[i].words, lengths, SD_S, seen, &b);
        assert_string_equal(strbuf_text(&b), CASES[i].effects);
        strbuf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_truth),
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_sample),
        cmocka_unit_test(test_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
