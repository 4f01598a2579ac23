#include "tests/lib/history_rows.h"

#include <stdio.h>

const struct history_steps MADE_STEPS = {.step_ns = 10 * SD_S};

uint64_t made_roll(uint64_t *seed, uint64_t sides)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (*seed >> 33) % sides;
}

static void add_request(struct history_fold *fold, const struct made *m, int host, int route, sd_time at,
                        int64_t ns)
{
    char host_name[32], route_name[32];
    struct sd_bucket bucket = {sd_hist_index(ns), 1};
    struct sd_hist hist = {1, &bucket};
    struct sd_http r;
    struct history_row row;
    struct history_copy copy;
    schema_clear(schema_of(SD_HTTP), &r);
    snprintf(host_name, sizeof host_name, "web%d", host);
    snprintf(route_name, sizeof route_name, "/route/%d", route);
    r.method = "GET";
    r.route = route_name;
    r.host = host_name;
    r.interval_ns = SD_S;
    r.count = r.timed = 1;
    r.errors = ns % 7 == 0;
    r.status_2xx = !r.errors;
    r.status_5xx = r.errors;
    r.bytes = ns % 1000;
    r.total_ns = r.min_ns = r.max_ns = ns;
    r.first_at = r.last_at = at + SD_S;
    r.latency = &hist;
    if (history_row_of(SD_HTTP, &r, at, "here", m->source, &copy, &row))
        history_fold_add(fold, &row);
}

uint64_t made_step(struct made *m, sd_time from, struct history_fold *fold, struct hist *exact)
{
    uint64_t made = 0;
    for (int host = 0; host < m->hosts; host++)
        for (int route = 0; route < m->routes; route++)
            for (int i = 0; i < m->n; i++, made++) {
                int64_t ns = (int64_t)made_roll(&m->seed, 1000) * 1000 + 10000;
                if (made_roll(&m->seed, 50) == 0)
                    ns *= 40 + (int64_t)made_roll(&m->seed, 100); /* the tail */
                if (exact && route == 0)
                    hist_record(exact, ns);
                add_request(fold, m, host, route, from + (int64_t)made_roll(&m->seed, 9) * SD_S, ns);
            }
    return made;
}
