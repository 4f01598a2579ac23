/* Any bytes as a scenario, as its credentials, and as the text of a watched metric. A scenario that is
 * understood is run for some thousand steps against a server that answers at once: its plan must neither fall
 * nor stand still. */
#include "conf/load_scenario.h"
#include "core/loads/credentials.h"
#include "core/loads/run.h"
#include "format/loads/metric_sum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS = 2000, USERS_MOST = 1000 };

static void run_some(const struct load_scenario *s)
{
    struct load_run *r = mem_alloc(sizeof *r);
    int64_t now = 0, next;
    load_run_init(r, s, 1764500000 * SD_S);
    for (int i = 0; i < STEPS && (next = r->driver.next_at(r->driver.ctx, now)) >= 0 && next < 86400 * SD_S;
         i++) {
        if (next > now) {
            now = next;
            continue;
        }
        struct load_outcome o = {.sent_ns = now,
                                 .done_ns = now + (i % 7) * SD_MS,
                                 .status = i % 5 ? 200 : 429,
                                 .retry_after_s = i % 3 ? 1 : SD_UNKNOWN,
                                 .retry_at = SD_UNKNOWN};
        r->driver.take(r->driver.ctx, &o.order);
        if (o.order.request >= s->n_requests || o.order.intended_ns > now)
            abort();
        r->driver.ended(r->driver.ctx, &o);
    }
    load_run_finish(r, &(struct load_run_end){.stopped = true, .now_ns = now});
    cJSON_Delete(load_run_document(r));
    load_run_free(r);
    free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct load_scenario s;
    struct load_credentials c;
    struct sd_error err;
    struct arena *a = arena_new();
    if (load_scenario_read_text(&s, "s.yaml", NULL, text, size, "http://127.0.0.1", &err)) {
        static const char *const column[] = {"k"}, *const cells[] = {"a", "b", "c"};
        if (s.kind == LOAD_LIMITS)
            s.credentials = (struct load_credentials){column, 1, 3, cells};
        if (load_peak_users(&s) <= USERS_MOST && s.n_requests <= USERS_MOST)
            run_some(&s);
    } else if (!*err.text || strchr(err.text, '\n')) {
        abort();
    }
    load_scenario_free(&s);
    load_credentials_parse(a, "users.csv", text, size, &c, &err);
    metric_sum(text, size, "rss");
    arena_free(a);
    return 0;
}
