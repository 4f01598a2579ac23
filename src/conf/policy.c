/* policy.c - where a policy is found, its sections, and what one says of another. */
#include "conf/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/trust.h"
#include "conf/config.h"
#include "conf/policy_reader.h"

static const char DEFAULT[] =
#include "default-policy.inc"
    ;

const char *policy_default_text(void)
{
    return DEFAULT;
}

/* In the order in which they are read: targets have the units of kpis. */
static const struct {
    const char *name;
    void (*read)(struct policy_reader *r, const struct tree_node *n);
} SECTIONS[] = {
    {"kpis", policy_read_kpis},
    {"slos", policy_read_slos},
    {"escalations", policy_read_escalations},
    {"receivers", policy_read_receivers},
    {"silences", policy_read_silences},
    {"playbooks", policy_read_playbooks},
    {"budgets", policy_read_budgets},
    {"tolerance", policy_read_tolerance},
    {"hops", policy_read_hops},
    {"costs", policy_read_costs},
    {"efforts", policy_read_efforts},
    {"targets", policy_read_targets},
    {"roadmap", policy_read_roadmap},
    {"history", policy_read_history},
    {"heartbeat", policy_read_heartbeat},
};

static void read_sections(struct policy_reader *r, const struct tree_node *root)
{
    const char *names[ARRAY_LEN(SECTIONS) + 1] = {NULL};
    for (size_t i = 0; i < ARRAY_LEN(SECTIONS); i++)
        names[i] = SECTIONS[i].name;
    if (!policy_map(r, root, names, "a policy", "sections such as kpis:"))
        return;
    for (size_t i = 0; i < ARRAY_LEN(SECTIONS) && !policy_stopped(r); i++) {
        const struct tree_node *n = policy_member(root, SECTIONS[i].name);
        if (n)
            SECTIONS[i].read(r, n);
    }
}

/* ---- what one section says of another ---- */

static void note_step(struct policy_reader *r, const struct goal_escalation *e, const char *to)
{
    if (!policy_receiver(r->policy, to))
        policy_note(r, "escalation %.100s: there is no receiver \"%.100s\"; nothing is sent in that step",
                    e->name, to);
}

static void note_reference(struct policy_reader *r, const char *of, const char *playbook,
                           const char *escalation)
{
    if (playbook && !policy_playbook(r->policy, playbook))
        policy_note(r, "%.100s: there is no playbook \"%.100s\"", of, playbook);
    if (escalation && !policy_has_escalation(r->policy, escalation))
        policy_note(r, "%.100s: there is no escalation \"%.100s\"; the one of its severity is used", of,
                    escalation);
}

/* Names that nothing has are no mistakes: a policy may be written before all of it is there. */
static void note_references(struct policy_reader *r)
{
    const struct goal_policy *p = r->policy;
    for (size_t i = 0; i < p->n_escalations && p->n_receivers; i++)
        for (size_t k = 0; k < p->escalations[i].n_steps; k++)
            note_step(r, &p->escalations[i], p->escalations[i].steps[k].to);
    for (size_t i = 0; i < p->n_kpis; i++)
        note_reference(r, p->kpis[i].name, p->kpis[i].playbook, p->kpis[i].alert.escalation);
    for (size_t i = 0; i < p->n_slos; i++)
        note_reference(r, p->slos[i].name, p->slos[i].playbook, p->slos[i].escalation);
    if (p->heartbeat.to && !policy_receiver(p, p->heartbeat.to))
        policy_note(r, "heartbeat: there is no receiver \"%.100s\"; it is not sent", p->heartbeat.to);
}

/* The alerts of an objective are NAME/critical and NAME/warning; a KPI's has the name of the KPI. */
static void check_alert_names(struct policy_reader *r)
{
    const struct goal_policy *p = r->policy;
    struct name_index kpis = {0};
    for (size_t i = 0; i < p->n_kpis; i++)
        name_index_of(&kpis, p->kpis[i].name);
    for (size_t i = 0; i < p->n_slos && !policy_stopped(r); i++)
        for (int s = 0; POLICY_SEVERITIES[s]; s++) {
            char *alert = mem_printf("%s/%s", p->slos[i].name, POLICY_SEVERITIES[s]);
            uint32_t k = name_index_find(&kpis, alert);
            if (k != NAME_NONE)
                tree_problem(&r->report, p->kpis[k].line, 1,
                             "the KPI \"%.60s\" has the name of an alert of the objective \"%.60s\"", alert,
                             p->slos[i].name);
            free(alert);
            if (policy_stopped(r))
                break;
        }
    name_index_free(&kpis);
}

/* ---- reading ---- */

static void keep_first(void *ctx, const char *sentence)
{
    struct policy_reader *r = ctx;
    if (!*r->first)
        snprintf(r->first, sizeof r->first, "%s", sentence);
}

