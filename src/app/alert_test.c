#include "app/alert_test.h"

#include <stdlib.h>
#include <unistd.h>

#include "app/output.h"
#include "core/result.h"
#include "source/notify/notify.h"

bool testing_make(struct testing *t, const struct goal_policy *p, const char *alert, sd_time at,
                  struct sd_error *err)
{
    *t = (struct testing){.arena = arena_new()};
    gethostname(t->host, sizeof t->host - 1);
    t->about.host = t->host;
    if (!alert_test_make(p, alert, at, t->arena, &t->test, err))
        return false;
    t->all = arena_alloc(t->arena, t->test.n * sizeof *t->all);
    for (size_t i = 0; i < t->test.n; i++) {
        struct tested *x = &t->all[i];
        *x = (struct tested){.d = &t->test.deliveries[i], .after_ns = t->test.after_ns[i]};
        x->made = notify_request(&x->r, x->d, &t->about, &x->err);
    }
    return true;
}

void testing_send(struct testing *t)
{
    struct delivery_answer *answers = mem_array(t->test.n, sizeof *answers);
    notify_send(&t->about, t->test.deliveries, t->test.n, answers);
    for (size_t i = 0; i < t->test.n; i++) {
        t->all[i].sent = t->all[i].made;
        t->all[i].answer = answers[i];
    }
    free(answers);
}

void testing_free(struct testing *t)
{
    for (size_t i = 0; t->all && i < t->test.n; i++)
        notify_request_free(&t->all[i].r);
    if (t->arena)
        arena_free(t->arena);
    *t = (struct testing){.arena = NULL};
}

bool tested_well(const struct tested *s)
{
    return s->made && (!s->sent || (s->answer.status >= 200 && s->answer.status < 300));
}

const char *tested_trouble(const struct tested *s)
{
    return !s->made ? s->err.text : s->sent && *s->answer.error ? s->answer.error : NULL;
}

char *tested_text(const struct tested *s)
{
    if (!s->made)
        return mem_strdup(s->err.text);
    if (s->r.command)
        return mem_printf("run %s with this on its standard input:\n\n%s", s->r.shown_url, s->r.shown_body);
    return mem_printf("POST %s\nContent-Type: application/json\nIdempotency-Key: %s\n\n%s", s->r.shown_url,
                      s->r.idempotency, s->r.shown_body);
}

/* ---- JSON ---- */

static void add_notification(cJSON *list, const struct tested *s)
{
    const struct delivery *d = s->d;
    cJSON *o = result_row(list);
    result_time(o, "at", d->at);
    result_text(o, "incident", d->incident);
    result_text(o, "alert", d->alert);
    result_text(o, "severity", goal_severity_name(d->severity));
    result_text(o, "kind", delivery_kind_name(d->kind));
    result_int(o, "step", (int64_t)d->step);
    result_text(o, "receiver", d->receiver->name);
    result_text(o, "type", goal_receiver_type_name(d->receiver->type));
    result_text(o, "status", !tested_well(s) ? "failed" : s->sent ? "sent" : "planned");
    result_int(o, "attempts", s->sent);
    result_add_text(result_list(o, "instances"), d->instances[0].instance);
    result_text(o, "error", tested_trouble(s));
}

static void add_request(cJSON *list, const struct tested *s)
{
    cJSON *o = result_row(list);
    result_int(o, "step", (int64_t)s->d->step);
    result_int(o, "after_ns", s->after_ns);
    result_text(o, "receiver", s->d->receiver->name);
    result_text(o, "type", goal_receiver_type_name(s->d->receiver->type));
    result_text(o, "method", s->made && !s->r.command ? "POST" : NULL);
    result_text(o, "url", s->made && !s->r.command ? s->r.shown_url : NULL);
    result_text(o, "command", s->made && s->r.command ? s->r.shown_url : NULL);
    cJSON *headers = result_object(o, "headers");
    if (s->made && !s->r.command) {
        result_text(headers, "Content-Type", "application/json");
        result_text(headers, "Idempotency-Key", s->r.idempotency);
    }
    result_text(o, "body", s->made ? s->r.shown_body : NULL);
    result_text(o, "error", tested_trouble(s));
}

static cJSON *document(const struct tested *s, size_t n, sd_time at)
{
    cJSON *o = result_new("alerts");
    result_time(o, "at", at);
    result_list(o, "rows");
    cJSON *list = result_list(o, "notifications");
    for (size_t i = 0; i < n; i++)
        add_notification(list, &s[i]);
    list = result_list(o, "requests");
    for (size_t i = 0; i < n; i++)
        add_request(list, &s[i]);
    return o;
}

/* ---- for people ---- */

static const char *request_text(struct doc *d, const struct tested *s)
{
    const char *outcome = !s->sent           ? ""
                          : tested_well(s)   ? "\n\nIt was sent."
                          : *s->answer.error ? doc_printf(d, "\n\nIt failed: %s", s->answer.error)
                                             : "\n\nIt failed.";
    char *request = tested_text(s);
    const char *text = doc_printf(d, "%s%s", request, outcome);
    free(request);
    return text;
}

static struct doc *doc_of(const struct tested *s, size_t n, sd_time at, bool yes)
{
    struct doc *d = doc_new("alerts", "Test of the receivers");
    cJSON *o = document(s, n, at);
    char *json = result_print(o);
    d->json = doc_text(d, json);
    free(json);
    cJSON_Delete(o);
    for (size_t i = 0; i < n; i++) {
        struct strbuf after = {0};
        payload_duration(&after, s[i].after_ns);
        const char *title = doc_printf(d, "%s: step %zu, after %s, to %s (%s)", s[i].d->alert, s[i].d->step,
                                       strbuf_text(&after), s[i].d->receiver->name,
                                       goal_receiver_type_name(s[i].d->receiver->type));
        struct section *section = doc_section(d, SECTION_TEXT, NULL, title);
        section->text = request_text(d, &s[i]);
        strbuf_free(&after);
    }
    if (!yes)
        doc_section(d, SECTION_TEXT, NULL, "Nothing was sent")->text =
            "With --yes all of these are sent now.";
    return d;
}

int alert_test(struct app *a, const char *alert, sd_time at, bool yes)
{
    struct testing t;
    struct sd_error err;
    bool well = true;
    if (!testing_make(&t, &a->config->policy, alert, at, &err)) {
        complain("%s", err.text);
        testing_free(&t);
        return EXIT_USAGE;
    }
    if (yes)
        testing_send(&t);
    for (size_t i = 0; i < t.test.n; i++)
        well = well && tested_well(&t.all[i]);
    struct doc *d = doc_of(t.all, t.test.n, at, yes);
    int status = output_doc(a, d);
    doc_free(d);
    testing_free(&t);
    return status == EXIT_FINE && !well ? EXIT_CHECK : status;
}
