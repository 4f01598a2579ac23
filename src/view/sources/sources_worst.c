/* Sources for the overview: failed, behind, or not understood. */
#include "view/sources/sources.h"

#include "view/shared/common.h"
#include "view/shared/worst.h"

/* X(NAME, value, help) */
#define THRESHOLDS(X) X(UNPARSED, 0.01, "share of the lines read that were not understood")

enum threshold { THRESHOLDS(WORST_ENUM) };
static const double LIMIT[] = {THRESHOLDS(WORST_VALUE)};

enum { SOURCES_MAX = 64 };

static void list_state(struct worst_list *l, const struct sd_status *s, struct worst_item it)
{
    char a[UNIT_TEXT_MAX];
    if (s && (s->state == SD_STATE_FAILED || s->state == SD_STATE_BACKOFF)) {
        it.severity = SEVERITY_BAD;
        it.why = doc_text(l->d, s->text ? s->text : "it failed");
    } else if (s && sd_known(s->drops) && s->drops > 0) {
        it.severity = SEVERITY_WARN;
        it.why = doc_printf(l->d, "%s batches were dropped because the console was too slow",
                            unit_format_int(UNIT_COUNT, s->drops, a));
    } else if (common_caveat(s)) {
        it.severity = SEVERITY_INFO;
        it.why = doc_text(l->d, common_caveat(s));
    }
    if (it.why)
        worst_add(l, it);
}

static void list_intake(struct worst_list *l, const struct sd_intake *in, struct worst_item it)
{
    char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX];
    if (!in || in->total <= 0 || (double)in->unparsed < LIMIT[T_UNPARSED] * (double)in->total)
        return;
    it.severity = SEVERITY_WARN;
    it.share = (double)in->unparsed / (double)in->total;
    it.why =
        doc_printf(l->d, "%s of %s lines were not understood", unit_format_int(UNIT_COUNT, in->unparsed, a),
                   unit_format_int(UNIT_COUNT, in->total, b));
    worst_add(l, it);
}

void sources_worst(const struct view_ctx *c, struct worst_list *l)
{
    struct source_info info[SOURCES_MAX];
    size_t n = model_sources(c->model, c->now, info, ARRAY_LEN(info));
    for (size_t i = 0; i < n; i++) {
        struct worst_item it = {.what = "source",
                                .share = NAN,
                                .subject = doc_text(l->d, info[i].origin),
                                .dive = {.view = "sources"}};
        list_state(l, info[i].status, it);
        list_intake(l, info[i].intake, it);
    }
    events_worst(c, l);
}
