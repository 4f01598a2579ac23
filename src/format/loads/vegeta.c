/* vegeta.c - results of vegeta one by one: NDJSON and CSV, as `vegeta encode` writes them. */
#include <string.h>

#include "base/num.h"
#include "format/loads/load_json.h"
#include "format/loads/readers.h"

#define VEGETA_NOTE                                                                                          \
    "vegeta counts latency from when a worker takes the request: what it waited for a worker is in no "      \
    "figure."

/* "GET http://..." in the scratch. */
static struct load_span name_of(struct load_draft *d, struct load_span method, struct load_span url)
{
    strbuf_clear(&d->text);
    strbuf_add(&d->text, method.at ? method.at : "", method.n);
    if (method.n && url.n)
        strbuf_char(&d->text, ' ');
    strbuf_add(&d->text, url.at ? url.at : "", url.n);
    return load_span(d->text.text, d->text.len);
}

/* ---- NDJSON ---- */

static int ndjson_sure(struct load_span head, bool named)
{
    static const char *const KEYS[] = {"attack", "code", "timestamp", "latency", NULL};
    (void)named;
    struct load_span line = span_until(&head, '\n');
    return span_json_names(line, KEYS) ? 95 : 0;
}

static struct load_span text_of(struct json_pull *j, struct strbuf *scratch)
{
    size_t n = 0;
    const char *bytes = json_bytes(j, scratch, &n);
    return load_span((char *)(uintptr_t)bytes, bytes ? n : 0);
}

static bool ndjson_take(struct load_draft *d, struct load_span line)
{
    struct json_pull j = json_pull(line.at, line.n);
    struct strbuf url = {0}, method = {0}, time = {0};
    struct load_span url_is = {0}, method_is = {0};
    int64_t code = SD_UNKNOWN, latency = SD_UNKNOWN, start = SD_UNKNOWN, bytes = SD_UNKNOWN;
    if (json_enter(&j, '{'))
        while (json_key(&j)) {
            if (json_is(&j, "code"))
                code = json_int(&j);
            else if (json_is(&j, "latency"))
                latency = json_int(&j);
            else if (json_is(&j, "bytes_in"))
                bytes = json_int(&j);
            else if (json_is(&j, "timestamp"))
                start = span_time(text_of(&j, &time));
            else if (json_is(&j, "method"))
                method_is = text_of(&j, &method);
            else if (json_is(&j, "url"))
                url_is = text_of(&j, &url);
            else
                json_skip(&j);
        }
    bool good = !j.broken && code >= 0 && code <= 999 && latency >= 0 && sd_known(start);
    d->result->samples.absolute = true;
    if (good)
        load_add(d, name_of(d, method_is, url_is), start, latency, (int)code, bytes);
    strbuf_free(&url);
    strbuf_free(&method);
    strbuf_free(&time);
    return good || load_broken(d, "is no result of vegeta");
}

const struct load_form LOAD_VEGETA_NDJSON = {
    .tool = "vegeta",
    .what = "results of vegeta",
    .shape = LOAD_LINES,
    .values = LOAD_VALUES_ALL,
    .start = LOAD_FROM_SENT,
    .resolution_ns = 1,
    .sure = ndjson_sure,
    .take = ndjson_take,
    .note = VEGETA_NOTE,
};

/* ---- CSV: 12 columns, older versions 9 ---- */

enum {
    V_TIME,
    V_CODE,
    V_LATENCY,
    V_BYTES_OUT,
    V_BYTES_IN,
    V_ERROR,
    V_BODY,
    V_ATTACK,
    V_SEQ,
    V_OLD_FIELDS,
    V_METHOD = V_OLD_FIELDS,
    V_URL,
    V_HEADERS,
    V_FIELDS
};

static bool fields_fit(const struct load_span *f, size_t n)
{
    int64_t code = n > V_CODE ? span_int(f[V_CODE]) : SD_UNKNOWN;
    return (n == V_OLD_FIELDS || n == V_FIELDS) && sd_known(span_int(f[V_TIME])) && code >= 0 &&
           code <= 999 && sd_known(span_int(f[V_LATENCY])) && sd_known(span_int(f[V_BYTES_OUT])) &&
           sd_known(span_int(f[V_BYTES_IN])) && sd_known(span_int(f[V_SEQ]));
}

/* Fields are changed in place, so a copy of the first line is looked at; one with a long body is named. */
static int csv_sure(struct load_span head, bool named)
{
    char copy[2048];
    struct load_span f[V_FIELDS], line = span_until(&head, '\n');
    if (line.n < sizeof copy) {
        memcpy(copy, line.at, line.n);
        line = span_trim(load_span(copy, line.n));
        return fields_fit(f, csv_fields(line, ',', f, V_FIELDS)) ? 90 : 0;
    }
    for (size_t i = 0; i < V_ERROR; i++)
        if (!sd_known(span_int(span_until(&line, ','))))
            return 0;
    return named ? 60 : 55;
}

static bool csv_take(struct load_draft *d, struct load_span line)
{
    struct load_span f[V_FIELDS];
    size_t n = csv_fields(line, ',', f, V_FIELDS);
    if (!fields_fit(f, n))
        return load_broken(d, "is no result of vegeta");
    struct load_span none = load_span(NULL, 0);
    d->result->samples.absolute = true;
    load_add(d, n == V_FIELDS ? name_of(d, f[V_METHOD], f[V_URL]) : none, span_int(f[V_TIME]),
             span_int(f[V_LATENCY]), (int)span_int(f[V_CODE]), span_int(f[V_BYTES_IN]));
    return true;
}

const struct load_form LOAD_VEGETA_CSV = {
    .tool = "vegeta",
    .what = "a CSV of vegeta",
    .shape = LOAD_RECORDS,
    .values = LOAD_VALUES_ALL,
    .start = LOAD_FROM_SENT,
    .resolution_ns = 1,
    .sure = csv_sure,
    .take = csv_take,
    .note = VEGETA_NOTE,
};

/* ---- gob ---- */

static int binary_sure(struct load_span head, bool named)
{
    (void)named;
    bool binary = memchr(head.at, 0, head.n) || (head.n && (unsigned char)*head.at >= 0x7f);
    return binary &&
                   span_has(head, "\x06"
                                  "Attack") &&
                   span_has(head, "\x07Latency")
               ? 100
               : 0;
}

const struct load_form LOAD_VEGETA_BINARY = {
    .tool = "vegeta",
    .what = "a binary file of vegeta",
    .shape = LOAD_REFUSED,
    .sure = binary_sure,
    .refusal = "is a binary file of vegeta: make CSV of it with \"vegeta encode --to csv\"",
};
