/* alerts_actions.c - what a person does about alerts: acknowledge, silence. Nothing is sent: the next
 * evaluation obeys. */
#include "app/alerts.h"

#include "app/alert_store.h"
#include "app/output.h"
#include "base/clock.h"
#include "base/units.h"

#include <stdlib.h>

#define DAY_NS (24 * 3600 * SD_S)

struct acting {
    struct app *app;
    struct alert_store store;
    struct alerting *engine;
    sd_time at;
};

/* The clock is --at, else the present; of a state whose evaluations were of another time, such as of a
 * recording, its last one. */
static bool begin(struct acting *x, struct app *a, struct sd_error *err)
{
    sd_time now = clock_wall();
    *x = (struct acting){.app = a, .store = {.lock = -1}};
    x->engine = alerting_new(&a->config->policy, SD_S);
    if (a->cli->n_args)
        return fail(err, "this needs no source; what is %.100s?", a->cli->args[0]);
    if (!alert_store_open(&x->store, command_value(a->cli, "state"), ALERT_ACT, err) ||
        !alert_store_read(&x->store, x->engine, err))
        return false;
    sd_time last = x->engine->at;
    x->at = sd_known(last) && (last > now + DAY_NS || last < now - DAY_NS) ? last : now;
    if (cli_has(a->cli, CLI_AT) &&
        !clock_parse_within(a->cli->values[CLI_AT], SD_UNKNOWN, x->at, &x->at, err))
        return false;
    return true;
}

static int end(struct acting *x, bool ok, struct sd_error *err, cJSON *o, const char *text)
{
    int status = EXIT_USAGE;
    const char *format = x->app->cli->values[CLI_FORMAT];
    ok = ok && alert_store_write(&x->store, x->engine, err);
    alert_store_close(&x->store);
    alerting_free(x->engine);
    if (!ok)
        complain("%s", err->text);
    else if (str_eq(format, "json"))
        status = command_print(x->app, cJSON_Duplicate(o, true), true);
    else
        status = output_text(text) ? EXIT_FINE : EXIT_USAGE;
    cJSON_Delete(o);
    return status;
}

int alerts_ack(struct app *a)
{
    struct acting x;
    struct sd_error err;
    const char *alert = command_value(a->cli, "ack"), *by = command_value(a->cli, "by");
    bool ok = begin(&x, a, &err) && alerting_ack(x.engine, alert, by, x.at, &err);
    cJSON *o = result_new("ack");
    result_text(o, "alert", alert);
    result_text(o, "acked_by", by);
    result_time(o, "acked_at", x.at);
    return end(&x, ok, &err, o, "Acknowledged: no further steps are sent of it.\n");
}

int alerts_silence(struct app *a)
{
    struct acting x;
    struct sd_error err = {""};
    char until[CLOCK_TEXT_MAX];
    const char *match = command_value(a->cli, "silence"), *length = command_value(a->cli, "for");
    const char *why = command_value(a->cli, "why"), *id = NULL;
    int64_t for_ns = 0;
    bool ok = begin(&x, a, &err);
    if (ok && !length)
        ok = fail(&err, "--silence needs --for: how long, such as 2h");
    if (ok && (!unit_parse_duration(length, &for_ns, &err) || for_ns <= 0))
        ok = fail(&err, "--for %.60s is no duration above 0, such as 2h", length);
    if (ok)
        ok = (id = alerting_silence(x.engine, match, for_ns, why, x.at, &err)) != NULL;
    sd_time to = ok ? x.engine->silences[x.engine->n_silences - 1].until : SD_UNKNOWN;
    cJSON *o = result_new("silence");
    result_text(o, "id", id);
    result_text(o, "match", match);
    result_text(o, "why", why);
    result_time(o, "from", x.at);
    result_time(o, "until", to);
    char *text =
        mem_printf("Nothing is sent about it until %s: silence %s\n", clock_rfc3339(to, until), id ? id : "");
    int status = end(&x, ok, &err, o, text);
    free(text);
    return status;
}

int alerts_unsilence(struct app *a)
{
    struct acting x;
    struct sd_error err;
    const char *id = command_value(a->cli, "unsilence");
    bool ok = begin(&x, a, &err) && alerting_unsilence(x.engine, id, x.at, &err);
    cJSON *o = result_new("unsilence");
    result_text(o, "id", id);
    result_time(o, "until", x.at);
    return end(&x, ok, &err, o, "The silence is over.\n");
}
