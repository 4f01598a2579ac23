/* alert_actions.c - what a person does about an alert: acknowledge it, hold it back for a while, try the way
 * to the receivers. The program does it, on the state that evaluations go on from; nothing is sent by it but
 * a test, and that only after its requests were shown. */
#include "base/clock.h"
#include "base/units.h"
#include "core/doc.h"
#include "view/action.h"
#include "view/goals/alert_look.h"
#include "view/goals/alert_rows.h"
#include "view/goals/alerts.h"

#include <string.h>

#define GROUP "Alerts"

/* ---- what is selected ---- */

static bool is_of(const struct section *s, const struct row *r)
{
    if (s->kind != SECTION_TABLE)
        return false;
    for (size_t i = 0; i < s->table.n_rows; i++)
        if (s->table.rows[i].cells == r->cells)
            return true;
    return false;
}

/* The row of an alert, or of a silence; NULL: none is selected. */
static const struct row *selected(const struct action_ctx *c, bool silence)
{
    for (size_t i = 0; c->on == &alerts_view && c->row && i < c->doc->n_sections; i++) {
        const struct section *s = &c->doc->sections[i];
        if ((silence ? str_eq(s->title, ALERT_SILENCES) : str_eq(s->key, "rows")) && is_of(s, c->row))
            return c->row;
    }
    return NULL;
}

static const char *text_of(const struct row *r, size_t column)
{
    const struct cell *x = &r->cells[column];
    return x->type == CELL_TEXT && x->s && *x->s ? x->s : NULL;
}

static bool has_alert(const struct action_ctx *c, struct sd_error *why)
{
    return selected(c, false) || fail(why, "Select an alert first: the view alerts lists them");
}

static const char *folder_of(const struct action_ctx *c)
{
    return c->view.alerts_known && c->view.alerts_known->folder ? c->view.alerts_known->folder
                                                                : "the folder of the state";
}

static void fact_alert(const struct action_ctx *c, struct outcome *out, const struct row *r)
{
    char at[CLOCK_TEXT_MAX];
    outcome_fact(out, "Alert", text_of(r, A_alert));
    outcome_fact(out, "Instance", text_of(r, A_instance));
    outcome_fact(out, "State",
                 arena_printf(out->arena, "%s since %s: %s, limit %s", text_of(r, A_state),
                              clock_hms(r->cells[A_since].i, c->now, at), text_of(r, A_is),
                              text_of(r, A_limit)));
}

/* ---- acknowledging ---- */

static bool can_ack(const struct action_ctx *c, struct sd_error *why)
{
    if (!has_alert(c, why))
        return false;
    const struct row *r = selected(c, false);
    if (!str_eq(text_of(r, A_state), "firing"))
        return fail(why, "%s does not fire: there is nothing to acknowledge", text_of(r, A_alert));
    if (!alerts_state(&c->view))
        return fail(why,
                    "Nobody is told of this alert, so there is nothing to acknowledge: no evaluation has "
                    "written a state into %s",
                    folder_of(c));
    if (r->cells[A_acked_at].type == CELL_INT && sd_known(r->cells[A_acked_at].i))
        return fail(why, "%s is acknowledged already: the first one has it", text_of(r, A_alert));
    return true;
}

/* The incident, which stays the same while a name is typed. */
static void run_ack(const struct action_ctx *c, struct outcome *out)
{
    const struct row *r = selected(c, false);
    const char *by = c->arg ? c->arg : c->answered ? c->typed : NULL;
    const char *incident = c->answered ? c->typed_for : r ? text_of(r, A_incident) : NULL;
    if (!incident) {
        outcome_message(out, SEVERITY_INFO, "This alert has no incident yet; the next evaluation opens it");
        return;
    }
    if (!by) {
        out->prompt.label = "Your name, for the others: ";
        out->prompt.about = arena_strdup(out->arena, incident);
        out->prompt.hint = "Who looks after it; it may be empty (Esc cancels)";
        return;
    }
    out->question = (struct question_text){
        .title = "Acknowledge this alert?",
        .what = "No further steps of its escalation are sent. It is told when it is over.",
    };
    outcome_fact(out, "Incident", incident);
    outcome_fact(out, "By", by);
    outcome_fact(out, "State", folder_of(c));
    out->errand = (struct errand){.name = "alert-ack",
                                  .args = {arena_strdup(out->arena, incident), arena_strdup(out->arena, by)}};
}

/* ---- silences ---- */

static void add_value(struct strbuf *b, const char *key, const char *value)
{
    strbuf_printf(b, "%s%s=", b->len ? "," : "", key);
    for (const char *p = value; *p; p++) {
        if (*p == ',' || *p == '\\')
            strbuf_char(b, '\\');
        strbuf_char(b, *p);
    }
}

/* What matches the alert, and only that instance. */
static const char *match_of(struct outcome *out, const struct row *r)
{
    struct strbuf b = {0};
    add_value(&b, "alert", text_of(r, A_alert));
    if (text_of(r, A_instance))
        add_value(&b, "instance", text_of(r, A_instance));
    const char *match = arena_strdup(out->arena, strbuf_text(&b));
    strbuf_free(&b);
    return match;
}

