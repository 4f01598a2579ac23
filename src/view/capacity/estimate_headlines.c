/* What each document of capacity says, in a sentence or two. */
#include "view/capacity/estimate_drawings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *show(struct doc *d, const cJSON *o, const char *key)
{
    return result_show(d, key, cJSON_GetObjectItemCaseSensitive(o, key));
}

static const char *plain(struct doc *d, double x)
{
    return isfinite(x) ? doc_printf(d, "%.4g", x) : "-";
}

static bool is_false(const cJSON *o, const char *key)
{
    return cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(o, key));
}

/* Of a noun that takes an s. */
static const char *count(struct doc *d, double n, const char *one)
{
    return isfinite(n) ? doc_printf(d, "%.0f %s%s", n, one, n == 1 ? "" : "s") : doc_printf(d, "- %ss", one);
}

const char *queue_headline(struct doc *d, const cJSON *o, enum severity *s)
{
    double servers = result_get_real(o, "servers");
    *s = SEVERITY_BAD;
    if (!isfinite(servers))
        return doc_printf(
            d, "No number of servers is enough: one request takes longer by itself, with a mean of %s.",
            show(d, o, "service_ns"));
    double busy = result_get_real(o, "utilisation");
    if (is_false(o, "stable"))
        return doc_printf(d, "%s cannot serve %s: they would be %s %% busy, and the queue grows without end.",
                          count(d, servers, "server"), show(d, o, "rate_per_s"), plain(d, busy * 100));
    *s = SEVERITY_GOOD;
    const char *response =
        isfinite(result_get_real(o, "response_p99_ns"))
            ? doc_printf(d, "99 %% of responses within %s", show(d, o, "response_p99_ns"))
            : doc_printf(d, "mean response %s (approximate)", show(d, o, "response_mean_ns"));
    return doc_printf(d, "%s at %s: %s %% busy, %s; %s %% of requests wait.", count(d, servers, "server"),
                      show(d, o, "rate_per_s"), plain(d, busy * 100), response,
                      plain(d, result_get_real(o, "p_wait") * 100));
}

const char *usl_headline(struct doc *d, const cJSON *o, enum severity *s)
{
    double peak = result_get_real(o, "peak_load"), limit = result_get_real(o, "limit_throughput");
    bool warns = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(o, "warnings")) > 0;
    *s = warns ? SEVERITY_WARN : SEVERITY_INFO;
    if (isfinite(peak))
        return doc_printf(d, "Throughput peaks at %s with a load of %s; beyond, more load gives less.",
                          plain(d, result_get_real(o, "peak_throughput")), plain(d, peak));
    if (isfinite(limit))
        return doc_printf(
            d, "No peak was found; throughput tends to %s. Beyond a load of %s more of it gives little.",
            plain(d, limit), plain(d, result_get_real(o, "optimal_load")));
    return "Throughput grows with the load; the points show no limit.";
}

const char *capacity_plan_headline(struct doc *d, const cJSON *o, enum severity *s)
{
    const char *binding = result_get_text(o, "binding"), *currency = result_get_text(o, "currency");
    double total = result_get_real(o, "instances_total"), cost = result_get_real(o, "cost_per_month");
    bool fails = str_eq(result_get_text(o, "verdict"), "fail");
    struct strbuf b = {0};
    *s = fails ? SEVERITY_BAD : SEVERITY_GOOD;
    if (!isfinite(total))
        strbuf_printf(&b,
                      "No number of instances answers in time: the service alone takes longer than the SLO.");
    else
        strbuf_printf(&b, "%s for a peak of %s", count(d, total, "instance"), show(d, o, "peak_per_s"));
    if (isfinite(total) && isfinite(cost))
        strbuf_printf(&b, ", %s%s%s a month", currency ? currency : "", currency ? " " : "",
                      doc_printf(d, "%.2f", cost));
    if (isfinite(total))
        strbuf_printf(&b, fails ? "; the limit \"%s\" breaks below that peak." : "; the %s decides.",
                      !fails && str_eq(binding, "slo") ? "SLO"
                      : binding                        ? binding
                                                       : "-");
    const char *text = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}

const char *hop_times_headline(struct doc *d, const cJSON *o, enum severity *s)
{
    const cJSON *total = cJSON_GetObjectItemCaseSensitive(o, "total");
    bool fails = str_eq(result_get_text(o, "verdict"), "fail"),
         budget = isfinite(result_get_real(o, "budget_ns"));
    *s = fails ? SEVERITY_BAD : SEVERITY_GOOD;
    return doc_printf(d, "99 %% of requests within %s%s%s. Adding the percentiles would say %s.",
                      show(d, total, "p99_ns"),
                      !budget ? ""
                      : fails ? ", over the budget of "
                              : ", within the budget of ",
                      budget ? show(d, o, "budget_ns") : "", show(d, o, "sum_of_p99_ns"));
}

static const cJSON *policy_row(const cJSON *o, const char *policy)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(o, "rows"))
    {
        if (str_eq(result_get_text(row, "policy"), policy))
            return row;
    }
    return NULL;
}

const char *scale_headline(struct doc *d, const cJSON *o, enum severity *s)
{
    const cJSON *predictive = policy_row(o, "predictive"), *reactive = policy_row(o, "reactive");
    double steps = result_get_real(o, "steps"), few = result_get_real(predictive, "violations"),
           many = result_get_real(reactive, "violations");
    double cost = result_get_real(predictive, "instance_hours") / result_get_real(reactive, "instance_hours");
    bool fails = str_eq(result_get_text(o, "verdict"), "fail");
    *s = fails ? SEVERITY_BAD : SEVERITY_GOOD;
    if (!isfinite(few) || !isfinite(many))
        return doc_printf(d, "%s replayed.", count(d, steps, "step"));
    return doc_printf(d, "Predictive: %s, reactive: %.0f, for %s times its hours; %s.",
                      count(d, few, "violation"), many, isfinite(cost) ? doc_printf(d, "%.2f", cost) : "-",
                      count(d, steps, "step"));
}
