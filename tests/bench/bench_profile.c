/* bench_profile.c - profiles: makes large files, and draws the flame graph of a million different stacks.
 *
 *   bench_profile folded BYTES   folded stacks, 20 frames deep, to standard output
 *   bench_profile pprof BYTES    the same kind of stacks as an unpacked pprof profile
 *   bench_profile draw           milliseconds of processor time, the median of seven: "name value unit" lines
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/batch.h"
#include "core/model/model.h"
#include "format/profiles/profile_file.h"
#include "ui/actions.h"
#include "ui/console.h"

enum { DEPTH = 20, FUNCTIONS = 4000, ROUNDS = 7, STACKS = 1000000 };
#define T0 (INT64_C(1700000000) * SD_S)

static uint64_t seed = 1;

static unsigned random_below(unsigned n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((seed >> 33) % n);
}

/* The next stack: it has its outer frames in common with the one before, as stacks in order have. Few
 * functions are in many stacks. */
static void next_stack(unsigned stack[DEPTH])
{
    for (unsigned i = random_below(DEPTH); i < DEPTH; i++) {
        unsigned a = random_below(FUNCTIONS), b = random_below(FUNCTIONS);
        stack[i] = a * b / FUNCTIONS;
    }
}

static void put_stack(struct strbuf *b, const unsigned stack[DEPTH])
{
    for (int i = 0; i < DEPTH; i++)
        strbuf_printf(b, "%sshop::module_%u::function_%u", i ? ";" : "", stack[i] % 97, stack[i]);
    strbuf_printf(b, " %u\n", 1 + random_below(9));
}

static int folded(size_t bytes)
{
    unsigned stack[DEPTH] = {0};
    struct strbuf b = {0};
    for (size_t written = 0; written < bytes; written += b.len) {
        strbuf_clear(&b);
        next_stack(stack);
        put_stack(&b, stack);
        if (fwrite(strbuf_text(&b), 1, b.len, stdout) != b.len)
            return 1;
    }
    strbuf_free(&b);
    return 0;
}

/* ---- pprof's messages: varints and lengths ---- */

static void put_varint(struct strbuf *b, uint64_t v)
{
    for (; v > 127; v >>= 7)
        strbuf_char(b, (char)(v | 128));
    strbuf_char(b, (char)v);
}

static void put_value(struct strbuf *b, unsigned field, uint64_t v)
{
    put_varint(b, field << 3);
    put_varint(b, v);
}

static void put_bytes(struct strbuf *b, unsigned field, const char *bytes, size_t n)
{
    put_varint(b, field << 3 | 2);
    put_varint(b, n);
    strbuf_add(b, bytes, n);
}

static void put_pprof_tables(struct strbuf *b)
{
    struct strbuf m = {0}, line = {0};
    char name[64];
    put_value(&m, 1, 1);
    put_value(&m, 2, 2);
    put_bytes(b, 1, strbuf_text(&m), m.len);
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        strbuf_clear(&m);
        strbuf_clear(&line);
        put_value(&line, 1, i + 1);
        put_value(&m, 1, i + 1);
        put_bytes(&m, 4, strbuf_text(&line), line.len);
        put_bytes(b, 4, strbuf_text(&m), m.len);
        strbuf_clear(&m);
        put_value(&m, 1, i + 1);
        put_value(&m, 2, i + 3);
        put_bytes(b, 5, strbuf_text(&m), m.len);
    }
    put_bytes(b, 6, "", 0);
    put_bytes(b, 6, "samples", 7);
    put_bytes(b, 6, "count", 5);
    for (unsigned i = 0; i < FUNCTIONS; i++)
        put_bytes(b, 6, name, (size_t)snprintf(name, sizeof name, "shop::module_%u::function_%u", i % 97, i));
    strbuf_free(&m);
    strbuf_free(&line);
}

static int pprof(size_t bytes)
{
    unsigned stack[DEPTH] = {0};
    struct strbuf b = {0}, m = {0}, list = {0};
    put_pprof_tables(&b);
    for (size_t written = 0; written < bytes; written += b.len, strbuf_clear(&b)) {
        next_stack(stack);
        strbuf_clear(&m);
        strbuf_clear(&list);
        for (int i = DEPTH; i-- > 0;)
            put_varint(&list, stack[i] + 1);
        put_bytes(&m, 1, strbuf_text(&list), list.len);
        put_bytes(&m, 2, "\1", 1);
        put_bytes(&b, 2, strbuf_text(&m), m.len);
        if (fwrite(strbuf_text(&b), 1, b.len, stdout) != b.len)
            return 1;
    }
    strbuf_free(&b);
    strbuf_free(&m);
    strbuf_free(&list);
    return 0;
}

/* ---- drawing ---- */

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void say(const char *name, double *v)
{
    qsort(v, ROUNDS, sizeof *v, by_value);
    printf("%s %.2f ms\n", name, v[ROUNDS / 2]);
}

static sd_time fixed(void *app)
{
    (void)app;
    return T0 + SD_S;
}

static bool add_record(struct sd_batch *b, enum sd_kind kind, const void *record)
{
    return batch_add(b, kind, record);
}

static const struct sd_host HOST = {.add = add_record};

/* The batch as the source makes it. */
static struct sd_batch *read_stacks(double *ms)
{
    struct strbuf text = {0};
    unsigned stack[DEPTH] = {0};
    struct sd_error err;
    struct sd_batch *b = batch_new("stacks", T0);
    for (int i = 0; i < STACKS; i++) {
        next_stack(stack);
        stack[DEPTH - 1] = (unsigned)i % FUNCTIONS;
        put_stack(&text, stack);
    }
    double t = now_ms();
    struct profile *p = profile_read(text.text, text.len, PROFILE_FOLDED, NULL, "stacks", &err);
    if (!p || !profile_records(p, "stacks", 12 << 20, &HOST, b))
        exit(1);
    *ms = now_ms() - t;
    profile_free(p);
    strbuf_free(&text);
    return b;
}

static int draw(void)
{
    double first[ROUNDS], zoom[ROUNDS], functions[ROUNDS], read;
    struct sd_batch *b = read_stacks(&read);
    struct config *config = config_new(actions_all());
    setlocale(LC_CTYPE, "C.UTF-8");
    for (int i = 0; i < ROUNDS; i++) {
        struct model *m = model_new(&MODEL_DEFAULTS);
        model_apply(m, b);
        struct console *c = console_new(&(struct console_env){.model = m, .config = config, .now = fixed});
        struct grid *g = grid_new(200, 50, false);
        console_resize(c, 200, 50);
        double t = now_ms();
        console_open(c, "flame", NULL);
        console_draw(c, g);
        first[i] = now_ms() - t;
        console_key(c, K_DOWN);
        console_key(c, K_DOWN);
        t = now_ms();
        console_key(c, K_ENTER);
        console_draw(c, g);
        zoom[i] = now_ms() - t;
        t = now_ms();
        console_open(c, "functions", NULL);
        console_draw(c, g);
        functions[i] = now_ms() - t;
        grid_free(g);
        console_free(c);
        model_free(m);
    }
    printf("profile_read %.0f ms\n", read);
    say("flame_first", first);
    say("flame_zoom", zoom);
    say("functions_drawn", functions);
    batch_unref(b);
    config_free(config);
    return 0;
}

int main(int argc, char **argv)
{
    size_t bytes = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    if (argc > 1 && !strcmp(argv[1], "folded"))
        return folded(bytes);
    if (argc > 1 && !strcmp(argv[1], "pprof"))
        return pprof(bytes);
    return draw();
}
