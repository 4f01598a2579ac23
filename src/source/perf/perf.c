/* perf.c - samples of what runs on this host: the processor's time by function, without the program perf. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "format/profiles/profile_file.h"
#include "source/perf/sampler.h"

enum {
    RECORDS_MAX = 12 << 20, /* what one window may take of the model */
    WHOLE = 2,              /* windows, when there is no one to tell how long */
};
#define STEP   (100 * SD_MS) /* between two looks at the rings */
#define WINDOW (1 * SD_S)
#define FIRST  (500 * SD_MS) /* the first window: something is to be seen soon */
#define LATE   (2 * SD_MS)   /* a record may be written so long after its time */
#define GONE   (2 * SD_S)    /* what ended is forgotten so long after */

static const struct sd_option OPTIONS[] = {
    {.name = "hz",
     .type = SD_OPTION_INT,
     .offset = offsetof(struct sampler_options, hz),
     .fallback = "99",
     .min = 1,
     .max = 20000,
     .unit = "Hz",
     .help = "samples a second of each busy processor"},
    {.name = "event",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct sampler_options, event),
     .fallback = "cpu",
     .help = "what is sampled: cpu (time on a processor) or off-cpu (time that threads wait)"},
    {.name = "dwarf",
     .type = SD_OPTION_BOOL,
     .offset = offsetof(struct sampler_options, dwarf),
     .fallback = "no",
     .help = "follow stacks by debug tables, not by frame pointers: 8 KiB of the stack are copied for each "
             "sample (x86-64 only)"},
    {.name = "inlined",
     .type = SD_OPTION_BOOL,
     .offset = offsetof(struct sampler_options, inlined),
     .fallback = "yes",
     .help = "count what is inlined as functions of their own; no: as the function they are in, like perf "
             "report"},
    {.name = "debuginfod",
     .type = SD_OPTION_BOOL,
     .offset = offsetof(struct sampler_options, debuginfod),
     .fallback = "no",
     .help = DEBUG_FETCH_HELP},
    {.name = NULL},
};

/* Long work goes on: the rings are emptied when it is time to. */
static bool keep_up(void *ctx)
{
    struct sampler_source *x = ctx;
    int64_t now = clock_mono();
    if (now - x->drained < STEP)
        return !x->stopping;
    x->drained = now;
    x->stopping = x->instance->host->should_stop(x->instance);
    sampler_events_drain(&x->events);
    return !x->stopping;
}

/* ---- records ---- */

static void take_sample(struct sampler_source *x, const struct ring_record *e)
{
    if (x->events.off_cpu) {
        sampler_off_stopped(x, e);
        return;
    }
    struct sampler_space *s = e->pid == UINT32_MAX ? NULL : sampler_space_of(x, (pid_t)e->pid);
    if (s)
        sampler_stacks_add(x, s, &(struct sampler_sample){.record = e}, 1, (double)e->period);
}

static void take(struct sampler_source *x, const struct ring_record *e)
{
    switch (e->type) {
    case PERF_RECORD_SAMPLE:
        take_sample(x, e);
        break;
    case PERF_RECORD_MMAP:
    case PERF_RECORD_MMAP2:
        sampler_space_mapped(x, e);
        break;
    case PERF_RECORD_COMM:
        sampler_space_named(x, e);
        break;
    case PERF_RECORD_FORK:
        sampler_space_forked(x, e);
        sampler_off_began(x, e);
        break;
    case PERF_RECORD_EXIT:
        sampler_space_exited(x, e);
        sampler_off_ended(x, e);
        break;
    case PERF_RECORD_SWITCH:
    case PERF_RECORD_SWITCH_CPU_WIDE:
        sampler_off_switched(x, e);
        break;
    case PERF_RECORD_LOST:
    case PERF_RECORD_LOST_SAMPLES:
        x->events.lost += (int64_t)MIN(e->lost, (uint64_t)INT32_MAX);
        break;
    case PERF_RECORD_THROTTLE:
        symbols_trouble(&x->symbols,
                        "The kernel took fewer samples for a while: there were more than it allows "
                        "(kernel.perf_event_max_sample_rate).");
        break;
    default:
        break;
    }
}

