/* exposition.c - the reader: pieces to lines, lines to points of series. */
#include "format/metrics/exposition.h"

#include <stdlib.h>

#include "base/num.h"
#include "base/units.h"
#include "format/metrics/exposition_line.h"
#include "format/metrics/series_table.h"

enum { REASONS_MAX = 8, SAMPLE_BYTES = 256 };

/* Points cannot be older: 2000-01-01. */
#define OLDEST ((double)946684800)

struct exposition {
    struct series_table *series;
    struct exposition_counts c;
    struct family family;      /* of the last "# TYPE" */
    struct strbuf family_name; /* its name is here */
    struct strbuf name, labels, line;
    bool overlong; /* the line that is being read */
    uint32_t next; /* the series that followed the last one in the scrape before */
    sd_time now;
    exposition_earlier *earlier;
    void *ctx;
    exposition_on_exemplar *on_exemplar;
    void *exemplar_ctx;
    struct strbuf scratch, exemplar; /* of its labels */
    char *samples[REASONS_MAX];
    const char *reasons[REASONS_MAX];
    size_t n_reasons;
    struct sd_texts told_samples, told_reasons;
};

struct exposition *exposition_new(size_t series)
{
    struct exposition *x = mem_alloc(sizeof *x);
    x->series = series_table_new(series);
    return x;
}

static void forget_reasons(struct exposition *x)
{
    for (size_t i = 0; i < x->n_reasons; i++)
        free(x->samples[i]);
    x->n_reasons = 0;
}

void exposition_free(struct exposition *x)
{
    if (!x)
        return;
    forget_reasons(x);
    series_table_free(x->series);
    strbuf_free(&x->family_name);
    strbuf_free(&x->name);
    strbuf_free(&x->labels);
    strbuf_free(&x->line);
    strbuf_free(&x->scratch);
    strbuf_free(&x->exemplar);
    free(x);
}

void exposition_exemplars(struct exposition *x, exposition_on_exemplar *on, void *ctx)
{
    x->on_exemplar = on;
    x->exemplar_ctx = ctx;
}

void exposition_begin(struct exposition *x, sd_time now, exposition_earlier *earlier, void *ctx)
{
    forget_reasons(x);
    series_table_begin(x->series);
    strbuf_clear(&x->line);
    x->c = (struct exposition_counts){.bytes = 0};
    x->family = (struct family){.type = TYPE_UNKNOWN};
    x->overlong = false;
    x->next = 0;
    x->now = now;
    x->earlier = earlier;
    x->ctx = ctx;
}

/* ---- what was not understood ---- */

static void broken(struct exposition *x, const char *s, size_t n, const char *why)
{
    size_t i = 0;
    x->c.unparsed++;
    while (i < x->n_reasons && strcmp(x->reasons[i], why) != 0)
        i++;
    if (i < x->n_reasons || i == REASONS_MAX)
        return;
    x->reasons[i] = why;
    x->samples[i] = mem_strndup(s, MIN(n, (size_t)SAMPLE_BYTES));
    x->n_reasons++;
}

static void too_long(struct exposition *x, const char *s, size_t n)
{
    x->c.too_long++;
    broken(x, s, n, "the name and the labels are longer than 4 KiB");
}

/* ---- points ---- */

/* Seconds in OpenMetrics, milliseconds in Prometheus text: a number of seconds so large is in the year 5138.
 */
static bool time_of(const struct exposition *x, double stamp, sd_time *at)
{
    bool in_ms = fabs(stamp) >= 1e11;
    double s = in_ms ? stamp / 1e3 : stamp;
    *at = SD_UNKNOWN;
    if (isnan(stamp))
        return true;
    if (s < OLDEST || s > (double)x->now / 1e9 + 3600)
        return false;
    *at = in_ms ? llround(stamp) * SD_MS : llround(s * 1e6) * SD_US;
    return true;
}

static void give_earlier(struct exposition *x, const struct series_row *r, double value, sd_time at)
{
    struct exposition_series s;
    struct series_row copy = *r;
    copy.value = value;
    copy.at = at;
    copy.conflict = false;
    series_row_show(x->series, &copy, &s);
    if (x->earlier)
        x->earlier(x->ctx, &s);
}

/* The same series again in one scrape: another point of it, or something is wrong. */
static void again(struct exposition *x, struct series_row *r, double value, sd_time at)
{
    bool same = value == r->value || (isnan(value) && isnan(r->value));
    if (sd_known(at) && sd_known(r->at) && at != r->at) {
        give_earlier(x, r, at > r->at ? r->value : value, MIN(at, r->at));
        if (at > r->at) {
            r->value = value;
            r->at = at;
            r->conflict = false;
        }
    } else if (same && at == r->at) {
        x->c.repeated++;
    } else {
        x->c.conflicts += !r->conflict;
        r->conflict = true;
    }
}

static void take_point(struct exposition *x, struct series_row *r, double value, sd_time at)
{
    x->c.samples++;
    if (series_row_seen(x->series, r)) {
        again(x, r, value, at);
        return;
    }
    x->c.series++;
    series_row_see(x->series, r);
    r->value = value;
    r->at = at;
    r->conflict = false;
}

