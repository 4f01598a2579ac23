#include "view/loads/load_compare_doc.h"

#include <math.h>

const char *const LOAD_COMPARE_HIDDEN[] = {"rows", "verdict", "method", NULL};
const char *const LOAD_PROFILE_ORDER[] = {"rows", "think", "session_length", "skipped", NULL};
const char *const LOAD_PROFILE_TITLES[] = {
    "rows",    "Routes",   "think", "Pauses of a client", "session_length", "Requests of a session",
    "skipped", "Left out", NULL};

static const cJSON *value(const cJSON *o, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(o, key);
}

static const char *shown(struct doc *d, const cJSON *o, const char *key)
{
    return result_show(d, key, value(o, key));
}

/* ---- load compare ---- */

static const char *signed_share(struct doc *d, double x)
{
    if (isnan(x))
        return "?";
    return fabs(x) < 0.0995 ? doc_printf(d, "%+.1f %%", x * 100) : doc_printf(d, "%+.0f %%", x * 100);
}

/* "p50 20.2 ms -> 27.7 ms, +37 % (+20 % to +58 %)" */
static void add_row(struct doc *d, struct strbuf *b, const cJSON *row)
{
    const char *name = result_get_text(row, "name");
    double low = result_get_real(row, "change_lo"), high = result_get_real(row, "change_hi");
    strbuf_printf(b, "\n%s%s%s %s to %s, %s", name ? name : "", name ? " " : "", shown(d, row, "metric"),
                  shown(d, row, "base_ns"), shown(d, row, "new_ns"),
                  signed_share(d, result_get_real(row, "change")));
    if (!isnan(low) && !isnan(high))
        strbuf_printf(b, ", between %s and %s", signed_share(d, low), signed_share(d, high));
}

/* The rows that the verdict is of, those of all requests first: at most `most`. */
static void add_rows(struct doc *d, struct strbuf *b, const cJSON *rows, const char *verdict, size_t most)
{
    size_t n = 0;
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
    {
        if (str_eq(result_get_text(row, "verdict"), verdict) && n++ < most)
            add_row(d, b, row);
    }
    if (n > most)
        strbuf_printf(b, "\nand %zu more", n - most);
}

/* An interval without 0: there is a difference, which is not above the tolerance. */
static bool within_tolerance(const cJSON *rows)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
    {
        if (result_get_real(row, "change_lo") > 0 || result_get_real(row, "change_hi") < 0)
            return true;
    }
    return false;
}

const char *load_compare_headline(struct doc *d, const cJSON *o, enum severity *s)
{
    const char *verdict = result_get_text(o, "verdict");
    const cJSON *rows = value(o, "rows");
    struct strbuf b = {0};
    *s = SEVERITY_NONE;
    if (str_eq(verdict, "slower")) {
        *s = SEVERITY_BAD;
        strbuf_str(&b, "The new side is slower:");
    } else if (str_eq(verdict, "faster")) {
        *s = SEVERITY_GOOD;
        strbuf_str(&b, "The new side is faster:");
    } else if (str_eq(verdict, "same")) {
        strbuf_str(&b, within_tolerance(rows) ? "No difference above the tolerance:"
                                              : "No difference was found:");
    } else {
        *s = SEVERITY_WARN;
        strbuf_str(&b, "Nothing can be told of a difference:");
    }
    add_rows(d, &b, rows, verdict, 3);
    if (result_get_text(o, "method"))
        strbuf_printf(&b, "\n%s", result_get_text(o, "method"));
    const char *text = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}

#define COMPARE_COLUMNS(X)                                                                                   \
    X(name, "Requests", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, 14, "of one name, or all")                  \
    X(metric, "Percentile", UNIT_NONE, COLUMN_LEFT, 0, 6, "of latencies")                                    \
    X(base_ns, "Base", UNIT_NS, 0, 0, 0, "of several runs the geometric mean")                               \
    X(new_ns, "New", UNIT_NS, 0, 0, 0, "of several runs the geometric mean")                                 \
    X(change, "Change", UNIT_SHARE, 0, 0, 8, "new / base - 1")                                               \
    X(change_lo, "From", UNIT_SHARE, 0, 1, 8, "the lower end of the interval of the change")                 \
    X(change_hi, "To", UNIT_SHARE, 0, 1, 8, "its upper end")                                                 \
    X(verdict, "Verdict", UNIT_NONE, COLUMN_LEFT, 0, 7, "slower, faster, same or unsure")                    \
    X(p_value, "P", UNIT_NONE, 0, 6, 8, "how likely chance alone shows so much in any row")                  \
    X(n_base, "Of base", UNIT_COUNT, 0, 7, 8, "requests")                                                    \
    X(n_new, "Of new", UNIT_COUNT, 0, 7, 8, "requests")
#define COLUMN_ROW(k, name, u, f, p, w, h)                                                                   \
    {.key = #k, .title = name, .unit = u, .flags = f, .priority = p, .width = w, .help = h},
static const struct column COLUMNS[] = {COMPARE_COLUMNS(COLUMN_ROW)};

static struct cell cell_of(struct doc *d, const char *key, const cJSON *row)
{
    const cJSON *v = value(row, key);
    if (cJSON_IsString(v))
        return cell_text(doc_text(d, v->valuestring));
    if (str_eq(key, "name"))
        return cell_text("all requests");
    double x = result_get_real(row, key);
    bool whole = str_ends(key, "_ns") || str_starts(key, "n_");
    return whole && !isnan(x) ? cell_int((int64_t)x) : cell_real(x);
}

void load_compare_draw(struct doc *d, const cJSON *o)
{
    struct section *s = doc_table(d, "rows", "Percentiles", COLUMNS, ARRAY_LEN(COLUMNS));
    const cJSON *row;
    s->table.sort_column = -1;
    cJSON_ArrayForEach(row, value(o, "rows"))
    {
        struct row *r = doc_row(d, &s->table);
        const char *verdict = result_get_text(row, "verdict");
        for (size_t i = 0; i < ARRAY_LEN(COLUMNS); i++)
            r->cells[i] = cell_of(d, COLUMNS[i].key, row);
        r->severity = str_eq(verdict, "slower")   ? SEVERITY_BAD
                      : str_eq(verdict, "faster") ? SEVERITY_GOOD
                                                  : SEVERITY_NONE;
    }
}

/* ---- load profile ---- */

const char *load_profile_headline(struct doc *d, const cJSON *o, enum severity *s)
{
    const cJSON *think = value(o, "think"), *length = value(o, "session_length");
    double unparsed = result_get_real(o, "unparsed");
    struct strbuf b = {0};
    *s = unparsed > 0.05 * result_get_real(o, "lines") ? SEVERITY_WARN : SEVERITY_NONE;
    strbuf_printf(&b, "%s requests, %s in the mean and %s in the busiest minute, in %s sessions",
                  shown(d, o, "requests"), shown(d, o, "rate_mean_per_s"), shown(d, o, "rate_peak_per_s"),
                  shown(d, o, "sessions"));
    strbuf_printf(&b, ".\nA session has %.3g requests in the mean", result_get_real(length, "mean"));
    if (!isnan(result_get_real(think, "median_ns")))
        strbuf_printf(&b, ", with pauses of %s (median; 95 %% are below %s) between them",
                      shown(d, think, "median_ns"), shown(d, think, "p95_ns"));
    strbuf_char(&b, '.');
    if (unparsed > 0)
        strbuf_printf(&b, "\n%s of %s lines were not understood.", shown(d, o, "unparsed"),
                      shown(d, o, "lines"));
    const char *text = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}
