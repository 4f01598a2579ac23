#include "format/goals/payload.h"

#include "base/units.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <math.h>

/* One character of hostile text; bytes consumed. */
static size_t next(const char *text, size_t len, uint32_t *code)
{
    size_t n = utf8_decode(text, len, code);
    if (!n) {
        *code = 0xfffd;
        return 1;
    }
    if (*code < 0x20 || (*code >= 0x7f && *code < 0xa0) || *code == 0x2028 || *code == 0x2029)
        *code = ' ';
    else if (!utf8_harmless(*code))
        *code = 0xfffd;
    return n;
}

static void put(struct strbuf *out, uint32_t code)
{
    char bytes[4];
    strbuf_add(out, bytes, utf8_encode(code, bytes));
}

/* Has it more than `max` characters? Reads no further. */
static bool longer(const char *text, size_t len, size_t max)
{
    uint32_t code;
    size_t at = 0, n = 0;
    for (; at < len && n <= max; n++)
        at += next(text + at, len - at, &code);
    return n > max;
}

/* The first n characters. */
static size_t take(struct strbuf *out, const char *text, size_t len, size_t max)
{
    uint32_t code;
    size_t n = 0;
    for (size_t at = 0; at < len && n < max; n++) {
        at += next(text + at, len - at, &code);
        put(out, code);
    }
    return n;
}

size_t payload_text(struct strbuf *out, const char *text, size_t max)
{
    size_t len = text ? strlen(text) : 0;
    if (!longer(text, len, max))
        return take(out, text, len, max);
    size_t n = take(out, text, len, max - MIN(max, 3));
    strbuf_str(out, "...");
    return n + 3;
}

void payload_key(struct strbuf *out, const char *text, size_t max)
{
    size_t len = text ? strlen(text) : 0;
    bool cut = longer(text, len, max);
    take(out, text, len, cut ? max - 17 : max);
    if (cut)
        strbuf_printf(out, "~%016" PRIx64, str_hash(text, len));
}

void payload_idempotency_key(const struct delivery *d, struct strbuf *out)
{
    struct strbuf plain = {0};
    payload_key(&plain, d->key, PAYLOAD_SUMMARY_MAX);
    for (size_t i = 0; i < plain.len; i++) {
        unsigned char c = (unsigned char)plain.text[i];
        if (c > 0x20 && c < 0x7f)
            strbuf_char(out, (char)c);
        else
            strbuf_printf(out, "%%%02X", c);
    }
    strbuf_free(&plain);
}

/* ---- figures ---- */

void payload_value(struct strbuf *out, const char *unit, double value)
{
    static const struct {
        const char *name;
        enum unit unit;
    } UNITS[] = {{"ns", UNIT_NS}, {"share", UNIT_SHARE}, {"bytes", UNIT_BYTES}, {"per_s", UNIT_PER_S}};
    char text[UNIT_TEXT_MAX];
    if (!isfinite(value)) {
        strbuf_str(out, "unknown");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(UNITS); i++)
        if (str_eq(unit, UNITS[i].name)) {
            strbuf_str(out, unit_format(UNITS[i].unit, value, text));
            return;
        }
    strbuf_printf(out, "%.4g", value);
    if (unit && *unit && !str_eq(unit, "count")) {
        strbuf_char(out, ' ');
        payload_text(out, unit, 20);
    }
}

void payload_duration(struct strbuf *out, int64_t ns)
{
    static const struct {
        const char *name;
        int64_t ns;
    } UNITS[] = {{"d", 86400 * SD_S}, {"h", 3600 * SD_S}, {"m", 60 * SD_S}, {"s", SD_S}, {"ms", SD_MS}};
    int parts = 0;
    for (size_t i = 0; i < ARRAY_LEN(UNITS) && parts < 2; i++)
        if (ns >= UNITS[i].ns) {
            strbuf_printf(out, "%" PRId64 "%s", ns / UNITS[i].ns, UNITS[i].name);
            ns %= UNITS[i].ns;
            parts++;
        }
    if (!parts)
        strbuf_str(out, "0s");
}

bool payload_is_over(const struct delivery *d)
{
    if (d->kind != DELIVERY_TEST)
        return d->kind == DELIVERY_RESOLVED;
    for (size_t i = 0; i < d->n_instances; i++)
        if (d->instances[i].firing)
            return false;
    return true;
}

double payload_worst(const struct delivery *d)
{
    double worst = NAN;
    for (size_t i = 0; i < d->n_instances; i++) {
        double v = d->instances[i].value;
        if (isfinite(v) && !(d->below ? v >= worst : v <= worst))
            worst = v;
    }
    return worst;
}

void payload_headline(const struct delivery *d, struct strbuf *out)
{
    static const char *const WORDS[DELIVERY_KIND_N] = {
        [DELIVERY_FIRING] = "FIRING",
        [DELIVERY_RESOLVED] = "RESOLVED",
        [DELIVERY_TEST] = "TEST",
        [DELIVERY_ACKNOWLEDGE] = "ACKNOWLEDGED",
    };
    strbuf_printf(out, "[%s] ", WORDS[d->kind]);
    payload_text(out, d->alert, PAYLOAD_LABEL_MAX);
    strbuf_printf(out, " %s: ", goal_severity_name(d->severity));
    if (!isfinite(d->threshold) && d->reason) {
        payload_text(out, d->reason, PAYLOAD_LABEL_MAX);
        return;
    }
    payload_value(out, d->unit, payload_worst(d));
    strbuf_str(out, ", limit ");
    payload_value(out, d->unit, d->threshold);
    if (sd_known(d->window_ns)) {
        strbuf_str(out, ", over ");
        payload_duration(out, d->window_ns);
    }
}