struct due {
    int64_t time;
    size_t at; /* in the pending records */
};

static int by_time(const void *a, const void *b)
{
    const struct due *p = a, *q = b;
    return p->time != q->time ? (p->time < q->time ? -1 : 1) : p->at < q->at ? -1 : p->at > q->at;
}

/* The rings of the processors are each in order of time; together they are put into it. What is newer than
 * `until` waits: an older record may still come from another ring. */
static void work(struct sampler_source *x, int64_t until)
{
    struct sampler_events *v = &x->events;
    struct due *due = NULL;
    size_t n = 0, cap = 0, kept = 0;
    struct ring_record e;
    for (size_t at = 0, size; (size = ring_record_size(v->pending + at, v->n_pending - at)); at += size) {
        if (!ring_record_decode(v->pending + at, size, &x->layout, &e))
            continue;
        if (n == cap)
            due = mem_grow(due, n, &cap, sizeof *due);
        due[n++] = (struct due){e.time, at};
    }
    if (n)
        qsort(due, n, sizeof *due, by_time);
    for (size_t i = 0; i < n && due[i].time < until; i++)
        if (ring_record_decode(v->pending + due[i].at, v->n_pending - due[i].at, &x->layout, &e))
            take(x, &e);
    for (size_t at = 0, size; (size = ring_record_size(v->pending + at, v->n_pending - at)); at += size)
        if (ring_record_decode(v->pending + at, size, &x->layout, &e) && e.time >= until) {
            memmove(v->pending + kept, v->pending + at, size);
            kept += size;
        }
    v->n_pending = kept;
    free(due);
}

/* ---- the target ---- */

static bool parse_target(struct sampler_target *t, const char *text, struct sd_error *err)
{
    size_t digits = strspn(text, "0123456789");
    *t = (struct sampler_target){.scope = PERF_HOST};
    if (!*text)
        return true;
    if (str_starts(text, "cgroup/")) {
        t->scope = PERF_CGROUP;
        t->cgroup = text + strlen("cgroup");
        return t->cgroup[1] || fail(err, "it needs the path of a cgroup, as in perf:cgroup/system.slice");
    }
    if (!text[digits] && digits < 10) {
        t->scope = PERF_PID;
        t->pid = atoi(text);
        if (t->pid <= 0 || (kill(t->pid, 0) < 0 && errno == ESRCH))
            return fail(err, "there is no process %.20s", text);
        return true;
    }
    t->scope = PERF_COMM;
    snprintf(t->comm, sizeof t->comm, "%s", text); /* the kernel keeps no more of a name, either */
    return true;
}

static void name_of(const struct sampler_source *x, char *buf, size_t n)
{
    const struct sampler_target *t = &x->target;
    const struct sampler_space *s = x->spaces;
    while (t->scope == PERF_PID && s && s->pid != t->pid)
        s = s->hh.next;
    switch (t->scope) {
    case PERF_HOST:
        snprintf(buf, n, "this host");
        break;
    case PERF_PID:
        snprintf(buf, n, "process %d%s%s%s", (int)t->pid, s ? " (" : "", s ? s->comm : "", s ? ")" : "");
        break;
    case PERF_COMM:
        snprintf(buf, n, "processes %s", t->comm);
        break;
    case PERF_CGROUP:
        snprintf(buf, n, "cgroup %.200s", t->cgroup);
        break;
    }
}

/* ---- a window ---- */

static void say_own_cost(struct sampler_source *x, struct profile *p, int64_t duration)
{
    int64_t cpu = clock_thread_cpu();
    double share = duration > 0 ? 100.0 * (double)(cpu - x->cpu) / (double)duration : 0;
    char *note = mem_printf("Sampling took %.1f %% of one processor.", share);
    profile_say(p, note);
    free(note);
    x->cpu = cpu;
}

