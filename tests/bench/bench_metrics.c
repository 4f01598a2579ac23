/* How fast metrics as text are read, beside a plain way to do it: a line at a time, its parts copied, the
 * number by strtod. usage: bench_metrics MIB SERIES [KEPT]; the bytes/s of processor time of both. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "format/metrics/exposition.h"

enum { PIECE = 1 << 18 };

static struct strbuf text;
static size_t memory; /* of the reader at its end */

/* Scrapes one after the other, each with all series. */
static void write_text(size_t bytes, int series)
{
    for (int i = 0; text.len < bytes; i = (i + 1) % series)
        strbuf_printf(&text,
                      "http_request_duration_seconds_bucket{job=\"shop\",instance=\"10.0.0.%d:9100\",path=\"/"
                      "orders/%d\",le="
                      "\"0.25\"} %d\n",
                      i % 250, i, i * 7);
}

static size_t allocated(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

static double reader(int64_t series)
{
    size_t before = allocated();
    int64_t began = clock_thread_cpu();
    struct exposition *x = exposition_new((size_t)series);
    exposition_begin(x, INT64_MAX, NULL, NULL);
    for (size_t at = 0; at < text.len; at += PIECE)
        exposition_feed(x, text.text + at, MIN((size_t)PIECE, text.len - at));
    exposition_end(x, false);
    double s = (double)(clock_thread_cpu() - began) / 1e9;
    memory = allocated() - before;
    if (exposition_counts(x)->unparsed)
        abort();
    exposition_free(x);
    return (double)text.len / s;
}

static double plain(void)
{
    int64_t began = clock_thread_cpu();
    double sum = 0;
    for (char *p = text.text, *end; (end = strchr(p, '\n')); p = end + 1) {
        char *line = mem_strndup(p, (size_t)(end - p)), *close = strrchr(line, '}');
        char *name = mem_strndup(line, strcspn(line, "{")),
             *labels = mem_strndup(line, close ? (size_t)(close - line) : 0);
        sum += close ? strtod(close + 1, NULL) : 0;
        free(name);
        free(labels);
        free(line);
    }
    double s = (double)(clock_thread_cpu() - began) / 1e9;
    return sum < 0 ? 0 : (double)text.len / s;
}

int main(int argc, char **argv)
{
    size_t mib = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;
    int series = argc > 2 ? atoi(argv[2]) : 10000;
    write_text(mib << 20, series);
    double own = reader(argc > 3 ? atoi(argv[3]) : series), other = plain();
    printf("metrics_read %.0f MB/s\n", own / 1e6);
    printf("metrics_plain %.0f MB/s\n", other / 1e6);
    printf("metrics_ratio %.2f x\n", own / other);
    printf("metrics_memory %.1f MiB\n", (double)memory / (1 << 20));
    strbuf_free(&text);
    return 0;
}