/* Of several documents one is the policy itself; objectives of other programs may stand beside it. */
static void read_documents(struct policy_reader *r, const struct tree_node *documents)
{
    const struct tree_node *own = NULL;
    struct policy_slos foreign = {.items = NULL};
    for (const struct tree_node *d = documents; d && !policy_stopped(r); d = d->next) {
        if (policy_foreign(r, d, &foreign))
            continue;
        if (own)
            policy_mistake(r, d, "a second policy begins here; expected one, and objectives beside it");
        else
            read_sections(r, own = d);
    }
    if (foreign.other && !foreign.n && !own && !policy_stopped(r))
        policy_mistake(r, foreign.other, "there is no objective in this file; expected kind: SLO");
    if (foreign.n && !policy_stopped(r)) {
        if (own && policy_member(own, "slos"))
            policy_mistake(r, own, "slos are here and in documents of their own; expected one of both");
        r->policy->slos = arena_copy(r->arena, foreign.items, foreign.n * sizeof *foreign.items);
        r->policy->n_slos = foreign.n;
    }
    name_index_free(&foreign.names);
    free(foreign.items);
}

static void read_text(struct policy_reader *r, const char *name, const char *text, size_t len)
{
    struct arena *tree = arena_new();
    r->report = (struct tree_report){.file = name, .problem = keep_first, .ctx = r};
    const struct tree_node *documents = tree_read_large(tree, text, len, &r->report);
    if (!policy_stopped(r))
        read_documents(r, documents);
    arena_free(tree);
}

bool policy_read_text(struct goal_policy *p, const char *name, const char *text, size_t len,
                      struct sd_error *err)
{
    *p = (struct goal_policy){.arena = arena_new(), .size_tolerance = (double)NAN};
    struct policy_reader r = {.arena = p->arena, .policy = p, .compiled_in = true};
    read_text(&r, "the compiled-in policy", DEFAULT, sizeof DEFAULT - 1);
    r.compiled_in = false;
    if (!policy_stopped(&r) && len) {
        p->file = arena_strdup(p->arena, name);
        read_text(&r, name, text, len);
    }
    if (!policy_stopped(&r))
        check_alert_names(&r);
    if (!policy_stopped(&r))
        note_references(&r);
    p->notes = arena_copy(p->arena, r.notes, r.n_notes * sizeof *r.notes);
    p->n_notes = r.n_notes;
    free(r.notes);
    if (!policy_stopped(&r))
        return true;
    policy_free(p);
    return fail(err, "%s", r.first);
}

void policy_free(struct goal_policy *p)
{
    if (p->arena)
        arena_free(p->arena);
    *p = (struct goal_policy){0};
}

/* ---- where it is found ---- */

static bool read_trusted(struct goal_policy *p, const char *path, struct sd_error *err)
{
    char *text = NULL;
    size_t len = 0;
    bool ok = trust_read("policy", path, TREE_LARGE_BYTES_MAX, &text, &len, err) &&
              policy_read_text(p, path, text, len, err);
    free(text);
    return ok;
}

/* What a checkout holds is whoever's: it is read all the same, but only a file, so that nothing is waited
 * for. */
static bool read_untrusted(struct goal_policy *p, const char *path, struct sd_error *err)
{
    char *text = NULL;
    size_t len = 0;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return fail(err, "cannot open %s: %s", path, strerror(errno));
    bool ok = (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) || fail(err, "%s is no regular file", path);
    ok = ok && file_read_fd(fd, path, TREE_LARGE_BYTES_MAX, &text, &len, err) &&
         policy_read_text(p, path, text, len, err);
    close(fd);
    free(text);
    return ok;
}

/* Nothing that it could send with, or run, is kept. */
static void disarm(struct goal_policy *p)
{
    struct goal_receiver *x = arena_copy(p->arena, p->receivers, p->n_receivers * sizeof *x);
    for (size_t i = 0; i < p->n_receivers; i++)
        x[i] = (struct goal_receiver){.name = x[i].name, .type = x[i].type, .line = x[i].line};
    p->receivers = x;
    p->of_folder = true;
}

bool policy_find(struct goal_policy *p, const char *given, enum policy_place place, struct sd_error *err)
{
    static const char IN_FOLDER[] = "slowdive-policy.yaml";
    *p = (struct goal_policy){0};
    if (given) {
        bool ok = read_trusted(p, given, err);
        p->named = ok;
        return ok;
    }
    if (place == POLICY_OF_FOLDER && access(IN_FOLDER, F_OK) == 0) {
        if (!read_untrusted(p, IN_FOLDER, err))
            return false;
        disarm(p);
        return true;
    }
    char *folder = config_folder(), *path = folder ? mem_printf("%s/policy.yaml", folder) : NULL;
    bool there = path && access(path, F_OK) == 0;
    bool ok = there ? read_trusted(p, path, err) : policy_read_text(p, "", "", 0, err);
    free(path);
    free(folder);
    return ok;
}
