#include "app/alert_test.h"

#include <stdlib.h>
#include <unistd.h>

#include "app/output.h"
#include "core/goals/alert_test.h"
#include "core/result.h"
#include "source/notify/notify.h"
#include "source/notify/notify_request.h"

/* One request, as it is shown. */
struct shown {
    const struct delivery *d;
    int64_t after_ns;
    struct notify_request r;
    struct sd_error err; /* it could not be made */
    bool made, sent;
    struct delivery_answer answer; /* of one that was sent */
};

static bool went_well(const struct shown *s)
{
    return s->made && (!s->sent || (s->answer.status >= 200 && s->answer.status < 300));
}

static const char *trouble(const struct shown *s)
{
    return !s->made ? s->err.text : s->sent && *s->answer.error ? s->answer.error : NULL;
}

/* ---- JSON ---- */

static void add_notification(cJSON *list, const struct shown *s)
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
    result_text(o, "status", !went_well(s) ? "failed" : s->sent ? "sent" : "planned");
    result_int(o, "attempts", s->sent);
    result_add_text(result_list(o, "instances"), d->instances[0].instance);
    result_text(o, "error", trouble(s));
}

static void add_request(cJSON *list, const struct shown *s)
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
    result_text(o, "error", trouble(s));
}

static cJSON *document(const struct shown *s, size_t n, sd_time at)
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

static const char *request_text(struct doc *d, const struct shown *s)
{
    if (!s->made)
        return doc_text(d, s->err.text);
    const char *outcome = !s->sent           ? ""
                          : went_well(s)     ? "\n\nIt was sent."
                          : *s->answer.error ? doc_printf(d, "\n\nIt failed: %s", s->answer.error)
                                             : "\n\nIt failed.";
    if (s->r.command)
        return doc_printf(d, "run %s with this on its standard input:\n\n%s%s", s->r.shown_url,
                          s->r.shown_body, outcome);
    return doc_printf(d, "POST %s\nContent-Type: application/json\nIdempotency-Key: %s\n\n%s%s",
                      s->r.shown_url, s->r.idempotency, s->r.shown_body, outcome);
}

static struct doc *doc_of(const struct shown *s, size_t n, sd_time at, bool yes)
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

static void send_all(struct shown *s, const struct alert_test *t, const struct payload_about *about)
{
    struct delivery_answer *answers = mem_array(t->n, sizeof *answers);
    notify_send((void *)(uintptr_t)about, t->deliveries, t->n, answers);
    for (size_t i = 0; i < t->n; i++) {
        s[i].sent = s[i].made;
        s[i].answer = answers[i];
    }
    free(answers);
}

int alert_test(struct app *a, const char *alert, sd_time at, bool yes)
{
    struct arena *arena = arena_new();
    struct alert_test t;
    struct sd_error err;
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    const struct payload_about about = {.host = host};
    if (!alert_test_make(&a->config->policy, alert, at, arena, &t, &err)) {
        complain("%s", err.text);
        arena_free(arena);
        return EXIT_USAGE;
    }
    struct shown *s = mem_array(t.n, sizeof *s);
    bool well = true;
    for (size_t i = 0; i < t.n; i++) {
        s[i].d = &t.deliveries[i];
        s[i].after_ns = t.after_ns[i];
        s[i].made = notify_request(&s[i].r, s[i].d, &about, &s[i].err);
    }
    if (yes)
        send_all(s, &t, &about);
    for (size_t i = 0; i < t.n; i++)
        well = well && went_well(&s[i]);
    struct doc *d = doc_of(s, t.n, at, yes);
    int status = output_doc(a, d);
    doc_free(d);
    for (size_t i = 0; i < t.n; i++)
        notify_request_free(&s[i].r);
    free(s);
    arena_free(arena);
    return status == EXIT_FINE && !well ? EXIT_CHECK : status;
}