/* "2h deploy of the index": how long, and why. */
static bool split_silence(struct outcome *out, const char *text, const char **length, const char **why,
                          struct sd_error *err)
{
    int64_t ns;
    size_t skip = strspn(text, " "), n = strcspn(text + skip, " ");
    char *word = arena_printf(out->arena, "%.*s", (int)MIN(n, (size_t)60), text + skip);
    *length = word;
    *why = arena_strdup(out->arena, text + skip + n + strspn(text + skip + n, " "));
    if (!unit_parse_duration(word, &ns, err) || ns <= 0)
        return fail(err, "\"%s\" is no duration above 0; write how long and why, such as 2h deploy", word);
    return true;
}

static void run_silence(const struct action_ctx *c, struct outcome *out)
{
    const struct row *r = selected(c, false);
    const char *given = c->arg ? c->arg : c->answered ? c->typed : NULL, *length, *why;
    const char *match = c->answered ? c->typed_for : r ? match_of(out, r) : NULL;
    struct sd_error err;
    if (!match)
        return;
    if (!given) {
        out->prompt.label = "How long, and why: ";
        out->prompt.about = match;
        out->prompt.text = "1h ";
        out->prompt.hint = "Nothing is sent about it for that time: 2h deploy (Esc cancels)";
        return;
    }
    if (!split_silence(out, given, &length, &why, &err)) {
        outcome_message(out, SEVERITY_WARN, "%s", err.text);
        return;
    }
    out->question = (struct question_text){
        .title = "Silence this alert?",
        .what =
            "Nothing is sent about it for that time. If it still fires then, the escalation begins where it "
            "stood.",
    };
    outcome_fact(out, "Matches", match);
    outcome_fact(out, "For", length);
    outcome_fact(out, "Why", why);
    outcome_fact(out, "State", folder_of(c));
    out->errand =
        (struct errand){.name = "alert-silence", .args = {arena_strdup(out->arena, match), length, why}};
}

static bool can_unsilence(const struct action_ctx *c, struct sd_error *why)
{
    const struct row *r = selected(c, false);
    if (selected(c, true) || (r && text_of(r, A_silence)))
        return true;
    if (r && r->cells[A_until].type == CELL_INT && sd_known(r->cells[A_until].i))
        return fail(why, "This silence is a weekly one of the policy, which only its file can end");
    return fail(why, r ? "Nothing silences this alert" : "Select a silenced alert, or a silence, first");
}

static void run_unsilence(const struct action_ctx *c, struct outcome *out)
{
    const struct row *r = selected(c, true);
    const char *id = r ? text_of(r, 0) : NULL;
    if (!r && (r = selected(c, false)))
        id = text_of(r, A_silence);
    if (!id)
        return;
    out->question = (struct question_text){
        .title = "End this silence?",
        .what = "What fires and was held back by it is told from the next evaluation on.",
    };
    outcome_fact(out, "Silence", id);
    if (selected(c, true)) {
        outcome_fact(out, "Matches", text_of(r, 1));
        outcome_fact(out, "Why", text_of(r, 3));
    } else {
        fact_alert(c, out, r);
        outcome_fact(out, "Note", text_of(r, A_note));
    }
    outcome_fact(out, "State", folder_of(c));
    out->errand = (struct errand){.name = "alert-unsilence", .args = {arena_strdup(out->arena, id)}};
}

/* ---- the way to the receivers ---- */

static void run_test(const struct action_ctx *c, struct outcome *out)
{
    const struct row *r = selected(c, false);
    if (r)
        out->errand =
            (struct errand){.name = "alert-test", .args = {arena_strdup(out->arena, text_of(r, A_alert))}};
}

static const struct view_action ACK = {
    .name = "ack",
    .keys = "i",
    .group = GROUP,
    .help = "acknowledge the selected alert: no further steps are sent (asks)",
    .args = "NAME",
    .args_help = "acknowledge the selected alert as NAME",
    .enabled = can_ack,
    .run = run_ack,
};

static const struct view_action SILENCE = {
    .name = "silence",
    .keys = "~",
    .group = GROUP,
    .help = "silence the selected alert for some time (asks)",
    .args = "DURATION [WHY]",
    .args_help = "silence the selected alert",
    .enabled = has_alert,
    .run = run_silence,
};

static const struct view_action UNSILENCE = {
    .name = "unsilence",
    .keys = "^",
    .group = GROUP,
    .help = "end the selected silence, or the one of the selected alert (asks)",
    .enabled = can_unsilence,
    .run = run_unsilence,
};

static const struct view_action TEST = {
    .name = "alert-test",
    .keys = "@",
    .group = GROUP,
    .help = "try the way to the receivers of the selected alert: shows the requests, then asks",
    .enabled = has_alert,
    .run = run_test,
};

const struct view_action *const alert_actions[] = {&ACK, &SILENCE, &UNSILENCE, &TEST, NULL};
