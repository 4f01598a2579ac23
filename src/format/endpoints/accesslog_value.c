/* accesslog_value.c - times, numbers, requests and escapes of access logs. */
#include "base/clock.h"
#include "base/find.h"
#include "format/endpoints/accesslog_internal.h"

static bool digits(const char *s, size_t n, int64_t *v)
{
    int64_t value = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
        value = value * 10 + (s[i] - '0');
    }
    *v = value;
    return true;
}

bool accesslog_time_make(int64_t seconds, int64_t ns, sd_time *t)
{
    if (seconds < 0 || seconds > 9223372035)
        return false;
    *t = seconds * SD_S + ns;
    return true;
}

/* ".266": ns; *used bytes. */
static int64_t fraction(const char *s, size_t n, size_t *used)
{
    int64_t ns = 0, unit = SD_S / 10;
    size_t i = 1;
    for (; i < n && s[i] >= '0' && s[i] <= '9'; i++, unit /= 10)
        ns += (s[i] - '0') * unit;
    *used = i;
    return ns;
}

/* "Z", "+0100", "+01:00", "" (UTC): seconds east. */
static bool zone(const char *s, size_t n, int64_t *east)
{
    int64_t h, m;
    *east = 0;
    if (n == 0 || (n == 1 && (*s == 'Z' || *s == 'z')))
        return true;
    bool colon = n == 6 && s[3] == ':';
    if ((n != 5 && !colon) || (*s != '+' && *s != '-') || !digits(s + 1, 2, &h) ||
        !digits(s + 3 + colon, 2, &m))
        return false;
    *east = (h * 60 + m) * 60 * (*s == '-' ? -1 : 1);
    return true;
}

