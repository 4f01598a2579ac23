/* An access log becomes a scenario, which can be read, and whose requests have no holes. */
#include <stdlib.h>

#include "conf/load_scenario.h"
#include "core/loads/template.h"
#include "format/loads/log_traffic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct traffic_summary *summary, bool sequences)
{
    struct strbuf yaml = {0};
    struct load_scenario s;
    struct sd_error err;
    struct load_piece piece;
    if (!traffic_scenario(summary, &(struct traffic_scenario){.scale = 1, .sequences = sequences}, &yaml,
                          &err)) {
        strbuf_free(&yaml);
        return;
    }
    if (!load_scenario_read_text(&s, "made", NULL, yaml.text, yaml.len, NULL, &err)) {
        fprintf(stderr, "%s\n%s\n", err.text, yaml.text);
        abort();
    }
    double weight = 0;
    for (size_t i = 0; i < s.n_requests; i++) {
        const char *path = s.requests[i].path;
        weight += s.requests[i].weight;
        while (load_piece_next(&path, &piece))
            if (piece.kind != LOAD_PIECE_TEXT)
                abort();
    }
    if (!sequences && (int64_t)weight != summary->requests - summary->unreplayable)
        abort();
    load_scenario_free(&s);
    strbuf_free(&yaml);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct log_traffic t = {
        .traffic = traffic_new(&(struct traffic_options){.gap_ns = 1800 * SD_S, .sequences = true})};
    struct sd_error err;
    log_traffic_methods(&t, "GET,HEAD,POST", &err);
    t.agg = accesslog_agg_new(
        &(struct accesslog_agg_options){.max_routes = 5, .each = log_traffic_take, .ctx = &t});
    struct accesslog_carry carry = {0};
    accesslog_agg_feed(t.agg, &carry, (const char *)data, size, 0);
    accesslog_agg_end(t.agg, &carry, 0);
    const struct accesslog_intake *in = accesslog_agg_intake(t.agg);
    const struct traffic_summary *s = traffic_finish(t.traffic, in->lines, in->unparsed);
    int64_t rows = 0, skipped = 0;
    for (size_t i = 0; i < s->n_rows; i++)
        rows += s->rows[i].count;
    for (size_t i = 0; i < s->n_skipped; i++)
        skipped += s->skipped[i].count;
    if (rows != s->requests || in->lines != in->unparsed + s->requests + skipped ||
        (s->requests && s->think.samples + s->think.overlapping + s->sessions != s->requests))
        abort();
    cJSON_Delete(traffic_document(s));
    check(s, false);
    check(s, true);
    accesslog_agg_free(t.agg);
    traffic_free(t.traffic);
    log_traffic_free(&t);
    return 0;
}
