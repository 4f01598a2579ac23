#include "view/shared/silent.h"

#include "base/clock.h"
#include "view/shared/common.h"

enum { EXPECTED_MIN = 20, EVENTS_MIN = 20, SEEN_MIN = 6, PAUSES = 3 };
#define LOOK_BACK_NS (15 * 60 * SD_S)

struct span silent_span(const struct view_ctx *c)
{
    struct span s = common_span(c);
    sd_time first = model_usage(c->model).first;
    if (!sd_known(s.to) || !sd_known(first))
        return (struct span){0, 0};
    if (!span_is_all(c->span))
        s.from = MAX(add_sat(s.to, -MAX(LOOK_BACK_NS, mul_sat(span_length(s), 4))), first);
    return s;
}

bool silent_since(const double events[SILENT_PARTS], struct span s, struct silence *out)
{
    double part = (double)span_length(s) / SILENT_PARTS / (double)SD_S, sum = 0;
    int first = -1, last = -1, seen = 0, longest = 0;
    for (int i = 0; i < SILENT_PARTS; i++) {
        if (!(events[i] > 0))
            continue;
        if (first < 0)
            first = i;
        else
            longest = MAX(longest, i - last - 1);
        last = i;
        seen++;
        sum += events[i];
    }
    int quiet = SILENT_PARTS - 1 - last;
    if (seen < SEEN_MIN || sum < EVENTS_MIN || !(part > 0))
        return false;
    *out = (struct silence){
        .since = add_sat(s.from, real_to_int((double)span_length(s) / SILENT_PARTS * (last + 1))),
        .rate = sum / ((last - first + 1) * part)};
    return quiet > PAUSES * (longest + 1) && out->rate * quiet * part >= EXPECTED_MIN;
}

void silent_add(const struct view_ctx *c, struct worst_list *l, const struct silence *s, const char *subject,
                struct dive dive)
{
    char when[CLOCK_TEXT_MAX], rate[UNIT_TEXT_MAX];
    worst_add(l, (struct worst_item){.what = "silent",
                                     .severity = SEVERITY_WARN,
                                     .rank = 0.3,
                                     .share = NAN,
                                     .subject = subject,
                                     .why = doc_printf(l->d, "none since %s, %s before",
                                                       clock_hms(s->since, c->now, when),
                                                       unit_format(UNIT_PER_S, s->rate, rate)),
                                     .dive = dive});
}