static void say_what_is_missing(struct sampler_source *x, struct profile *p)
{
    if (!x->events.kernel)
        profile_say(p,
                    "Without CAP_PERFMON (kernel.perf_event_paranoid) the kernel's functions are left out.");
    if (x->target.scope == PERF_COMM && !x->events.by_cpu)
        profile_say(
            p, "Without CAP_PERFMON only the processes of that name are sampled that ran when it began.");
    for (size_t i = 0; i < x->symbols.n_trouble; i++)
        profile_say(p, x->symbols.trouble[i]);
    x->symbols.n_trouble = 0;
}

static enum sd_result publish_window(struct sd_source *s, int64_t duration, struct sd_error *err)
{
    struct sampler_source *x = s->priv;
    char name[256];
    sd_time now = s->host->now(s);
    struct profile *p = sampler_stacks_profile(x, x->events.off_cpu ? "off-cpu" : "cpu");
    p->lost = x->events.lost - x->lost_said;
    x->lost_said = x->events.lost;
    p->at = now - duration;
    p->duration_ns = duration;
    say_own_cost(x, p, duration);
    say_what_is_missing(x, p);
    name_of(x, name, sizeof name);
    struct sd_batch *b = s->host->batch(s, now);
    bool done = profile_records(p, name, RECORDS_MAX, s->host, b);
    profile_free(p);
    if (done)
        s->host->publish(s, b);
    else
        s->host->discard(b);
    x->symbols.window++;
    sampler_space_forget(x, clock_mono() - GONE);
    symbols_bound(&x->symbols);
    if (x->symbols.window % 8 == 0) {
        sampler_spaces_use(x);
        symbols_forget(&x->symbols);
    }
    return done ? SD_OK
                : sd_fail(err, SD_RETRY, "the samples of one second are more than one batch can hold");
}

/* ---- the source ---- */

static enum sd_result perf_open(struct sd_source *s, struct sd_error *err)
{
    const struct sampler_options *o = s->opts;
    struct sampler_source *x = s->priv;
    *x = (struct sampler_source){.instance = s, .cpu = clock_thread_cpu(), .was_there = x->was_there};
    if (!str_eq(o->event, "cpu") && !str_eq(o->event, "off-cpu"))
        return sd_fail(err, SD_CONFIG, "event=%.40s is none of: cpu, off-cpu", o->event);
#if !defined(__x86_64__)
    if (o->dwarf)
        return sd_fail(err, SD_CONFIG,
                       "dwarf=yes works on x86-64 only: without it stacks are followed by frame pointers");
#endif
    x->symbols = (struct symbols){.go_on = keep_up, .ctx = x, .inlined = o->inlined, .unwinding = o->dwarf};
    x->layout.regs = o->dwarf ? PERF_UNWIND_REGS : 0;
    if (!parse_target(&x->target, s->target, err) || !sampler_events_open(&x->events, &x->target, o, err))
        return x->was_there ? SD_RETRY : SD_CONFIG;
    x->was_there = x->target.scope == PERF_CGROUP;
    if (o->debuginfod && !(x->symbols.fetch = debug_fetch_new(err)))
        return SD_CONFIG;
    symbols_begin(&x->symbols);
    if (x->target.scope == PERF_PID)
        sampler_space_follow(x, x->target.pid);
    return SD_OK;
}

static enum sd_result perf_run(struct sd_source *s, struct sd_error *err)
{
    struct sampler_source *x = s->priv;
    int64_t began = clock_mono(), due = began + FIRST;
    while (!s->host->should_stop(s)) {
        int64_t now = clock_mono();
        s->host->wait(s, -1, 0, s->host->now(s) + MIN(STEP, MAX(due - now, 0)));
        x->drained = now = clock_mono();
        sampler_events_drain(&x->events);
        work(x, now - LATE);
        if (now < due)
            continue;
        sampler_off_window(x, now - LATE);
        enum sd_result r = publish_window(s, now - began, err);
        if (r != SD_OK)
            return r;
        if ((!s->follow && x->symbols.window >= WHOLE) ||
            (x->target.scope == PERF_PID && !sampler_space_any(x)))
            return SD_GONE;
        if (x->target.scope == PERF_CGROUP && !sampler_cgroup_same(&x->events, &x->target))
            return s->follow ? sd_fail(err, SD_RETRY, "the cgroup %.200s was removed", x->target.cgroup)
                             : SD_GONE;
        began = now;
        due = MAX(due + WINDOW, clock_mono());
    }
    return SD_OK;
}

