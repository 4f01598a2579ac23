/* otlp.c - a receiver of OTLP over HTTP: traces and metrics that programs send by themselves. I/O only; OTLP
 * is read in format/traces. */
#include <poll.h>
#include <stdlib.h>

#include "source/otlp/otlp_server.h"
#include "source/shared/examine.h"

enum { TURNS = 16 };
#define RETRY (3 * SD_MS) /* for requests that were put off */

struct otlp_options {
    const char *token;
};

static const struct sd_option OPTIONS[] = {
    {.name = "token",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct otlp_options, token),
     .fallback = "",
     .flags = SD_OPTION_SECRET,
     .help = "who sends must have this token: \"Authorization: Bearer ...\""},
    {.name = NULL},
};

struct otlp {
    struct http_server *http;
    struct otlp_server server;
    struct otlp_intake intake;
};

static enum sd_result otlp_open(struct sd_source *s, struct sd_error *err)
{
    const struct otlp_options *o = s->opts;
    struct otlp *x = s->priv;
    *x = (struct otlp){.server = {.intake = &x->intake, .token = o->token}};
    struct http_rules rules = otlp_server_rules(&x->server);
    x->http = http_server_open(s->target, &rules, err);
    if (!x->http)
        return SD_CONFIG;
    otlp_intake_open(&x->intake, s);
    return SD_OK;
}

static void otlp_close(struct sd_source *s)
{
    struct otlp *x = s->priv;
    http_server_close(x->http);
    otlp_intake_close(&x->intake);
    strbuf_free(&x->server.unpacked);
    strbuf_free(&x->server.body);
    *x = (struct otlp){0};
}

static enum sd_result otlp_run(struct sd_source *s, struct sd_error *err)
{
    struct otlp *x = s->priv;
    const struct sd_host *host = s->host;
    sd_time now = host->now(s), swept = now;
    (void)err;
    while (!host->should_stop(s)) {
        sd_time due = http_server_waits(x->http) || x->intake.outlet.n ? now + RETRY : now + SD_S;
        int ready = host->wait(s, http_server_fd(x->http), POLLIN, due);
        if (ready < 0)
            return SD_OK;
        now = host->now(s);
        /* Several turns for one wait, which costs more than a turn where requests come fast. */
        for (int i = 0; i < TURNS && http_server_turn(x->http, now); i++)
            now = host->now(s);
        if (now - swept >= SD_S || now < swept) {
            http_server_sweep(x->http, now);
            otlp_intake_tell(&x->intake);
            swept = now;
        }
    }
    return SD_OK;
}

static int otlp_recognise(const char *target, const void *head, size_t len)
{
    (void)len;
    return !head && str_starts(target, "otlp://") ? 100 : 0;
}

/* Without a target the usual port: where programs send to that were told nothing else. */
static void otlp_examine(struct sd_source *s, sd_check_tell *tell, void *ctx)
{
    const struct examine e = {tell, ctx};
    struct otlp_server none = {0};
    struct http_rules rules = otlp_server_rules(&none);
    struct sd_error err = {""};
    if (http_server_may_open(s->target ? s->target : "otlp://", &rules, &err))
        examine_tell(&e, "port", SD_CHECK_OK, NULL, "the port %s is free", s->target ? "of it" : "4318");
    else
        examine_tell(
            &e, "port", s->target ? SD_CHECK_MISSING : SD_CHECK_LESS,
            "ss -ltnp shows who has the port: stop it, or receive at another one, otlp://127.0.0.1:4319",
            "%s", err.text);
}

extern const struct sd_source_ops otlp_source_ops;
const struct sd_source_ops otlp_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "otlp",
    .summary = "traces and metrics that programs send by OpenTelemetry (OTLP over HTTP)",
    .targets = "otlp://127.0.0.1:4318 (a receiver; also otlp://ADDRESS:PORT, otlp://)",
    .provides = SD_KIND_BIT(SD_SPANS) | SD_KIND_BIT(SD_METRIC) | SD_KIND_BIT(SD_LATENCY) |
                SD_KIND_BIT(SD_HTTP) | SD_KIND_BIT(SD_HTTP_PART) | SD_KIND_BIT(SD_STATEMENT) |
                SD_KIND_BIT(SD_EXEMPLAR) | SD_KIND_BIT(SD_INTAKE),
    .opts_size = sizeof(struct otlp_options),
    .options = OPTIONS,
    .priv_size = sizeof(struct otlp),
    .recognise = otlp_recognise,
    .open = otlp_open,
    .run = otlp_run,
    .close = otlp_close,
    .flags = SD_SOURCE_RECEIVES,
    .examine = otlp_examine,
};
