/* promql_ask.c - one question over HTTP, and what goes wrong with it. */
#include <stdlib.h>

#include "base/num.h"
#include "base/redact.h"
#include "source/promql/promql.h"
#include "source/shared/fetch.h"

#define ANSWER_MAX ((size_t)32 << 20)

void promql_note(struct promql_source *x, const char *fmt, ...)
{
    va_list ap;
    char text[512];
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (x->note.len < 2000 && !strstr(strbuf_text(&x->note), text))
        strbuf_printf(&x->note, "%s%s", x->note.len ? " " : "", text);
}

/* A moment in seconds, for a form. */
static void add_time(struct strbuf *form, const char *key, sd_time t)
{
    char text[64];
    snprintf(text, sizeof text, "%lld.%03lld", (long long)(t / SD_S), (long long)(t % SD_S / SD_MS));
    promql_form(form, key, text);
}

/* The engine's own sentence, or that of the proxy before it. */
static enum sd_result refused(const struct promql_source *x, const struct fetch_answer *a, const char *says,
                              struct sd_error *err)
{
    bool plain = !*says && a->len && a->bytes && strncmp(a->type, "text/plain", 10) == 0;
    char *line = mem_strndup(plain ? a->bytes : says, plain ? strcspn(a->bytes, "\r\n") : strlen(says));
    char *shown = redact(line);
    bool lasts =
        a->status >= 400 && a->status < 500 && a->status != 408 && a->status != 422 && a->status != 429;
    const char *hint =
        a->status == 404 && !*says ? "; the query API is at HOST:PORT, of Mimir at HOST:PORT/prometheus" : "";
    enum sd_result r = sd_fail(err, lasts ? SD_CONFIG : SD_RETRY, "%.200s answers with status %ld%s%.200s%s",
                               x->address, a->status, *shown ? ": " : "", shown, hint);
    free(line);
    free(shown);
    return r;
}

static enum sd_result take(struct promql_source *x, const struct fetch_answer *a,
                           const struct promql_sink *sink, struct sd_error *err)
{
    struct promql_said said = {.points = 0};
    struct sd_error why = {""};
    enum sd_result r = SD_OK;
    bool is = a->bytes && promql_answer(a->bytes, a->len, sink, &said, &why);
    if (!is && a->status != 200)
        r = refused(x, a, "", err);
    else if (!is && a->len && *a->bytes == '<')
        r = sd_fail(err, x->known ? SD_RETRY : SD_CONFIG,
                    "the answer of %.200s is a page, not one of Prometheus' query API", x->address);
    else if (!is)
        r = sd_fail(err, x->known ? SD_RETRY : SD_CONFIG, "cannot read the answer of %.200s: %.200s",
                    x->address, *why.text ? why.text : "it is empty");
    else if (said.error.len || a->status != 200)
        r = refused(x, a, strbuf_text(&said.error), err);
    if (r == SD_OK && said.warnings.len) {
        char *shown = redact(strbuf_text(&said.warnings));
        promql_note(x, "The engine says: %.300s.", shown);
        free(shown);
    }
    if (r == SD_OK && said.partial)
        promql_note(x, "The engine says that its answer is a part of the whole.");
    if (r == SD_OK && said.left_out)
        promql_note(x, "%zu figures of an answer are beyond the limit and left out.", said.left_out);
    x->known |= r == SD_OK;
    x->broken = add_sat(x->broken, (int64_t)said.broken);
    promql_said_free(&said);
    return r;
}

static enum sd_result post(struct sd_source *s, const char *path, const char *form,
                           const struct promql_sink *sink, struct sd_error *err)
{
    struct promql_source *x = s->priv;
    const struct promql_options *o = s->opts;
    struct fetch_answer a;
    char *url = mem_printf("%s/api/v1/%s", x->base, path);
    enum sd_result r = fetch(s,
                             &(struct fetch_ask){.url = url,
                                                 .post = form,
                                                 .form = true,
                                                 .tenant = o->tenant,
                                                 .max = ANSWER_MAX,
                                                 .wait_ns = o->timeout,
                                                 .accept = "application/json",
                                                 .user = o->user,
                                                 .password = o->password,
                                                 .bearer = o->token,
                                                 .ca = o->ca,
                                                 .cert = o->cert,
                                                 .key = o->key,
                                                 .insecure = o->insecure},
                             &a, err);
    free(url);
    if (r != SD_OK)
        return r;
    x->asked = add_sat(x->asked, 1);
    x->bytes = add_sat(x->bytes, (int64_t)a.len);
    r = take(x, &a, sink, err);
    fetch_free(&a);
    return r;
}

enum sd_result promql_ask(struct sd_source *s, const char *query, const struct promql_round *round,
                          const struct promql_sink *sink, struct sd_error *err)
{
    const struct promql_options *o = s->opts;
    struct strbuf form = {0};
    char text[64];
    promql_form(&form, "query", query);
    if (round) {
        add_time(&form, "start", round->first);
        add_time(&form, "end", round->first + (int64_t)(round->n - 1) * round->step);
        snprintf(text, sizeof text, "%g", (double)round->step / (double)SD_S);
        promql_form(&form, "step", text);
    }
    snprintf(text, sizeof text, "%lldms", (long long)(o->timeout / SD_MS));
    promql_form(&form, "timeout", text);
    enum sd_result r = post(s, round ? "query_range" : "query", strbuf_text(&form), sink, err);
    strbuf_free(&form);
    return r;
}

enum sd_result promql_ask_exemplars(struct sd_source *s, const char *query, sd_time from, sd_time to,
                                    const struct promql_sink *sink, struct sd_error *err)
{
    struct strbuf form = {0};
    promql_form(&form, "query", query);
    add_time(&form, "start", from);
    add_time(&form, "end", to);
    enum sd_result r = post(s, "query_exemplars", strbuf_text(&form), sink, err);
    strbuf_free(&form);
    return r;
}
