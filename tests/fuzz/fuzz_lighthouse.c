/* A report of Lighthouse: lists that belong together are of equal length, scores are 0 to 1 or unknown. */
#include <math.h>
#include <stdlib.h>

#include "core/pages/score.h"
#include "format/pages/lighthouse_report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct sd_page_report r;
    struct sd_error err;
    lighthouse_report_sure((const char *)data, size);
    if (lighthouse_report_read((const char *)data, size, a, &r, &err)) {
        require(r.lighthouse_version && r.form_factor);
        require(r.metrics->n == r.metric_values->n && r.metrics->n == r.metric_scores->n);
        require(r.audits->n == r.audit_scores->n && r.audits->n == r.audit_items->n);
        require(r.opportunities->n == r.opportunity_ns->n && r.opportunities->n == r.opportunity_bytes->n);
        require(r.requests->n == r.request_ns->n && r.requests->n == r.request_blocking->n);
        require(r.cls_elements->n == r.cls_scores->n && r.lcp_phases->n == r.lcp_phase_ns->n);
        double score = page_report_score(&r);
        require(isnan(score) || (score >= 0 && score <= 1));
    }
    arena_free(a);
    return 0;
}