static void take_exemplar(struct exposition *x, const struct series_row *r, const struct line_point *p)
{
    struct exposition_series s;
    struct exposition_exemplar e;
    double stamp;
    if (!x->on_exemplar ||
        !line_exemplar(p->exemplar, p->exemplar_len, &x->scratch, &x->exemplar, &e.value, &stamp) ||
        !time_of(x, stamp, &e.at))
        return;
    e.labels = strbuf_text(&x->exemplar);
    series_row_show(x->series, r, &s);
    x->on_exemplar(x->exemplar_ctx, &s, &e);
}

/* ---- lines ---- */

/* The row of a series that is written so for the first time. NULL: it is left out, for a reason that is told.
 */
static struct series_row *new_row(struct exposition *x, const char *s, size_t n, const char *line, size_t len)
{
    if (series_table_full(x->series, s, n)) {
        x->c.left_out++;
        return NULL;
    }
    const char *why = line_series(s, n, &x->name, &x->labels);
    if (why) {
        broken(x, line, len, why);
        return NULL;
    }
    if (n > EXPOSITION_SERIES_BYTES || x->name.len + x->labels.len > EXPOSITION_SERIES_BYTES) {
        too_long(x, line, len);
        return NULL;
    }
    struct series_row *r = series_table_add(x->series, s, n, &x->name, &x->labels, &x->family);
    x->c.left_out += !r;
    return r;
}

static void sample(struct exposition *x, const char *s, size_t n)
{
    struct line_point p;
    struct series_row *r = series_table_guess(x->series, x->next, s, n);
    const char *why = r ? line_point(s + r->raw_len, n - r->raw_len, &p) : "";
    size_t len = 0;
    if (why) {
        len = line_series_length(s, n);
        why = len ? line_point(s + len, n - len, &p) : "no name of a metric, or labels that do not end";
        r = NULL;
    }
    sd_time at = SD_UNKNOWN;
    if (!why && !isnan(p.stamp) && !time_of(x, p.stamp, &at))
        why = "a time that is not between the year 2000 and now";
    if (why) {
        broken(x, s, n, why);
        return;
    }
    if (!r)
        r = series_table_find(x->series, s, len);
    if (!r)
        r = new_row(x, s, len, s, n);
    if (!r)
        return;
    x->next = series_row_number(x->series, r) + 1;
    take_point(x, r, p.value, at);
    if (p.exemplar)
        take_exemplar(x, r, &p);
}

static void comment(struct exposition *x, const char *s, size_t n)
{
    const char *rest;
    size_t len;
    enum line_comment c = line_comment(s, n, &x->name, &rest, &len);
    if (c == COMMENT_EOF)
        x->c.ended = true;
    enum metric_type type = c == COMMENT_TYPE ? metric_type_named(rest, len) : TYPE_UNKNOWN;
    if (c == COMMENT_BROKEN || type == TYPE_NONE)
        broken(x, s, n, "no type, or none that there is");
    if (c != COMMENT_TYPE)
        return;
    strbuf_clear(&x->family_name);
    strbuf_add(&x->family_name, x->name.text, x->name.len);
    x->family = (struct family){.name = x->family_name.text,
                                .len = x->family_name.len,
                                .type = type == TYPE_NONE ? TYPE_UNKNOWN : type};
}

static void line(struct exposition *x, const char *s, size_t n)
{
    if (n > EXPOSITION_LINE_MAX) {
        x->c.lines++;
        x->c.too_long++;
        broken(x, s, n, "it is longer than 64 KiB");
        return;
    }
    while (n && (line_blank(s[n - 1]) || s[n - 1] == '\r'))
        n--;
    while (n && line_blank(*s)) {
        s++;
        n--;
    }
    if (!n)
        return;
    x->c.lines++;
    if (x->c.ended)
        broken(x, s, n, "it follows \"# EOF\"");
    else if (*s == '#')
        comment(x, s, n);
    else
        sample(x, s, n);
}

/* A part of a line, whose beginning is kept. */
static void part(struct exposition *x, const char *s, size_t n)
{
    size_t room = EXPOSITION_LINE_MAX + 1 - x->line.len;
    strbuf_add(&x->line, s, MIN(n, room));
}

void exposition_feed(struct exposition *x, const void *bytes, size_t n)
{
    const char *s = bytes, *end = s + n;
    x->c.bytes = add_sat(x->c.bytes, (int64_t)n);
    while (s < end) {
        const char *stop = memchr(s, '\n', (size_t)(end - s));
        if (x->line.len || !stop)
            part(x, s, (size_t)((stop ? stop : end) - s));
        if (!stop)
            return;
        if (x->line.len)
            line(x, x->line.text, x->line.len);
        else
            line(x, s, (size_t)(stop - s));
        strbuf_clear(&x->line);
        s = stop + 1;
    }
}

