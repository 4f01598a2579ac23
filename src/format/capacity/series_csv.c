/* series_csv.c - lines into values at equal steps. */
#include "format/capacity/series_csv.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "format/capacity/csv_field.h"

#define FURTHEST (INT64_C(4500000000) * SD_S) /* of a time from 1970: differences fit */
enum { FIELDS = 64, SHOWN = 40 };

/* ---- lines and fields ---- */

/* Commas within quotes part nothing. */
static size_t split(struct csv_field line, struct csv_field *fields)
{
    size_t n = 0, from = 0;
    bool quoted = false;
    for (size_t i = 0; i <= line.n && n < FIELDS; i++) {
        if (i < line.n && line.at[i] == '"')
            quoted = !quoted;
        if (i == line.n || (line.at[i] == ',' && !quoted)) {
            fields[n++] = csv_trimmed((struct csv_field){line.at + from, i - from});
            from = i + 1;
        }
    }
    return n;
}

static bool is_named(struct csv_field f, const char *name)
{
    return f.n == strlen(name) && !strncasecmp(f.at, name, f.n);
}

/* ---- times ---- */

static bool digits(const char *s, size_t n, int64_t *v)
{
    *v = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
        *v = *v * 10 + (s[i] - '0');
    }
    return true;
}

/* Seconds east of "Z", "+01:00", "+0100" or nothing. */
static bool zone(const char *s, size_t n, int64_t *east)
{
    int64_t h, m;
    *east = 0;
    if (!n || (n == 1 && (*s == 'Z' || *s == 'z')))
        return true;
    bool colon = n == 6 && s[3] == ':';
    if ((n != 5 && !colon) || (*s != '+' && *s != '-') || !digits(s + 1, 2, &h) ||
        !digits(s + 3 + colon, 2, &m) || h > 23 || m > 59)
        return false;
    *east = (h * 60 + m) * 60 * (*s == '-' ? -1 : 1);
    return true;
}

static int64_t days_of(int64_t year, int64_t month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static bool rfc3339(struct csv_field f, int64_t *ns)
{
    int64_t year, month, day, h = 0, m = 0, s = 0, part = 0, east = 0;
    if (f.n < 10 || f.at[4] != '-' || f.at[7] != '-' || !digits(f.at, 4, &year) ||
        !digits(f.at + 5, 2, &month) || !digits(f.at + 8, 2, &day) || month < 1 || month > 12 || day < 1 ||
        day > days_of(year, month))
        return false;
    if (f.n > 10) {
        size_t at = 16;
        if (f.n < 16 || !strchr("Tt ", f.at[10]) || !f.at[10] || f.at[13] != ':' ||
            !digits(f.at + 11, 2, &h) || !digits(f.at + 14, 2, &m))
            return false;
        if (at < f.n && f.at[at] == ':') {
            if (f.n < 19 || !digits(f.at + 17, 2, &s))
                return false;
            at = 19;
        }
        if (at < f.n && f.at[at] == '.')
            for (int64_t unit = SD_S / 10; ++at < f.n && isdigit((unsigned char)f.at[at]); unit /= 10)
                part += (f.at[at] - '0') * unit;
        if (h > 24 || m > 59 || s > 60 || !zone(f.at + at, f.n - at, &east))
            return false;
    }
    int64_t seconds = clock_days(year, (int)month, (int)day) * 86400 + h * 3600 + m * 60 + s - east;
    *ns = add_sat(mul_sat(seconds, SD_S), part);
    return !num_is_edge(*ns);
}

/* Decimals are read by hand: a double holds no nanoseconds of today. */
static bool seconds(struct csv_field f, int64_t *ns)
{
    double rough;
    if (!csv_number(f, &rough) || !(fabs(rough) < 9.2e9))
        return false;
    bool minus = *f.at == '-';
    int64_t whole = 0, part = 0, unit = SD_S / 10;
    size_t i = minus || *f.at == '+';
    for (; i < f.n && isdigit((unsigned char)f.at[i]); i++)
        whole = add_sat(mul_sat(whole, 10), f.at[i] - '0');
    if (i < f.n && f.at[i] == '.')
        for (i++; i < f.n && isdigit((unsigned char)f.at[i]); i++, unit /= 10)
            part += (f.at[i] - '0') * unit;
    *ns = i < f.n ? (int64_t)(rough * (double)SD_S) /* an exponent */
                  : add_sat(mul_sat(whole, SD_S), part) * (minus ? -1 : 1);
    return true;
}

/* ---- rows ---- */

struct row {
    int64_t at;
    double value;
    size_t line;
};

struct rows {
    const char *name;
    struct row *items;
    size_t n, cap, time_column, value_column;
};

static bool refuse(const struct rows *r, size_t line, struct sd_error *err, const char *what,
                   struct csv_field f)
{
    return fail(err, "%s, line %zu: %s%s%.*s%s", r->name, line, what, f.at ? ": " : "",
                (int)MIN(f.n, (size_t)SHOWN), f.at ? f.at : "", f.n > SHOWN ? "..." : "");
}

/* The names of the columns; false: the line is data already. */
static bool header(struct rows *r, const struct csv_field *fields, size_t n)
{
    int64_t ns;
    r->time_column = 0;
    r->value_column = 1;
    if (rfc3339(fields[0], &ns) || seconds(fields[0], &ns))
        return false;
    for (size_t i = n; i-- > 0;) {
        if (is_named(fields[i], "time"))
            r->time_column = i;
        if (is_named(fields[i], "value"))
            r->value_column = i;
    }
    if (r->value_column == r->time_column) /* a time in the second column, and no value */
        r->value_column = 0;
    return true;
}

static bool take(struct rows *r, const struct csv_field *fields, size_t n, size_t line, struct sd_error *err)
{
    const struct csv_field none = {NULL, 0};
    struct row row = {.line = line, .value = (double)NAN};
    if (n <= MAX(r->time_column, r->value_column))
        return refuse(r, line, err, "a time and a value were expected", none);
    struct csv_field time = fields[r->time_column], value = fields[r->value_column];
    if (!rfc3339(time, &row.at) && !seconds(time, &row.at))
        return refuse(r, line, err, "this is neither RFC 3339 nor seconds since 1970", time);
    if (row.at < -FURTHEST || row.at > FURTHEST)
        return refuse(r, line, err, "this is more than 140 years from 1970", time);
    if (value.n && !csv_number(value, &row.value))
        return refuse(r, line, err, "this is no number", value);
    if (r->n && row.at <= r->items[r->n - 1].at)
        return refuse(r, line, err, "the times do not rise", time);
    if (r->n == SERIES_CSV_POINTS)
        return fail(err, "%s has more than %d values.", r->name, SERIES_CSV_POINTS);
    r->items = mem_grow(r->items, r->n, &r->cap, sizeof *r->items);
    r->items[r->n++] = row;
    return true;
}

static bool read_rows(struct rows *r, const char *text, size_t len, struct sd_error *err)
{
    size_t line = 0;
    bool first = true;
    if (len >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3))
        text += 3, len -= 3;
    for (size_t from = 0; from < len;) {
        const char *end = memchr(text + from, '\n', len - from);
        size_t to = end ? (size_t)(end - text) : len;
        struct csv_field fields[FIELDS], whole = csv_trimmed((struct csv_field){text + from, to - from});
        line++;
        if (whole.n) {
            size_t n = split((struct csv_field){text + from, to - from}, fields);
            bool names = first && header(r, fields, n);
            first = false;
            if (!names && !take(r, fields, n, line, err))
                return false;
        }
        from = to + 1;
    }
    return r->n || fail(err, "%s has no values.", r->name);
}

