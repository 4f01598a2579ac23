/* perf_script.c - the text that `perf script` prints: for each sample a line of the event, then a line for
 * each frame, the innermost first, then an empty line. Names are made as stackcollapse-perf.pl makes them, so
 * that figures can be compared with flame graphs. */
#include "format/profiles/profile_file.h"

#include <ctype.h>
#include <stdlib.h>

#include "core/profiles/profile_part.h"

enum { EVENTS_MAX = 16, EVENT_NAME_MAX = 128 };

struct text {
    const char *s;
    size_t len;
};

struct event {
    struct text comm, tid;
    struct text name; /* of the event, without modifiers */
    double period;    /* 1 when the line has none */
    bool has_period;
    sd_time at;       /* since the start of the machine; SD_UNKNOWN */
    struct text rest; /* behind the event: a frame, or what a tracepoint says */
};

struct frame {
    struct text name, module;
};

struct script {
    struct profile *p;
    struct frame *raw; /* of the sample, innermost first */
    size_t n_raw, cap_raw;
    uint32_t *frames; /* outermost first */
    size_t n, cap;
    struct event event;
    bool in_sample;
    sd_time first, last;
    int64_t left_out; /* samples of more events than there is room for */
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct text trim(struct text t)
{
    while (t.len && is_space(*t.s))
        t.s++, t.len--;
    while (t.len && is_space(t.s[t.len - 1]))
        t.len--;
    return t;
}

/* Takes the next word off. */
static struct text word(struct text *t)
{
    *t = trim(*t);
    struct text w = {t->s, 0};
    while (w.len < t->len && !is_space(t->s[w.len]))
        w.len++;
    t->s += w.len;
    t->len -= w.len;
    return w;
}

static size_t digits(struct text t, size_t at)
{
    while (at < t.len && isdigit((unsigned char)t.s[at]))
        at++;
    return at;
}

/* PID or PID/TID */
static bool is_pid(struct text w)
{
    size_t n = digits(w, 0);
    if (!n)
        return false;
    return n == w.len || (w.s[n] == '/' && n + 1 < w.len && digits(w, n + 1) == w.len);
}

static bool text_is(struct text t, const char *s)
{
    return strlen(s) == t.len && !memcmp(t.s, s, t.len);
}

/* "203265.377019:" */
static bool take_time(struct text w, sd_time *at)
{
    size_t whole = digits(w, 0), end = whole < w.len && w.s[whole] == '.' ? digits(w, whole + 1) : 0;
    if (!whole || whole > 9 || end < whole + 2 || end + 1 != w.len || w.s[end] != ':')
        return false;
    int64_t s = 0, fraction = 0, unit = SD_S;
    for (size_t i = 0; i < whole; i++)
        s = s * 10 + (w.s[i] - '0');
    for (size_t i = whole + 1; i < end && unit >= 10; i++, unit /= 10)
        fraction = fraction * 10 + (w.s[i] - '0');
    *at = s * SD_S + fraction * unit;
    return true;
}

/* "cycles:ppp:" -> cycles; of a tracepoint, "sched:sched_switch:", all. */
static struct text event_name(struct text w)
{
    w.len--;
    for (size_t i = w.len; i-- > 0;) {
        if (w.s[i] == ':' && i && i + 1 < w.len)
            return (struct text){w.s, i};
        if (!strchr("ukhpPGHSDWeI", w.s[i]))
            break;
    }
    return w;
}

/* False: this is no line of an event. */
static bool read_event(struct text line, struct event *e)
{
    *e = (struct event){.period = 1, .at = SD_UNKNOWN};
    struct text rest = trim(line), start = rest, w = word(&rest);
    if (!w.len)
        return false;
    for (;;) { /* the name of a process may have spaces */
        e->comm = (struct text){start.s, (size_t)(w.s + w.len - start.s)};
        w = word(&rest);
        if (!w.len)
            return false;
        if (is_pid(w))
            break;
    }
    const char *slash = memchr(w.s, '/', w.len);
    e->tid = slash ? (struct text){slash + 1, (size_t)(w.s + w.len - slash - 1)} : w;
    w = word(&rest);
    if (w.len > 1 && w.s[0] == '[')
        w = word(&rest);
    if (take_time(w, &e->at))
        w = word(&rest);
    if (w.len && w.len < 20 && digits(w, 0) == w.len) {
        e->period = strtod(w.s, NULL);
        e->has_period = e->period > 0;
        e->period = e->has_period ? e->period : 1;
        w = word(&rest);
    }
    if (w.len < 2 || w.s[w.len - 1] != ':' || !isalpha((unsigned char)w.s[0]))
        return false;
    e->name = event_name(w);
    e->rest = trim(rest);
    return true;
}

/* "HEX NAME (MODULE)" */
static bool read_frame(struct text line, struct frame *f)
{
    struct text t = trim(line), address = word(&t);
    for (size_t i = 0; i < address.len; i++)
        if (!isxdigit((unsigned char)address.s[i]))
            return false;
    t = trim(t);
    if (!address.len || t.len < 3 || t.s[t.len - 1] != ')')
        return false;
    static const char deleted[] = " (deleted))";
    size_t end = t.len - 1;
    if (t.len > sizeof deleted && !memcmp(t.s + t.len - (sizeof deleted - 1), deleted, sizeof deleted - 1))
        end = t.len - (sizeof deleted - 1);
    size_t open = end;
    while (open && !(t.s[open - 1] == '(' && (open == 1 || is_space(t.s[open - 2]))))
        open--;
    if (!open)
        return false;
    f->module = (struct text){t.s + open, end - open};
    f->name = trim((struct text){t.s, open - 1});
    return f->name.len;
}

static struct text base_of(struct text path)
{
    for (size_t i = path.len; i-- > 0;)
        if (path.s[i] == '/')
            return (struct text){path.s + i + 1, path.len - i - 1};
    return path;
}

static const char *kind_of(struct text module)
{
    struct text base = base_of(module);
    if (!module.len || text_is(module, "[unknown]"))
        return NULL;
    if ((module.s[0] == '[' && !text_is(module, "[vdso]")) ||
        (base.len >= 7 && !memcmp(base.s, "vmlinux", 7)) ||
        (base.len > 3 && !memcmp(base.s + base.len - 3, ".ko", 3)))
        return "kernel";
    if (base.len > 9 && !memcmp(base.s, "perf-", 5) && !memcmp(base.s + base.len - 4, ".map", 4))
        return "jit";
    return "native";
}

/* Where the name ends: before +0xOFFSET, and before the parameters, unless it looks like a method of Go,
 * net/http.(*Client).Do. */
static size_t name_length(struct text t)
{
    size_t n = t.len;
    while (n && isxdigit((unsigned char)t.s[n - 1]))
        n--;
    if (n > 3 && n < t.len && !memcmp(t.s + n - 3, "+0x", 3))
        t.len = n - 3;
    bool go = false;
    for (size_t i = 0; i + 1 < t.len; i++)
        go |= t.s[i] == '.' && t.s[i + 1] == '(' && memmem(t.s + i + 2, t.len - i - 2, ").", 2);
    size_t first = t.len, depth = 0; /* depth: inside <...> stand types, which have parameters, too */
    for (size_t i = 0; i < t.len && !go; i++) {
        depth += t.s[i] == '<';
        depth -= depth && t.s[i] == '>' && t.s[i - 1] != '-';
        if (t.s[i] != '(' || (t.len - i >= 21 && !memcmp(t.s + i, "(anonymous namespace)", 21)))
            continue;
        if (!depth)
            return i;
        first = MIN(first, i);
    }
    return depth ? first : t.len; /* operator<(...) */
}

static void push(struct script *s, const char *name, size_t len, struct text module, const char *kind)
{
    s->frames = s->n == s->cap ? mem_grow(s->frames, s->n, &s->cap, sizeof *s->frames) : s->frames;
    s->frames[s->n++] = profile_function(s->p, name, len, module.len ? module.s : NULL, module.len, kind);
}

/* One function of a frame; "[libc.so.6]" where only the module is known. */
static void push_name(struct script *s, struct text t, struct text module)
{
    char name[PROFILE_NAME_MAX];
    struct text base = text_is(module, "[unknown]") ? (struct text){"", 0} : base_of(module);
    const char *kind = kind_of(module);
    size_t n = 0, len = MIN(name_length(t), sizeof name);
    if (text_is((struct text){t.s, len}, "[unknown]") && base.len) {
        n = (size_t)snprintf(name, sizeof name, "[%.*s]", (int)MIN(base.len, sizeof name - 3), base.s);
        push(s, name, n, base, kind);
        return;
    }
    bool java = text_is(s->event.comm, "java") && memchr(t.s, '/', len);
    for (size_t i = java && t.s[0] == 'L'; i < len; i++)
        if (t.s[i] != '"' && t.s[i] != '\'')
            name[n++] = t.s[i] == ';' ? ':' : t.s[i];
    push(s, name, n, base, kind);
}

/* Inlined functions are a frame of their own, `(inlined)`, or all in one name: outer->inner. */
static void push_frame(struct script *s, size_t i)
{
    struct text t = s->raw[i].name, module = s->raw[i].module;
    for (size_t k = i; text_is(module, "inlined") && k < s->n_raw; k++)
        module = s->raw[k].module;
    if (text_is(module, "inlined"))
        module = (struct text){"", 0};
    if (t.s[0] == '(')
        return; /* the name of a process */
    for (const char *arrow; (arrow = memmem(t.s, t.len, "->", 2)) && arrow > t.s;) {
        push_name(s, (struct text){t.s, (size_t)(arrow - t.s)}, module);
        t.len -= (size_t)(arrow + 2 - t.s);
        t.s = arrow + 2;
    }
    if (t.len)
        push_name(s, t, module);
}

static bool end_sample(struct script *s)
{
    char event[EVENT_NAME_MAX];
    const struct event *e = &s->event;
    double values[EVENTS_MAX] = {0};
    if (!s->in_sample)
        return true;
    s->in_sample = false;
    snprintf(event, sizeof event, "%.*s", (int)MIN(e->name.len, sizeof event - 1), e->name.s);
    bool clock = e->has_period && (str_eq(event, "cpu-clock") || str_eq(event, "task-clock"));
    size_t type = profile_type(s->p, event, clock ? "ns" : "count");
    s->left_out += type == s->p->max_types;
    if (type == s->p->max_types)
        return true;
    values[type] = e->period;
    s->n = 0;
    push(s, e->comm.s, e->comm.len, (struct text){"", 0}, "process");
    for (size_t i = s->n_raw; i-- > 0;)
        push_frame(s, i);
    if (sd_known(e->at)) {
        s->first = sd_known(s->first) ? MIN(s->first, e->at) : e->at;
        s->last = sd_known(s->last) ? MAX(s->last, e->at) : e->at;
    }
    if (!profile_stack(s->p, s->frames, s->n, 1, values))
        return false;
    char thread[96]; /* without PID/TID the number is the thread's: perf script's own choice of fields */
    int n = snprintf(thread, sizeof thread, "%.*s (%.*s)", (int)MIN(e->comm.len, (size_t)64), e->comm.s,
                     (int)MIN(e->tid.len, (size_t)12), e->tid.s);
    profile_is_of(s->p, profile_part(s->p, PART_THREAD, strlen(PART_THREAD), thread, (size_t)n), 1, values);
    return true;
}

static void add_raw(struct script *s, struct frame f)
{
    s->raw = s->n_raw == s->cap_raw ? mem_grow(s->raw, s->n_raw, &s->cap_raw, sizeof *s->raw) : s->raw;
    s->raw[s->n_raw++] = f;
}

/* A line that begins an event, with its only frame behind it when there are no lines of frames. */
static bool begin_sample(struct script *s, struct text line)
{
    struct frame only;
    if (!read_event(line, &s->event))
        return true;
    s->n_raw = 0;
    s->in_sample = true;
    if (!s->event.rest.len || !read_frame(s->event.rest, &only))
        return true;
    add_raw(s, only);
    return end_sample(s);
}

static bool take_line(struct script *s, struct text line, struct text next)
{
    struct frame f;
    struct text t = trim(line);
    if (t.len && t.s[0] == '#')
        return true;
    if (!t.len) /* one may stand between an event and its frames */
        return (!s->n_raw && next.len && is_space(next.s[0]) && read_frame(next, &f)) || end_sample(s);
    if (!s->in_sample)
        return begin_sample(s, line);
    if (s->n_raw <= PROFILE_DEPTH_MAX && read_frame(line, &f)) {
        add_raw(s, f);
        return true;
    }
    struct event e;
    return !read_event(line, &e) || (end_sample(s) && begin_sample(s, line));
}

static struct text line_at(const char *text, size_t len, size_t at)
{
    if (at >= len)
        return (struct text){"", 0};
    const char *end = memchr(text + at, '\n', len - at);
    return (struct text){text + at, end ? (size_t)(end - text) - at : len - at};
}

static const char *finish(struct script *s)
{
    struct profile *p = s->p;
    if (p->full || !p->stacks)
        return p->full ? p->full : "no sample of perf script";
    if (sd_known(s->first) && s->last > s->first)
        p->duration_ns = s->last - s->first;
    if (s->left_out)
        profile_say(p, "It has more than 16 events; those after the first 16 were not read.");
    return NULL;
}

/* The first event is shown when none is chosen, as stackcollapse-perf.pl does. */
struct profile *perf_script_read(const void *bytes, size_t len, struct sd_error *err)
{
    const char *text = bytes;
    struct script s = {.p = profile_new("perf script", EVENTS_MAX), .first = SD_UNKNOWN, .last = SD_UNKNOWN};
    s.p->counted = true;
    profile_bound(s.p, len);
    for (size_t at = 0; at < len && !s.p->full;) {
        struct text line = line_at(text, len, at);
        at += line.len + 1;
        take_line(&s, line, line_at(text, len, at));
    }
    if (s.in_sample && s.p->stacks)
        profile_say(s.p, "The last sample is not ended by an empty line: it is cut, and not counted.");
    else
        end_sample(&s);
    free(s.raw);
    free(s.frames);
    const char *problem = finish(&s);
    if (!problem)
        return s.p;
    sd_fail(err, SD_CONFIG, "it has %s", problem);
    profile_free(s.p);
    return NULL;
}

bool perf_script_like(const void *bytes, size_t len)
{
    const char *head = bytes;
    bool event = false, frame = false;
    for (size_t at = 0; at < len;) {
        struct event e;
        struct frame f;
        struct text line = line_at(head, len, at), t = trim(line);
        at += line.len + 1;
        if (at > len && event)
            break; /* may be cut */
        if (!t.len || t.s[0] == '#')
            continue;
        if (read_event(line, &e)) {
            event = true;
            frame |= e.rest.len && read_frame(e.rest, &f);
        } else if (event && read_frame(line, &f)) {
            frame = true;
        } else {
            return false;
        }
        if (event && frame)
            return true;
    }
    return !event && len > 9 && !memcmp(head, "# =======", 9) && memmem(head, len, "perf record", 11);
}