static void perf_close(struct sd_source *s)
{
    struct sampler_source *x = s->priv;
    sampler_events_close(&x->events);
    sampler_stacks_free(&x->stacks);
    sampler_off_free(x);
    sampler_containers_free(x);
    sampler_threads_free(x);
    sampler_spaces_free(x);
    symbols_free(&x->symbols);
    *x = (struct sampler_source){.was_there = x->was_there};
}

/* ---- what is missing ---- */

#define GRANT "sudo setcap cap_perfmon,cap_sys_ptrace=ep \"$(command -v slowdive)\""

static void tell_allowed(const struct sampler_target *t, const struct sampler_options *o, sd_check_tell *tell,
                         void *ctx)
{
    struct sd_error err = {""}, ignored;
    struct sampler_target own = {.scope = PERF_PID};
    if (sampler_events_allowed(t, o, &err))
        tell(ctx, &(struct sd_check){"samples", SD_CHECK_OK, "the kernel lets slowdive sample it", NULL});
    else
        tell(ctx, &(struct sd_check){
                      "samples",
                      t->scope == PERF_HOST && sampler_events_allowed(&own, o, &ignored) ? SD_CHECK_LESS
                                                                                         : SD_CHECK_MISSING,
                      err.text,
                      strstr(err.text, "there is no cgroup") ? "systemd-cgls shows which there are"
                      : strstr(err.text, "seccomp")
                          ? "start the container with perf_event_open allowed in its seccomp "
                            "profile and with --cap-add PERFMON"
                      : strstr(err.text, "CAP_PERFMON")
                          ? GRANT
                          : "perf record in an environment that allows it, then: slowdive "
                            "functions perf.data"});
}

static void tell_kernel_names(sd_check_tell *tell, void *ctx)
{
    int64_t hidden = sampler_number_in("/proc/sys/kernel/kptr_restrict");
    if (sd_known(hidden) && hidden > 0 && !(hidden == 1 && sampler_privileged()))
        tell(ctx, &(struct sd_check){"kernel symbols", SD_CHECK_LESS,
                                     "kernel.kptr_restrict hides the names of the kernel's functions",
                                     "sudo sysctl kernel.kptr_restrict=0"});
}

static void perf_examine(struct sd_source *s, sd_check_tell *tell, void *ctx)
{
    const struct sampler_options *o = s->opts;
    struct sampler_target t = {.scope = PERF_HOST};
    struct sd_error err = {""};
    if (s->target && !parse_target(&t, s->target, &err)) {
        tell(ctx, &(struct sd_check){"target", SD_CHECK_MISSING, err.text,
                                     "slowdive sources perf shows how it is written"});
        return;
    }
    tell_allowed(&t, o, tell, ctx);
    tell_kernel_names(tell, ctx);
    if (o->debuginfod && !debug_fetch_may(&err))
        tell(ctx, &(struct sd_check){"debuginfod", SD_CHECK_MISSING, err.text,
                                     "sudo apt install libdebuginfod1; export "
                                     "DEBUGINFOD_URLS=https://debuginfod.debian.net"});
}

extern const struct sd_source_ops perf_source_ops;
const struct sd_source_ops perf_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "perf",
    .summary = "what runs on this host, sampled by the kernel: functions",
    .targets = "perf: (the whole host), perf:PID, perf:COMM (processes of that name), perf:cgroup/PATH",
    .provides = SD_KIND_BIT(SD_PROFILE) | SD_KIND_BIT(SD_PROFILE_FUNCTION) | SD_KIND_BIT(SD_INTAKE),
    .opts_size = sizeof(struct sampler_options),
    .options = OPTIONS,
    .priv_size = sizeof(struct sampler_source),
    .open = perf_open,
    .run = perf_run,
    .close = perf_close,
    .examine = perf_examine,
};
