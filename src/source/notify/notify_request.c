#include "source/notify/notify_request.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <strings.h>

#include <cjson/cJSON.h>

#define PAGERDUTY_URL "https://events.pagerduty.com/v2/enqueue"
#define MASK          "***"

static bool is_loopback(const char *host)
{
    unsigned a, b, c, d;
    char end;
    return !strcasecmp(host, "localhost") || !strcmp(host, "[::1]") ||
           (sscanf(host, "%3u.%3u.%3u.%3u%c", &a, &b, &c, &d, &end) == 4 && a == 127);
}

/* Host and scheme; false: it is no URL that may be asked. */
static bool judge(struct notify_request *r, CURLU *u, struct sd_error *err)
{
    char *scheme = NULL, *host = NULL, *port = NULL;
    bool fine = curl_url_set(u, CURLUPART_URL, r->url, 0) == CURLUE_OK &&
                curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                (!strcasecmp(scheme, "https") || !strcasecmp(scheme, "http"));
    if (!fine)
        fail(err, "its url is none of http or https");
    if (fine) {
        r->plain_http = !strcasecmp(scheme, "http");
        r->host = mem_strdup(host);
        curl_url_get(u, CURLUPART_PORT, &port, 0);
        r->shown_url = mem_printf("%s://%s%s%s/" MASK, scheme, host, port ? ":" : "", port ? port : "");
        fine = !r->plain_http || is_loopback(host) ||
               fail(err, "its url is plain http to %.200s; only https may leave this machine", host);
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    return fine;
}

/* An answer may repeat what it was asked by. */
static void hide_parts(struct notify_request *r)
{
    struct strbuf word = {0};
    secrets_free(r->secrets);
    r->secrets = secrets_of(r->url); /* knows a password in front of the host */
    secrets_add(r->secrets, r->url);
    const char *at = strstr(r->url, "://");
    at = at ? at + 3 : r->url;
    at += strcspn(at, "/?#");
    secrets_add(r->secrets, at);
    strbuf_add(&word, at, strcspn(at, "#")); /* what a server is asked for */
    if (word.len > 1)
        secrets_add(r->secrets, strbuf_text(&word));
    while (*at) {
        at += strspn(at, "/?#&=");
        size_t n = strcspn(at, "/?#&="), least = at[-1] == '=' ? 4 : 8;
        strbuf_clear(&word);
        strbuf_add(&word, at, n);
        if (n >= least)
            secrets_add(r->secrets, strbuf_text(&word));
        at += n;
    }
    strbuf_free(&word);
}

/* https://am.example/prefix/ and /api/v2/alerts. */
static void add_path(CURLU *u, struct notify_request *r)
{
    char *path = NULL, *whole = NULL;
    if (curl_url_get(u, CURLUPART_PATH, &path, 0) != CURLUE_OK)
        return;
    size_t len = strlen(path);
    while (len && path[len - 1] == '/')
        len--;
    char *longer = mem_printf("%.*s/api/v2/alerts", (int)len, path);
    if (curl_url_set(u, CURLUPART_PATH, longer, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_URL, &whole, 0) == CURLUE_OK) {
        free(r->url);
        r->url = mem_strdup(whole);
    }
    free(longer);
    curl_free(path);
    curl_free(whole);
}

static bool address(struct notify_request *r, const struct goal_receiver *to, struct sd_error *err)
{
    bool usual = to->type == GOAL_PAGERDUTY && !to->url.value && !to->url.file && !to->url.env;
    r->url = usual ? mem_strdup(PAGERDUTY_URL) : notify_secret(&to->url, "url", err);
    if (!r->url)
        return false;
    CURLU *u = curl_url();
    bool fine = u && judge(r, u, err);
    if (fine && to->type == GOAL_ALERTMANAGER)
        add_path(u, r);
    curl_url_cleanup(u);
    if (fine && usual) { /* everybody's */
        free(r->shown_url);
        r->shown_url = mem_strdup(r->url);
    } else if (fine) {
        hide_parts(r);
    }
    return fine;
}

static bool make_body(struct notify_request *r, const struct delivery *d, const struct payload_about *about,
                      struct sd_error *err)
{
    char *key;
    switch (d->receiver->type) {
    case GOAL_SLACK:
        r->body = payload_slack(d, about);
        break;
    case GOAL_PAGERDUTY:
        key = notify_secret(&d->receiver->routing_key, "routing_key", err);
        if (!key)
            return false;
        secrets_add(r->secrets, key);
        r->body = payload_pagerduty(d, about, key);
        r->shown_body = payload_pagerduty(d, about, MASK);
        free(key);
        return true;
    case GOAL_ALERTMANAGER:
        r->body = payload_alertmanager(d, about);
        break;
    default:
        r->body = payload_webhook(d, about);
        break;
    }
    r->shown_body = mem_strdup(r->body);
    return true;
}

static void header(struct notify_request *r, const struct delivery *d)
{
    struct strbuf value = {0};
    payload_idempotency_key(d, &value);
    r->idempotency = strbuf_detach(&value);
}

/* Arguments of a command may hold a token: its program alone is shown. */
static bool of_command(struct notify_request *r, const struct goal_receiver *to, struct sd_error *err)
{
    if (!to->command || !to->command[0])
        return fail(err, "it has no command");
    r->command = to->command;
    r->host = mem_strdup(to->command[0]);
    r->shown_url = mem_printf("%s%s", to->command[0], to->command[1] ? " " MASK : "");
    for (size_t i = 1; to->command[i]; i++)
        if (strlen(to->command[i]) >= 8)
            secrets_add(r->secrets, to->command[i]);
    return true;
}

bool notify_request(struct notify_request *r, const struct delivery *d, const struct payload_about *about,
                    struct sd_error *err)
{
    struct sd_error why = {0};
    const struct goal_receiver *to = d->receiver;
    *r = (struct notify_request){.secrets = secrets_of("")};
    bool fine = to->type == GOAL_COMMAND ? of_command(r, to, &why) : address(r, to, &why);
    if (fine && make_body(r, d, about, &why)) {
        header(r, d);
        return true;
    }
    notify_request_free(r);
    return fail(err, "receiver %.100s: %s", to->name, why.text);
}

void notify_request_free(struct notify_request *r)
{
    free(r->url);
    free(r->idempotency);
    free(r->body);
    free(r->shown_url);
    free(r->shown_body);
    free(r->host);
    secrets_free(r->secrets);
    *r = (struct notify_request){.url = NULL};
}
