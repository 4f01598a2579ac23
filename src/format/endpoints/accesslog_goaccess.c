/* accesslog_goaccess.c - GoAccess's --log-format, --date-format and --time-format (goaccess.io/man). Its
 * specifiers end where the text behind them begins; values at the end of a line may be missing, and text
 * behind the last one is left alone. */
#include <stdlib.h>
#include <strings.h>

#include "format/endpoints/accesslog_build.h"
#include "format/endpoints/accesslog_scan.h"

#define SPEC(c, ...) [c] = {__VA_ARGS__}
/* %R, %q, %H, %M, %K, %k and %^ are skipped over. */
static const struct variable SPECS[128] = {
    ['r'] = {.name = "r", .field = FIELD_REQUEST, .rank = 2},
    ['m'] = {.name = "m", .field = FIELD_METHOD, .rank = 1},
    ['U'] = {.name = "U", .field = FIELD_URI, .rank = 1},
    ['s'] = {.name = "s", .field = FIELD_STATUS, .rank = 1},
    ['b'] = {.name = "b", .field = FIELD_BYTES, .rank = 1},
    ['D'] = {.name = "D", .field = FIELD_DURATION, .scale = SD_US, .rank = 3, .list = true},
    ['n'] = {.name = "n", .field = FIELD_DURATION, .scale = 1, .rank = 4, .list = true},
    ['L'] = {.name = "L", .field = FIELD_DURATION, .scale = SD_MS, .rank = 2, .list = true},
    ['T'] = {.name = "T", .field = FIELD_DURATION, .scale = SD_S, .rank = 1, .list = true},
    ['C'] = {.name = "C", .field = FIELD_CACHE, .rank = 1},
    ['v'] = {.name = "v", .field = FIELD_HOST, .rank = 1},
    ['h'] = {.name = "h", .field = FIELD_CLIENT, .rank = 1},
    ['e'] = {.name = "e", .field = FIELD_USER, .rank = 1},
    ['u'] = {.name = "u", .field = FIELD_AGENT, .rank = 1},
    ['d'] = {.name = "d", .field = FIELD_STAMP, .rank = 1},
    ['t'] = {.name = "t", .field = FIELD_STAMP, .rank = 1},
    ['x'] = {.name = "x", .field = FIELD_STAMP, .rank = 1},
};

static const struct {
    const char *name, *form;
} PREDEFINED[] = {
    {.name = "COMBINED", .form = "combined"},
    {.name = "VCOMBINED", .form = "%v:%^ %h %^[%d:%t %^] \"%r\" %s %b \"%R\" \"%u\""},
    {.name = "COMMON", .form = "common"},
    {.name = "VCOMMON", .form = "%v:%^ %h %^[%d:%t %^] \"%r\" %s %b"},
    {.name = "W3C", .form = "w3c"},
    {.name = "CLOUDFRONT", .form = "w3c"}, /* its columns: accesslog_w3c.c */
    {.name = "CLOUDSTORAGE",
     .form = "\"%x\",\"%h\",%^,%^,%^,\"%m\",\"%U\",\"%s\",%^,\"%b\",\"%D\",%^,\"%R\",\"%u\""},
    {.name = "AWSELB", .form = "alb"},
    {.name = "AWSALB", .form = "alb"},
    {.name = "AWSS3", .form = "s3"},
    {.name = "SQUID", .form = "squid"},
    {.name = "CADDY", .form = "json"},
    {.name = "TRAEFIKCLF", .form = "combined with further fields"},
    /* Not GoAccess's: what people call other formats. */
    {.name = "INGRESS", .form = "ingress-nginx"},
    {.name = "IIS", .form = "w3c"},
    {.name = "HEROKU", .form = "logfmt"},
    {.name = "HTTPLOG", .form = "haproxy"},
    {.name = "TRAEFIK", .form = "json"},
};

const char *accesslog_goaccess_name(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(PREDEFINED); i++)
        if (!strcasecmp(PREDEFINED[i].name, name))
            return PREDEFINED[i].form;
    return NULL;
}

/* A date must be in it, %d or %x: nginx has no percent signs, and Apache no such directives. */
bool accesslog_is_goaccess(const char *text)
{
    if (strchr(text, '$'))
        return false;
    for (const char *s = text; (s = strchr(s, '%')) && s[1]; s += 2) {
        if (s[1] == 'd' || s[1] == 'x')
            return true;
        const char *brace = s + 1 + strspn(s + 1, "<>!,0123456789"), *close = NULL;
        if (*brace == '{' && (close = strchr(brace, '}'))) /* Apache's %{...}t */
            s = close - 1;
    }
    return false;
}

