/* alerts_actions.c - what a person does about alerts: acknowledge, silence. Nothing is sent: the next
 * evaluation obeys. */
#include "app/alerts.h"

#include "app/alert_act.h"
#include "app/output.h"
#include "base/clock.h"
#include "base/units.h"

#include <stdlib.h>

struct acting {
    struct app *app;
    struct alert_act act;
};

/* The clock is --at, else as the act has it. */
static bool begin(struct acting *x, struct app *a, struct sd_error *err)
{
    *x = (struct acting){.app = a, .act = {.store = {.lock = -1}}};
    if (a->cli->n_args)
        return fail(err, "this needs no source; what is %.100s?", a->cli->args[0]);
    return alert_act_begin(&x->act, &a->config->policy, command_value(a->cli, "state"), ALERT_ACT, err) &&
           (!cli_has(a->cli, CLI_AT) ||
            clock_parse_within(a->cli->values[CLI_AT], SD_UNKNOWN, x->act.at, &x->act.at, err));
}

static int end(struct acting *x, bool ok, struct sd_error *err, cJSON *o, const char *text)
{
    int status = EXIT_USAGE;
    const char *format = x->app->cli->values[CLI_FORMAT];
    if (!alert_act_end(&x->act, ok, err))
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
    bool ok = begin(&x, a, &err) && alerting_ack(x.act.engine, alert, by, x.act.at, &err);
    cJSON *o = result_new("ack");
    result_text(o, "alert", alert);
    result_text(o, "acked_by", by);
    result_time(o, "acked_at", x.act.at);
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
        ok = (id = alerting_silence(x.act.engine, match, for_ns, why, x.act.at, &err)) != NULL;
    sd_time to = ok ? x.act.engine->silences[x.act.engine->n_silences - 1].until : SD_UNKNOWN;
    cJSON *o = result_new("silence");
    result_text(o, "id", id);
    result_text(o, "match", match);
    result_text(o, "why", why);
    result_time(o, "from", x.act.at);
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
    bool ok = begin(&x, a, &err) && alerting_unsilence(x.act.engine, id, x.act.at, &err);
    cJSON *o = result_new("unsilence");
    result_text(o, "id", id);
    result_time(o, "until", x.act.at);
    return end(&x, ok, &err, o, "The silence is over.\n");
}
