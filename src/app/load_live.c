#include "app/load_live.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/thread.h"
#include "base/units.h"
#include "base/utf8.h"

#define DRAW_NS (250 * SD_MS)

/* What is shown; small, so that handing it over takes no time. */
struct figures {
    struct load_totals totals;
    int64_t now_ns, waiting, in_flight, users;
    double asked_per_s, sent_per_s,
        answered_per_s;                   /* the latter two of the last interval; NAN: there is none yet */
    int64_t p50, p95, p99, max, late_p99; /* likewise; SD_UNKNOWN */
    double held, broke;
    char phase[40];
};

struct load_live {
    const struct load_scenario *scenario;
    pthread_mutex_t lock;
    pthread_t thread;
    atomic_bool stop;
    bool runs;
    struct figures shown;
    int lines; /* of the block on the screen */
};

/* ---- drawing ---- */

static const char *show(enum unit u, double v, char buf[UNIT_TEXT_MAX])
{
    return unit_format(u, v, buf);
}

static const char *show_ns(int64_t ns, char buf[UNIT_TEXT_MAX])
{
    return unit_format_int(UNIT_NS, ns, buf);
}

static void head_line(const struct load_live *x, const struct figures *f, struct strbuf *b)
{
    char now[UNIT_TEXT_MAX], whole[UNIT_TEXT_MAX], held[UNIT_TEXT_MAX], broke[UNIT_TEXT_MAX];
    const struct load_scenario *s = x->scenario;
    strbuf_printf(b, "%s %s: %s, %s", load_kind_name(s->kind), s->target, f->phase,
                  unit_format_int(UNIT_SINCE, f->now_ns, now));
    if (s->kind == LOAD_SEARCH)
        strbuf_printf(b, "; held %s, broke %s", show(UNIT_PER_S, f->held, held),
                      show(UNIT_PER_S, f->broke, broke));
    else
        strbuf_printf(b, " of %s", unit_format_int(UNIT_SINCE, load_duration_ns(s), whole));
    strbuf_char(b, '\n');
}

static void rate_line(const struct figures *f, struct strbuf *b)
{
    char asked[UNIT_TEXT_MAX], sent[UNIT_TEXT_MAX], answered[UNIT_TEXT_MAX];
    if (sd_known(f->users))
        snprintf(asked, sizeof asked, "%lld users", (long long)f->users);
    else
        show(UNIT_PER_S, f->asked_per_s, asked);
    strbuf_printf(b, "asked %-10s sent %-10s answered %-10s waiting %-6lld under way %lld\n", asked,
                  show(UNIT_PER_S, f->sent_per_s, sent), show(UNIT_PER_S, f->answered_per_s, answered),
                  (long long)f->waiting, (long long)f->in_flight);
}

static void latency_line(const struct figures *f, struct strbuf *b)
{
    char p50[UNIT_TEXT_MAX], p95[UNIT_TEXT_MAX], p99[UNIT_TEXT_MAX], max[UNIT_TEXT_MAX];
    strbuf_printf(b, "p50 %-9s p95 %-9s p99 %-9s max %s\n", show_ns(f->p50, p50), show_ns(f->p95, p95),
                  show_ns(f->p99, p99), show_ns(f->max, max));
}

static void count_line(const struct figures *f, struct strbuf *b)
{
    char late[UNIT_TEXT_MAX], share[UNIT_TEXT_MAX], failed[UNIT_TEXT_MAX];
    int64_t over = f->totals.ended;
    double failed_share = over ? (double)f->totals.failed / (double)over : (double)NAN;
    strbuf_printf(b, "%lld begun, %lld answered, %s failed (%s); sent late by us: %lld, p99 %s\n",
                  (long long)f->totals.planned, (long long)f->totals.answered,
                  unit_format_int(UNIT_COUNT, f->totals.failed, failed),
                  show(UNIT_SHARE, failed_share, share), (long long)f->totals.late,
                  show_ns(f->late_p99, late));
}