/* {"ts": "%x.%^", "request": {"method": "%m"}}: which key is what. */
bool accesslog_map_goaccess(struct accesslog_format *f, const char *text, struct sd_error *err)
{
    static const char *const NAMES[128] = {
        ['x'] = "time",     ['d'] = "time",  ['m'] = "method",   ['U'] = "path",     ['r'] = "request",
        ['s'] = "status",   ['b'] = "bytes", ['T'] = "duration", ['D'] = "duration", ['L'] = "duration",
        ['n'] = "duration", ['v'] = "host",  ['C'] = "cache"};
    static const struct {
        char spec;
        const char *unit;
    } UNITS[] = {{'T', "s"}, {'D', "us"}, {'L', "ms"}, {'n', "ns"}};
    struct json_scan *j = accesslog_json_new();
    const char *end = text + strlen(text);
    bool ok = accesslog_json_scan(j, text, end) || fail(err, "The log format is not a JSON object.");
    for (size_t i = 0; ok && i < j->n; i++) {
        const struct json_value *v = &j->values[i];
        const char *spec = v->type == JSON_STRING ? memchr(v->text, '%', v->n) : NULL;
        unsigned char c = spec && spec + 1 < v->text + v->n ? (unsigned char)spec[1] : 0;
        if (c >= 128 || !NAMES[c])
            continue;
        char path[JSON_PATH], fields[2][JSON_PATH + 24] = {"", ""};
        int n = (int)accesslog_json_path(j, i, path);
        snprintf(fields[0], sizeof fields[0], "%s=%.*s", NAMES[c], n, path);
        for (size_t k = 0; k < ARRAY_LEN(UNITS); k++)
            if (UNITS[k].spec == (char)c)
                snprintf(fields[1], sizeof fields[1], "duration_unit=%s", UNITS[k].unit);
        const char *list[] = {fields[0], *fields[1] ? fields[1] : NULL, NULL};
        ok = accesslog_format_map(f, list, err);
    }
    free(j);
    return ok;
}

static bool is_whole(const char *form)
{
    return form && (strstr(form, "%s") || strstr(form, "%f") || strstr(form, "%*") ||
                    ((strstr(form, "%Y") || strstr(form, "%y") || strstr(form, "%F") || strstr(form, "%D")) &&
                     (strstr(form, "%H") || strstr(form, "%T"))));
}

/* The strftime form of a time; "auto": whatever is there is recognised. */
static char *pattern_of(char spec, const char *date, const char *time)
{
    bool d = date && *date, t = time && *time;
    if (spec == 'd')
        return mem_strdup(d ? date : "%auto-date");
    if (spec == 't')
        return mem_strdup(t ? time : "%T");
    if (t && is_whole(time))
        return mem_strdup(time);
    if (d && is_whole(date))
        return mem_strdup(date);
    return d && t ? mem_printf("%s %s", date, time) : mem_strdup("%auto");
}

static bool known(const char *pattern)
{
    return str_starts(pattern, "%auto") || accesslog_stamp_known(pattern);
}

static bool add_spec(struct builder *b, char c, const char *date, const char *time, struct sd_error *err)
{
    char name[2] = {c, 0};
    const struct variable *v =
        (unsigned char)c < 128 && SPECS[(unsigned char)c].name ? &SPECS[(unsigned char)c] : NULL;
    if (!v && !strchr("RqHMKk^", c))
        return fail(err, "In the log format %%%c is no specifier of GoAccess.", c);
    if (!accesslog_add_value(b, name, v, err))
        return false;
    if (!v || v->field != FIELD_STAMP)
        return true;
    char *pattern = pattern_of(c, date, time);
    b->f->ops[b->f->n - 1].pattern = pattern;
    b->f->stamped = true;
    return known(pattern) || fail(err, "The time format \"%.60s\" cannot be read.", pattern);
}

bool accesslog_build_goaccess(struct builder *b, const char *s, const char *date, const char *time,
                              struct sd_error *err)
{
    b->f->lenient = b->f->cut_short = true;
    bool padded = false;
    while (*s) {
        if (*s == '\\' && s[1]) {
            strbuf_char(&b->literal, s[1] == 't' ? '\t' : s[1] == 'n' ? '\n' : s[1]);
            s += 2;
        } else if (*s == '~' && s[1] == 'h' && s[2] == '{') { /* X-Forwarded-For: skipped over */
            if (!accesslog_add_value(b, "h", NULL, err))
                return false;
            s += strcspn(s, "}") + 1;
            if (s[-1] == '"' || !s[-1])
                return fail(err, "In the log format a ~h{ has no closing brace.");
        } else if (*s != '%') {
            strbuf_char(&b->literal, *s++);
        } else if (s[1] == '%') {
            strbuf_char(&b->literal, '%');
            s += 2;
        } else if (s[1] == '~') { /* moves over blanks */
            padded = true;
            s += 2;
        } else if (!s[1]) {
            return fail(err,
                        "In the log format a %% has no specifier after it; write %%%% for a percent sign.");
        } else {
            if (!add_spec(b, s[1], date, time, err))
                return false;
            b->f->ops[b->f->n - 1].padded = padded;
            padded = false;
            s += 2;
        }
    }
    return true;
}