static bool make(int64_t year, int64_t month, int64_t day, const char *clock, sd_time *t, int64_t ns,
                 int64_t east)
{
    int64_t h, m, s;
    if (!digits(clock, 2, &h) || !digits(clock + 3, 2, &m) || !digits(clock + 6, 2, &s) || clock[2] != ':' ||
        clock[5] != ':' || h > 24 || m > 59 || s > 60 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    return accesslog_time_make(clock_days(year, (int)month, (int)day) * 86400 + h * 3600 + m * 60 + s - east,
                               ns, t);
}

bool accesslog_time_local(const char *s, size_t n, sd_time *t)
{
    static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int64_t day, year, ns = 0, east;
    if (n < 20 || s[2] != '/' || s[6] != '/' || s[11] != ':' || !digits(s, 2, &day) ||
        !digits(s + 7, 4, &year))
        return false;
    int64_t month = 0;
    for (int i = 0; i < 12; i++)
        if (!memcmp(MONTHS + i * 3, s + 3, 3))
            month = i + 1;
    size_t used = 0;
    if (n > 20 && s[20] == '.')
        ns = fraction(s + 20, n - 20, &used);
    used += 20;
    if (used < n && s[used] == ' ')
        used++;
    return zone(s + used, n - used, &east) && make(year, month, day, s + 12, t, ns, east);
}

bool accesslog_time_iso(const char *s, size_t n, sd_time *t)
{
    int64_t year, month, day, ns = 0, east;
    if (n < 19 || (s[4] != '-' && s[4] != '/') || s[7] != s[4] || /* 2026/03/12 09:15:01: loggers of Go */
        (s[10] != 'T' && s[10] != ' ' && s[10] != 't') || !digits(s, 4, &year) || !digits(s + 5, 2, &month) ||
        !digits(s + 8, 2, &day))
        return false;
    size_t used = 0;
    if (n > 19 && (s[19] == '.' || s[19] == ','))
        ns = fraction(s + 19, n - 19, &used);
    used += 19;
    if (used < n && s[used] == ' ')
        used++;
    return zone(s + used, n - used, &east) && make(year, month, day, s + 11, t, ns, east);
}

bool accesslog_time_here(struct accesslog_format *f, const char *s, size_t n, sd_time *t)
{
    if (n == f->time_len && n && !memcmp(s, f->time_text, n)) {
        *t = f->time_value;
        return true;
    }
    /* A combined log's time with a zone has more than 20 bytes and a blank, an ISO one a Z or a sign. */
    bool slash = n > 6 && s[2] == '/';
    size_t digits = slash ? 20 : 19;
    if (!(slash ? accesslog_time_local(s, n, t) : accesslog_time_iso(s, n, t)))
        return false;
    while (digits < n && (s[digits] == '.' || s[digits] == ',' || (s[digits] >= '0' && s[digits] <= '9')))
        digits++;
    if (digits == n)
        *t = clock_from_local(*t / SD_S) * SD_S + *t % SD_S;
    if (n <= sizeof f->time_text) {
        memcpy(f->time_text, s, n);
        f->time_len = n;
        f->time_value = *t;
    }
    return true;
}

bool accesslog_time_any(const char *s, size_t n, sd_time *t)
{
    int64_t v;
    if (n > 1 && *s == '[' && s[n - 1] == ']')
        s++, n -= 2;
    if (accesslog_time_local(s, n, t) || accesslog_time_iso(s, n, t))
        return true;
    if (n < 10 || !accesslog_decimal(s, n, SD_S, &v))
        return false;
    const char *point = memchr(s, '.', n);
    size_t whole = point ? (size_t)(point - s) : n; /* 13 digits are milliseconds, 16 us, 19 ns */
    int64_t scale = whole < 12 ? SD_S : whole < 15 ? SD_MS : whole < 18 ? SD_US : 1;
    if (!accesslog_decimal(s, n, scale, &v) || v >= (int64_t)9223372035 * SD_S)
        return false;
    *t = v;
    return true;
}

void accesslog_last(const char **s, size_t *n)
{
    const char *end = *s + *n, *p = end;
    while (p > *s && p[-1] != ' ' && p[-1] != ',')
        p--;
    *n = (size_t)(end - p);
    *s = p;
}

bool accesslog_decimal(const char *s, size_t n, int64_t scale, int64_t *v)
{
    enum { SAFE = 18 }; /* so many figures fit an int64_t */
    const char *p = s, *end = s + n, *safe = n < SAFE ? end : s + SAFE;
    int64_t whole = 0, part = 0;
    unsigned digit;
    for (; p < safe && (digit = (unsigned)(unsigned char)*p - '0') <= 9; p++)
        whole = whole * 10 + digit;
    for (; p == safe && p < end && *p >= '0' && *p <= '9'; safe = ++p)
        whole = add_sat(mul_sat(whole, 10), *p - '0');
    bool any = p > s;
    if (p < end && *p == '.') {
        uint64_t unit = (uint64_t)scale;
        for (p++; p < end && (digit = (unsigned)(unsigned char)*p - '0') <= 9; p++) {
            unit /= 10;
            part += (int64_t)(digit * unit); /* together less than the scale */
        }
        any |= p[-1] != '.';
    }
    *v = add_sat(mul_sat(whole, scale), part);
    return any && p == end;
}

int64_t accesslog_sum(const char *s, size_t n, int64_t scale)
{
    int64_t sum = SD_UNKNOWN, v;
    const char *end = s + n;
    while (s < end) {
        const char *stop = s;
        while (stop < end && *stop != ',' && *stop != ' ' && *stop != ':')
            stop++;
        if (stop > s && accesslog_decimal(s, (size_t)(stop - s), scale, &v))
            sum = add_known(sum, v);
        s = stop + 1;
    }
    return sum;
}

bool accesslog_method(const char *s, size_t n)
{
    if (n == 0 || n > 20)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!(s[i] >= 'A' && s[i] <= 'Z') && s[i] != '-' && s[i] != '_')
            return false;
    return s[0] >= 'A' && s[0] <= 'Z';
}

