#include "app/alert_act.h"

#include "base/clock.h"

#define DAY_NS (24 * 3600 * SD_S)

bool alert_act_begin(struct alert_act *x, const struct goal_policy *p, const char *folder,
                     enum alert_lock how, struct sd_error *err)
{
    sd_time now = clock_wall();
    *x = (struct alert_act){.store = {.lock = -1}};
    x->engine = alerting_new(p, SD_S);
    if (!alert_store_open(&x->store, folder, how, err) || !alert_store_read(&x->store, x->engine, err))
        return false;
    sd_time last = x->engine->at;
    x->at = sd_known(last) && (last > now + DAY_NS || last < now - DAY_NS) ? last : now;
    return true;
}

bool alert_act_end(struct alert_act *x, bool ok, struct sd_error *err)
{
    ok = ok && alert_store_write(&x->store, x->engine, err);
    alert_store_close(&x->store);
    alerting_free(x->engine);
    x->engine = NULL;
    return ok;
}