/* ---- steps ---- */

/* The most frequent difference, those within one part in a hundred being alike; of several the smallest. */
static int64_t usual_step(const struct rows *r)
{
    size_t n = r->n - 1, most = 0;
    int64_t *d = mem_array(n, sizeof *d), step = 0;
    for (size_t i = 0; i < n; i++)
        d[i] = r->items[i + 1].at - r->items[i].at;
    qsort(d, n, sizeof *d, int_ascending);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && d[to] - d[from] <= d[from] / 100; to++)
            ;
        if (to - from > most) {
            most = to - from;
            step = d[from + most / 2];
        }
    }
    free(d);
    return step;
}

static bool place(const struct rows *r, struct series_csv *out, struct sd_error *err)
{
    const struct csv_field none = {NULL, 0};
    int64_t step = usual_step(r);
    size_t *at = mem_array(r->n, sizeof *at);
    bool fine = true;
    for (size_t i = 1; i < r->n && fine; i++) {
        int64_t d = r->items[i].at - r->items[i - 1].at, off = d % step, times = d / step;
        if (off > step / 2) {
            off = step - off;
            times++;
        }
        if (times < 1 || off > step / 100 + d / 1000000) /* times with decimals are rounded */
            fine = refuse(r, r->items[i].line, err, "the steps are not equal", none);
        else if (times > SERIES_CSV_POINTS - (int64_t)at[i - 1] - 1)
            fine = refuse(r, r->items[i].line, err, "the gap before this line is too long", none);
        else
            at[i] = at[i - 1] + (size_t)times;
    }
    if (fine) {
        out->n = at[r->n - 1] + 1;
        out->step_ns = (r->items[r->n - 1].at - r->items[0].at) / (int64_t)(out->n - 1);
        out->values = mem_array(out->n, sizeof *out->values);
        for (size_t i = 0; i < out->n; i++)
            out->values[i] = (double)NAN;
        for (size_t i = 0; i < r->n; i++)
            out->values[at[i]] = r->items[i].value;
    }
    free(at);
    return fine;
}

bool series_csv_read(const char *text, size_t len, const char *name, struct series_csv *out,
                     struct sd_error *err)
{
    struct rows r = {.name = name};
    *out = (struct series_csv){.n = 0};
    bool fine = read_rows(&r, text, len, err);
    if (fine) {
        out->from_ns = r.items[0].at;
        if (r.n > 1) {
            fine = place(&r, out, err);
        } else {
            out->values = mem_array(1, sizeof *out->values);
            out->values[0] = r.items[0].value;
            out->n = 1;
        }
    }
    free(r.items);
    return fine;
}