void accesslog_request(const char *s, size_t n, struct accesslog_line *out)
{
    const char *end = s + n, *space = find_byte(s, n < 21 ? end : s + 21, ' ');
    if (!space || !accesslog_method(s, (size_t)(space - s))) {
        out->method_len = 0;
        out->target = "-";
        out->target_len = 1;
        return;
    }
    out->method = s;
    out->method_len = (size_t)(space - s);
    out->target = space + 1;
    /* Most end in " HTTP/1.1", which is looked for first. */
    const char *last = end - space > 9 ? end - 9 : space;
    if (last == space || memcmp(last, " HTTP/", 6) != 0 || last[6] == ' ' || last[7] == ' ' || last[8] == ' ')
        last = memrchr(space, ' ', (size_t)(end - space));
    if (end - last > 5 && !memcmp(last + 1, "HTTP/", 5)) /* HTTP/0.9 has no protocol */
        end = last;
    out->target_len = end > space + 1 ? (size_t)(end - space - 1) : 0;
}

static int hex(const char *s, size_t n)
{
    int v = 0;
    for (size_t i = 0; i < n; i++) {
        char c = s[i], low = (char)(c | 0x20);
        int d = c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
        if (d < 0)
            return -1;
        v = v * 16 + d;
    }
    return v;
}

void accesslog_unescape(const char *s, size_t n, struct strbuf *b)
{
    strbuf_clear(b);
    for (size_t i = 0; i < n; i++) {
        int v;
        if (s[i] != '\\' || i + 1 == n) {
            strbuf_char(b, s[i]);
        } else if (s[i + 1] == 'x' && i + 3 < n && (v = hex(s + i + 2, 2)) >= 0) {
            strbuf_char(b, (char)v);
            i += 3;
        } else if (s[i + 1] == 'u' && i + 5 < n && (v = hex(s + i + 2, 4)) >= 0) {
            if (v < 0x80) {
                strbuf_char(b, (char)v);
            } else {
                if (v >= 0x800) {
                    strbuf_char(b, (char)(0xe0 | v >> 12));
                    strbuf_char(b, (char)(0x80 | (v >> 6 & 0x3f)));
                } else {
                    strbuf_char(b, (char)(0xc0 | v >> 6));
                }
                strbuf_char(b, (char)(0x80 | (v & 0x3f)));
            }
            i += 5;
        } else {
            static const char FROM[] = "ntrbf", TO[] = "\n\t\r\b\f";
            const char *at = strchr(FROM, s[i + 1]);
            strbuf_char(b, at && *at ? TO[at - FROM] : s[i + 1]);
            i++;
        }
    }
}

/* ---- who asked ---- */

static bool is_told(const char *s, size_t n)
{
    return n && !(n == 1 && *s == '-');
}

/* "10.0.0.1:51234" and "[::1]:51234" without their ports; an address of IPv6 without brackets has none. */
static void without_port(const char **s, size_t *n)
{
    const char *end = *s + *n, *colon = memchr(*s, ':', *n), *close;
    if (*n && **s == '[' && (close = memchr(*s, ']', *n))) {
        *n = (size_t)(close - ++*s);
        return;
    }
    if (colon && !memchr(colon + 1, ':', (size_t)(end - colon - 1)))
        *n = (size_t)(colon - *s);
}

struct accesslog_asker accesslog_asker(const struct accesslog_line *l)
{
    struct accesslog_asker a = {.address = l->client, .address_len = l->client_len};
    const char *blank = l->client_len ? memrchr(l->client, ' ', l->client_len) : NULL;
    size_t last = blank ? l->client_len - 1 - (size_t)(blank - l->client) : 0;
    if (is_told(l->user, l->user_len))
        a.user = l->user, a.user_len = l->user_len;
    else if (blank && is_told(blank + 1, last))
        a.user = blank + 1, a.user_len = last;
    if (blank) { /* the word before the two last ones; of a log with the host in front not that */
        const char *second = memrchr(l->client, ' ', (size_t)(blank - l->client));
        const char *first = second ? memrchr(l->client, ' ', (size_t)(second - l->client)) : NULL;
        a.address = first ? first + 1 : l->client;
        a.address_len = (size_t)((second ? second : blank) - a.address);
    }
    if (a.address_len)
        without_port(&a.address, &a.address_len);
    if (!is_told(a.address, a.address_len))
        a.address_len = 0;
    return a;
}