/* A figure at the very end may be cut: "12" of "1234". Only "# EOF" needs no end of its line. */
void exposition_end(struct exposition *x, bool openmetrics)
{
    static const char EOF_LINE[] = "# EOF";
    if (x->line.len == sizeof EOF_LINE - 1 && !memcmp(x->line.text, EOF_LINE, x->line.len)) {
        line(x, x->line.text, x->line.len);
    } else if (x->line.len) {
        x->c.lines++;
        broken(x, x->line.text, x->line.len, "the text ends in the middle of it");
    }
    strbuf_clear(&x->line);
    if (openmetrics && !x->c.ended)
        broken(x, "", 0, "the text ends before \"# EOF\": it is cut");
    x->c.gone = series_table_end(x->series);
}

/* ---- what was read ---- */

bool exposition_each(const struct exposition *x, size_t *i, struct exposition_series *out)
{
    const struct series_row *r;
    while ((r = series_table_row(x->series, (*i)++)))
        if (series_row_seen(x->series, r) || series_row_gone(x->series, r)) {
            series_row_show(x->series, r, out);
            return true;
        }
    return false;
}

const struct exposition_counts *exposition_counts(const struct exposition *x)
{
    return &x->c;
}

const char *exposition_first_reason(const struct exposition *x)
{
    return x->n_reasons ? x->reasons[0] : "";
}

static void say(struct strbuf *b, int64_t n, const char *one, const char *many)
{
    char text[UNIT_TEXT_MAX];
    if (n)
        strbuf_printf(b, "%s%s %s.", b->len ? " " : "", unit_format_int(UNIT_COUNT, n, text),
                      n == 1 ? one : many);
}

void exposition_intake(const struct exposition *x, struct strbuf *b, struct sd_intake *out)
{
    struct exposition *own = (struct exposition *)(size_t)x;
    const struct exposition_counts *c = &x->c;
    strbuf_clear(b);
    say(b, c->left_out, "sample is of a series beyond the limit and left out",
        "samples are of series beyond the limit and left out; series=N raises it");
    say(b, c->conflicts, "series is there twice with different values, so it has none",
        "series are there twice with different values, so they have none");
    say(b, c->repeated, "sample is there twice", "samples are there twice");
    own->told_samples =
        (struct sd_texts){.n = (uint32_t)x->n_reasons, .items = (const char *const *)x->samples};
    own->told_reasons = (struct sd_texts){.n = (uint32_t)x->n_reasons, .items = x->reasons};
    *out = (struct sd_intake){.unit = "lines",
                              .total = c->lines,
                              .unparsed = c->unparsed,
                              .bytes = c->bytes,
                              .sample = x->n_reasons ? x->samples[0] : NULL,
                              .reason = x->n_reasons ? x->reasons[0] : NULL,
                              .samples = x->n_reasons ? &own->told_samples : NULL,
                              .reasons = x->n_reasons ? &own->told_reasons : NULL,
                              .note = b->len ? strbuf_text(b) : NULL};
}

/* ---- recognition ---- */

struct looked {
    size_t samples, labelled, typed, wrong;
};

static void look(struct looked *l, const char *s, size_t n, struct strbuf *name, struct strbuf *labels)
{
    struct line_point p;
    const char *rest;
    size_t len, type_len;
    if (*s == '#') {
        enum line_comment c = line_comment(s, n, name, &rest, &type_len);
        l->typed += c == COMMENT_EOF || (c == COMMENT_TYPE && metric_type_named(rest, type_len) != TYPE_NONE);
        return;
    }
    len = line_series_length(s, n);
    if (!len || line_point(s + len, n - len, &p) || line_series(s, len, name, labels)) {
        l->wrong++;
        return;
    }
    l->samples++;
    l->labelled += labels->len > 0;
}

int exposition_sure(const void *head, size_t len)
{
    const char *s = head, *end = s + len;
    struct looked l = {.samples = 0};
    struct strbuf name = {0}, labels = {0};
    while (s < end && l.wrong < 8) {
        const char *stop = memchr(s, '\n', (size_t)(end - s));
        if (!stop && (l.samples || l.typed))
            break; /* what is cut says nothing */
        size_t n = (size_t)((stop ? stop : end) - s);
        while (n && (line_blank(s[n - 1]) || s[n - 1] == '\r'))
            n--;
        if (n)
            look(&l, s, n, &name, &labels);
        s = stop ? stop + 1 : end;
    }
    strbuf_free(&name);
    strbuf_free(&labels);
    if (l.typed)
        return l.wrong > l.samples + l.typed ? 0 : 95;
    if (l.wrong || !l.samples)
        return 0;
    return l.labelled ? 92 : 30;
}

const char *exposition_label(const char *labels, const char *key, size_t *len)
{
    size_t n = strlen(key);
    for (const char *p = labels; p && *p;) {
        const char *end = p;
        while (*end && *end != ',')
            end += end[0] == '\\' && end[1] ? 2 : 1;
        if (!strncmp(p, key, n) && p[n] == '=') {
            *len = (size_t)(end - p) - n - 1;
            return p + n + 1;
        }
        p = end + (*end == ',');
    }
    return NULL;
}