static void draw(struct load_live *x)
{
    struct figures f;
    struct strbuf text = {0}, out = {0};
    struct winsize size = {0};
    pthread_mutex_lock(&x->lock);
    f = x->shown;
    pthread_mutex_unlock(&x->lock);
    head_line(x, &f, &text);
    rate_line(&f, &text);
    latency_line(&f, &text);
    count_line(&f, &text);
    int columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
    if (x->lines)
        strbuf_printf(&out, "\033[%dA", x->lines);
    x->lines = 0;
    for (char *line = text.text, *end; (end = strchr(line, '\n')); line = end + 1, x->lines++) {
        *end = 0;
        strbuf_str(&out, "\r\033[K");
        utf8_append(&out, line, columns - 1); /* a line that wraps could not be drawn over */
        strbuf_char(&out, '\n');
    }
    ssize_t ignored = write(STDERR_FILENO, strbuf_text(&out), out.len);
    (void)ignored;
    strbuf_free(&text);
    strbuf_free(&out);
}

static void *run(void *arg)
{
    struct load_live *x = arg;
    const struct timespec pause = {.tv_nsec = DRAW_NS};
    while (!atomic_load(&x->stop)) {
        draw(x);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

/* ---- the run's side ---- */

struct load_live *load_live_start(const struct load_scenario *s)
{
    if (!isatty(STDERR_FILENO))
        return NULL;
    struct load_live *x = mem_alloc(sizeof *x);
    x->scenario = s;
    x->shown = (struct figures){.users = SD_UNKNOWN,
                                .asked_per_s = (double)NAN,
                                .sent_per_s = (double)NAN,
                                .answered_per_s = (double)NAN,
                                .p50 = SD_UNKNOWN,
                                .p95 = SD_UNKNOWN,
                                .p99 = SD_UNKNOWN,
                                .max = SD_UNKNOWN,
                                .late_p99 = SD_UNKNOWN,
                                .held = (double)NAN,
                                .broke = (double)NAN};
    pthread_mutex_init(&x->lock, NULL);
    x->runs = thread_start(&x->thread, (struct thread_kind){0}, run, x) == 0;
    return x;
}

void load_live_tick(struct load_live *x, const struct load_run *r, int64_t now_ns, int64_t waiting,
                    int64_t in_flight)
{
    struct strbuf phase = {0};
    if (!x || pthread_mutex_trylock(&x->lock) != 0)
        return;
    load_run_phase(r, now_ns, &phase);
    snprintf(x->shown.phase, sizeof x->shown.phase, "%s", strbuf_text(&phase));
    strbuf_free(&phase);
    x->shown.totals = r->totals;
    x->shown.now_ns = now_ns;
    x->shown.waiting = waiting;
    x->shown.in_flight = in_flight;
    x->shown.asked_per_s = r->interval.asked_per_s;
    x->shown.users = r->interval.users;
    x->shown.held = r->search.held;
    x->shown.broke = r->search.broke;
    pthread_mutex_unlock(&x->lock);
}

void load_live_interval(struct load_live *x, const struct load_run *r, const struct load_interval *i)
{
    double seconds = (double)(i->to_ns - i->from_ns) / 1e9;
    (void)r;
    if (!x)
        return;
    int64_t p50 = hist_quantile(&i->latency, 0.5), p95 = hist_quantile(&i->latency, 0.95);
    int64_t p99 = hist_quantile(&i->latency, 0.99), late = hist_quantile(&i->lateness, 0.99);
    pthread_mutex_lock(&x->lock);
    x->shown.sent_per_s = (double)i->sent / seconds;
    x->shown.answered_per_s = (double)i->answered / seconds;
    x->shown.p50 = p50;
    x->shown.p95 = p95;
    x->shown.p99 = p99;
    x->shown.max = i->latency.count ? i->latency.max : SD_UNKNOWN;
    x->shown.late_p99 = late;
    pthread_mutex_unlock(&x->lock);
}

void load_live_stop(struct load_live *x, const struct load_run *r)
{
    if (!x)
        return;
    atomic_store(&x->stop, true);
    if (x->runs)
        pthread_join(x->thread, NULL);
    load_live_tick(x, r, r->end.now_ns, 0, 0);
    draw(x);
    pthread_mutex_destroy(&x->lock);
    free(x);
}
