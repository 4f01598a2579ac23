/* bench_table.c - a table of 1,000,000 rows by number, drawn in a pane of 200x50: a key, a page,
 * filters, sorts, and the memory they take beyond the rows' own data. Milliseconds of processor
 * time, the worst of seven. Prints "name value unit" lines. */
#include <inttypes.h>
#include <locale.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/table.h"
#include "ui/section/section.h"

enum { ROWS = 1000000, ROUNDS = 7, W = 200, H = 50 };

struct fact {
    char name[32];
    int64_t total_ns, bytes, hits;
    double share;
};

static const struct column COLUMNS[] = {
    {.key = "name", .title = "Name", .flags = COLUMN_LEFT | COLUMN_GROW, .width = 20},
    {.key = "total_ns", .title = "Total", .unit = UNIT_NS},
    {.key = "bytes", .title = "Size", .unit = UNIT_BYTES},
    {.key = "hits", .title = "Hits", .unit = UNIT_COUNT},
    {.key = "share", .title = "Share", .unit = UNIT_SHARE, .flags = COLUMN_BAR},
};

static void fact_row(void *ctx, size_t i, struct row *r)
{
    const struct fact *f = (const struct fact *)ctx + i;
    r->cells[0] = cell_text(f->name);
    r->cells[1] = cell_int(f->total_ns);
    r->cells[2] = cell_int(f->bytes);
    r->cells[3] = cell_int(f->hits);
    r->cells[4] = cell_real(f->share);
}

static uint64_t fact_identity(void *ctx, size_t i)
{
    (void)ctx;
    return i + 1;
}

static const struct table_source FACTS = {.row = fact_row, .identity = fact_identity};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* The largest resident size so far, and the one now, in KiB. */
static long memory(const char *field)
{
    char line[200];
    long kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, field, strlen(field)))
            kib = strtol(line + strlen(field), NULL, 10);
    if (f)
        fclose(f);
    return kib;
}

struct world {
    struct doc *doc;
    struct section *section;
    struct pane *pane;
    struct grid *grid;
};

static void draw(struct world *w)
{
    grid_clear(w->grid);
    if (w->pane->changed)
        section_apply(w->section, w->pane);
    section_ops(w->section)
        ->draw((struct draw){.grid = w->grid, .in = {0, 0, W, H}, .focused = true}, w->doc, w->section,
               w->pane);
}

static double key(struct world *w, enum section_move m)
{
    double worst = 0;
    for (int i = 0; i < ROUNDS * 10; i++) {
        double t = now_ms();
        section_ops(w->section)->move(w->section, w->pane, m);
        draw(w);
        worst = fmax(worst, now_ms() - t);
    }
    return worst;
}

static double filter(struct world *w, const char *pattern)
{
    struct sd_error err;
    double worst = 0;
    for (int i = 0; i < ROUNDS; i++) {
        double t = now_ms();
        if (!pane_set_filter(w->pane, pattern, &err))
            exit(1);
        draw(w);
        worst = fmax(worst, now_ms() - t);
    }
    pane_set_filter(w->pane, NULL, &err);
    draw(w);
    return worst;
}

static double sort(struct world *w, const char *column)
{
    double worst = 0;
    for (int i = 0; i < ROUNDS; i++) {
        double t = now_ms();
        pane_set_sort(w->pane, column, i % 2);
        draw(w);
        worst = fmax(worst, now_ms() - t);
    }
    return worst;
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    struct fact *facts = mem_array(ROWS, sizeof *facts);
    uint32_t seed = 1;
    for (int i = 0; i < ROWS; i++) {
        facts[i] = (struct fact){.total_ns = (int64_t)next(&seed) * next(&seed) % (100 * SD_S),
                                 .bytes = next(&seed),
                                 .hits = next(&seed) % 100000,
                                 .share = (double)(next(&seed) % 1000) / 1000};
        snprintf(facts[i].name, sizeof facts[i].name, "cache:product:%06u:%u", next(&seed) % 1000000, i % 7u);
    }
    struct world w = {
        .doc = doc_new("bench", "Bench"), .pane = pane_new("rows"), .grid = grid_new(W, H, false)};
    mallopt(M_MMAP_THRESHOLD, 1 << 20); /* what is freed is given back: the peak is that of one step */
    long before = memory("VmRSS:");
    w.section = doc_table(w.doc, "rows", "Rows", COLUMNS, ARRAY_LEN(COLUMNS));
    doc_rows(w.doc, &w.section->table, &FACTS, facts, ROWS);
    double t = now_ms();
    section_apply(w.section, w.pane);
    draw(&w);
    printf("table_drawn %.2f ms\n", now_ms() - t);
    printf("table_key %.2f ms\n", key(&w, MOVE_DOWN));
    printf("table_page %.2f ms\n", key(&w, MOVE_PAGE_DOWN));
    printf("table_filter_text %.0f ms\n", filter(&w, "product:00001"));
    printf("table_filter_figure %.0f ms\n", filter(&w, "99\\.9 ms"));
    printf("table_sort_figure %.0f ms\n", sort(&w, "total_ns"));
    printf("table_sort_share %.0f ms\n", sort(&w, "share"));
    printf("table_key_sorted %.2f ms\n", key(&w, MOVE_UP));
    printf("table_sort_text %.0f ms\n", sort(&w, "name"));
    printf("table_memory %.1f MiB\n", (double)(memory("VmHWM:") - before) / 1024);
    doc_free(w.doc);
    pane_free(w.pane);
    grid_free(w.grid);
    free(facts);
    return 0;
}
