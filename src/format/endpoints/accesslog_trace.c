#include "format/endpoints/accesslog_trace.h"

#include <inttypes.h>

#include "base/find.h"
#include "base/num.h"

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static size_t hex_run(const char *s, const char *end)
{
    const char *p = s;
    while (p < end && is_hex(*p))
        p++;
    return (size_t)(p - s);
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* `width` digits, zeros put in front; false: all are zero, which is no id. */
static bool put_hex(const char *s, size_t n, size_t width, char *out)
{
    bool any = false;
    for (size_t i = 0; i < width; i++) {
        char c = i < width - n ? '0' : s[i - (width - n)];
        out[i] = c >= 'A' && c <= 'F' ? (char)(c | 0x20) : c;
        any |= c != '0';
    }
    out[width] = 0;
    if (!any)
        *out = 0;
    return any;
}

static bool put_decimal(const char *s, size_t n, size_t width, char *out)
{
    char text[24];
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t digit = (uint64_t)(s[i] - '0');
        if (digit > 9 || v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    int len = snprintf(text, sizeof text, "%" PRIx64, v);
    return n && put_hex(text, (size_t)len, width, out);
}

/* "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8": the root without its version. */
static bool amazon(const char *s, const char *end, struct trace_ids *out)
{
    char joined[32];
    const char *p = find_text(s, end, "Root=1-", 7);
    if (!p || hex_run(p += 7, end) != 8 || end - p < 33 || p[8] != '-' || hex_run(p + 9, end) != 24)
        return false;
    memcpy(joined, p, 8);
    memcpy(joined + 8, p + 9, 24);
    const char *parent = find_text(p, end, "Parent=", 7);
    if (parent && hex_run(parent + 7, end) == 16)
        put_hex(parent + 7, 16, 16, out->span);
    return put_hex(joined, 32, 32, out->trace);
}

/* 00-TRACE-SPAN-FLAGS */
static bool traceparent(const char *s, const char *end, struct trace_ids *out)
{
    if (end - s < 55 || hex_run(s, end) != 2 || s[2] != '-' || hex_run(s + 3, end) != 32 || s[35] != '-' ||
        hex_run(s + 36, end) != 16 || s[52] != '-' || (end - s > 55 && is_word(s[55])))
        return false;
    return put_hex(s + 3, 32, 32, out->trace) && (put_hex(s + 36, 16, 16, out->span) || true);
}

bool trace_id_parse(const char *s, size_t n, bool decimal, struct trace_ids *out)
{
    const char *end = s + n, *slash;
    if (traceparent(s, end, out) || amazon(s, end, out))
        return true;
    if (n > 9 && !memcmp(s, "projects/", 9) && (slash = memrchr(s, '/', n))) /* Google's logs */
        s = slash + 1, n = (size_t)(end - s);
    size_t run = hex_run(s, end);
    if (decimal && run == n && n < 21)
        return put_decimal(s, n, 32, out->trace);
    if (run != 32 && run != 16 && !(run > 8 && run < 32 && run < n && s[run] == ':'))
        return false;
    const char *rest = s + run;
    if (rest < end && is_word(*rest))
        return false;
    size_t span = rest < end ? hex_run(rest + 1, end) : 0;
    if (span && *rest == '/') { /* X-Cloud-Trace-Context: a decimal span */
        size_t digits = 0;
        while (rest + 1 + digits < end && rest[1 + digits] >= '0' && rest[1 + digits] <= '9')
            digits++;
        put_decimal(rest + 1, digits, 16, out->span);
    } else if (span && span <= 16 && (*rest == ':' || *rest == '-')) { /* uber-trace-id, b3 */
        put_hex(rest + 1, span, 16, out->span);
    }
    return put_hex(s, run, 32, out->trace);
}

/* ---- finding them ---- */

/* A name around a place, without - _ . and in lower case, and where its value begins. */
struct named {
    char name[40];
    const char *value;
    size_t n;
};

static bool name_at(const char *line, const char *end, const char *at, struct named *x)
{
    const char *s = at, *stop = at;
    size_t k = 0;
    while (s > line && (is_word(s[-1]) || s[-1] == '-' || s[-1] == '.'))
        s--;
    while (stop < end && (is_word(*stop) || *stop == '-' || *stop == '.'))
        stop++;
    for (; s < stop && k + 1 < sizeof x->name; s++)
        if (is_word(*s) && *s != '_')
            x->name[k++] = *s >= 'A' && *s <= 'Z' ? (char)(*s | 0x20) : *s;
    x->name[k] = 0;
    bool mark = false;
    const char *v = stop;
    for (int i = 0; i < 6 && v < end && strchr("\"':=[ ", *v); i++, v++)
        mark |= *v == ':' || *v == '=';
    x->value = v;
    while (v < end && !strchr("\"' ,;\t]}", *v))
        v++;
    if (v < end && *v == ';' && v > x->value && memchr(x->value, '=', (size_t)(v - x->value)))
        while (v < end && !strchr("\"' ,\t]}", *v)) /* Root=...;Parent=... */
            v++;
    x->n = (size_t)(v - x->value);
    return mark && x->n;
}

static bool find_trace(const char *line, const char *end, struct trace_ids *out)
{
    struct named x;
    for (const char *p = line; (p = find_text(p, end, "race", 4)); p += 4) {
        if (!name_at(line, end, p, &x))
            continue;
        bool datadog = !strncmp(x.name, "dd", 2) || strstr(x.name, "datadog");
        if ((str_ends(x.name, "traceid") || str_ends(x.name, "traceparent") || str_ends(x.name, "trace") ||
             str_ends(x.name, "tracecontext")) &&
            trace_id_parse(x.value, x.n, datadog, out))
            return true;
    }
    for (const char *p = line; (p = find_text(p, end, "00-", 3)); p++)
        if ((p == line || !is_word(p[-1])) && traceparent(p, end, out))
            return true;
    return amazon(line, end, out);
}

static void find_span(const char *line, const char *end, struct trace_ids *out)
{
    struct named x;
    for (const char *p = line; !*out->span && (p = find_text(p, end, "pan", 3)); p += 3) {
        if (!name_at(line, end, p, &x) || !str_ends(x.name, "spanid"))
            continue;
        if (hex_run(x.value, x.value + x.n) == x.n && x.n == 16)
            put_hex(x.value, x.n, 16, out->span);
        else if (!strncmp(x.name, "dd", 2))
            put_decimal(x.value, x.n, 16, out->span);
    }
}

static void find_request(const char *line, const char *end, struct trace_ids *out)
{
    static const char *const HINTS[] = {"equest", "EQUEST", "rid=", "req", "ayID"};
    struct named x;
    for (size_t i = 0; i < ARRAY_LEN(HINTS); i++)
        for (const char *p = line; (p = find_text(p, end, HINTS[i], strlen(HINTS[i]))); p++) {
            if (!name_at(line, end, p, &x) || x.n > REQUEST_ID_MAX || x.n < 4)
                continue;
            if (str_ends(x.name, "requestid") || str_eq(x.name, "rid") || str_ends(x.name, "reqid") ||
                str_eq(x.name, "rayid")) {
                snprintf(out->request, sizeof out->request, "%.*s", (int)x.n, x.value);
                return;
            }
        }
}

void trace_ids_find(const char *line, size_t len, struct trace_ids *out)
{
    const char *end = line + len;
    *out = (struct trace_ids){.trace = ""};
    if (find_trace(line, end, out))
        find_span(line, end, out);
    find_request(line, end, out);
}
