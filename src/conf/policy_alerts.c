/* policy_alerts.c - who is told, and what to do first: escalations, receivers, silences, playbooks,
 * heartbeat. The value of a secret is in no sentence. */
#include "conf/policy_reader.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Goes through a mapping of names to something: false at the end, or after a mistake. */
static bool next_named(struct policy_reader *r, const struct tree_node **n, const char *what)
{
    return *n && !policy_stopped(r) && policy_name_fits(r, (*n)->key, what);
}

/* Fewer than of other things: every KPI may name one, and every step of an escalation. */
enum { NAMES_MAX = 1000 };

static size_t count_named(struct policy_reader *r, const struct tree_node *map, const char *what)
{
    size_t n = 0;
    if (map->kind != TREE_MAP)
        policy_wrong(r, map, what, "names, each with what it stands for");
    for (const struct tree_node *c = map->kind == TREE_MAP ? map->child : NULL; c; c = c->next)
        n++;
    if (n > NAMES_MAX)
        policy_mistake(r, map, "%s has %zu names; expected at most %d", what, n, NAMES_MAX);
    return n;
}

/* ---- escalations ---- */

/* Steps at the same time keep their order. */
static void sort_steps(struct goal_step *s, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t k = i; k && s[k - 1].after_ns > s[k].after_ns; k--) {
            struct goal_step swap = s[k];
            s[k] = s[k - 1];
            s[k - 1] = swap;
        }
}

static void read_steps(struct policy_reader *r, const struct tree_node *list, struct goal_escalation *e)
{
    enum { STEPS_MAX = 100 };
    static const char *const KEYS[] = {"after", "to", NULL};
    size_t n;
    if (!policy_list(r, list, "an escalation", "a list of steps such as {after: 5m, to: page}", &n))
        return;
    if (n > STEPS_MAX) {
        policy_mistake(r, list, "an escalation has more than %d steps", STEPS_MAX);
        return;
    }
    struct goal_step *s = arena_alloc(r->arena, (n + 1) * sizeof *s);
    for (const struct tree_node *c = list->child; c && !policy_stopped(r); c = c->next) {
        if (!policy_map(r, c, KEYS, "a step", "after and to"))
            return;
        struct goal_step *x = &s[e->n_steps++];
        x->after_ns = policy_duration(r, c, "after", 0, 0);
        x->to = policy_text(r, c, "to");
        if (!x->to && !policy_stopped(r))
            policy_mistake(r, c, "a step does not say to which receiver; expected to: NAME");
    }
    sort_steps(s, e->n_steps);
    e->steps = s;
}

void policy_read_escalations(struct policy_reader *r, const struct tree_node *map)
{
    size_t n = count_named(r, map, "escalations"), i = 0;
    struct goal_escalation *e = arena_alloc(r->arena, (n + 1) * sizeof *e);
    for (const struct tree_node *c = map->child; next_named(r, &c, "the name of an escalation");
         c = c->next) {
        e[i].name = arena_strdup(r->arena, c->key->text);
        read_steps(r, c, &e[i++]);
    }
    r->policy->escalations = e;
    r->policy->n_escalations = i;
}

/* ---- receivers ---- */

static const char *named_by(struct policy_reader *r, const struct tree_node *n, const char *key,
                            const char *suffix, int *given)
{
    char whole[40];
    snprintf(whole, sizeof whole, "%s%s", key, suffix);
    const char *text = policy_text(r, n, whole);
    *given += text != NULL;
    return text;
}

static bool read_secret(struct policy_reader *r, const struct tree_node *n, const char *key, bool required,
                        struct goal_secret *s)
{
    int given = 0;
    s->value = named_by(r, n, key, "", &given);
    s->file = named_by(r, n, key, "_file", &given);
    s->env = named_by(r, n, key, "_env", &given);
    if (s->file)
        s->file = policy_path(r, s->file);
    if (given > 1)
        policy_mistake(r, n, "%s is given more than once; expected one of %s, %s_file and %s_env", key, key,
                       key, key);
    else if (!given && required && !policy_stopped(r))
        policy_mistake(r, n, "this receiver needs one of %s, %s_file and %s_env", key, key, key);
    return given > 0;
}

static void read_receiver(struct policy_reader *r, const struct tree_node *n, struct goal_receiver *x)
{
    static const char *const KEYS[] = {
        "type",    "url", "url_file", "url_env", "routing_key", "routing_key_file", "routing_key_env",
        "command", NULL};
    static const char *const TYPES[] = {
#define RECEIVER_NAME(UPPER, name) [GOAL_##UPPER] = (name),
        GOAL_RECEIVERS(RECEIVER_NAME)
#undef RECEIVER_NAME
            [GOAL_RECEIVER_N] = NULL};
    if (!policy_map(r, n, KEYS, "a receiver", "keys such as type and url_file"))
        return;
    int type = policy_word(r, n, "type", TYPES, -1);
    if (type < 0) {
        if (!policy_stopped(r))
            policy_mistake(r, n, "a receiver has no type, such as slack");
        return;
    }
    x->type = (enum goal_receiver_type)type;
    bool url = read_secret(r, n, "url", type != GOAL_PAGERDUTY && type != GOAL_COMMAND, &x->url);
    bool key = read_secret(r, n, "routing_key", type == GOAL_PAGERDUTY, &x->routing_key);
    const struct tree_node *command = policy_member(n, "command");
    x->command = policy_words(r, n, "command", NULL);
    if (policy_stopped(r))
        return;
    if (type == GOAL_COMMAND && (!x->command || !x->command[0]))
        policy_mistake(r, n, "this receiver needs command, a list of a program and its arguments");
    else if (type != GOAL_COMMAND && command)
        policy_mistake(r, command, "command belongs to receivers of type command, not %s", TYPES[type]);
    else if (type == GOAL_COMMAND && url)
        policy_mistake(r, n, "a receiver of type command has no url");
    else if (type != GOAL_PAGERDUTY && key)
        policy_mistake(r, n, "routing_key belongs to receivers of type pagerduty, not %s", TYPES[type]);
}

void policy_read_receivers(struct policy_reader *r, const struct tree_node *map)
{
    size_t n = count_named(r, map, "receivers"), i = 0;
    struct goal_receiver *x = arena_alloc(r->arena, (n + 1) * sizeof *x);
    for (const struct tree_node *c = map->child; next_named(r, &c, "the name of a receiver"); c = c->next) {
        x[i] =
            (struct goal_receiver){.name = arena_strdup(r->arena, c->key->text), .line = policy_line(r, c)};
        read_receiver(r, c, &x[i++]);
    }
    r->policy->receivers = x;
    r->policy->n_receivers = i;
}

/* ---- silences ---- */

static const char *const DAYS[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", NULL};

static int day_at(const char **p)
{
    for (int d = 0; DAYS[d]; d++)
        if (!strncasecmp(*p, DAYS[d], 3)) {
            *p += 3;
            return d;
        }
    return -1;
}

/* "Sun", "Mon-Fri", "Sat,Sun": a bit for each day; 0: no day is named; -1: not understood. */
static int days_at(const char **p)
{
    int days = 0;
    if (**p >= '0' && **p <= '9')
        return 0;
    for (;; ++*p) {
        int from = day_at(p), to = from;
        if (from >= 0 && **p == '-') {
            ++*p;
            to = day_at(p);
        }
        if (from < 0 || to < 0)
            return -1;
        for (int d = from;; d = (d + 1) % 7) {
            days |= 1 << d;
            if (d == to)
                break;
        }
        if (**p != ',')
            break;
    }
    return **p == ' ' ? days : -1;
}

/* "02:00", to 24:00; -1. */
static int minute_at(const char **p)
{
    int h, m, len = 0;
    if (sscanf(*p, "%2d:%2d%n", &h, &m, &len) != 2 || len != 5 || strspn(*p, "0123456789:") < 5 || h > 24 ||
        m > 59 || (h == 24 && m))
        return -1;
    *p += len;
    return h * 60 + m;
}

/* "Sun 02:00-04:00"; without a day every day. After midnight it goes on. */
static bool parse_weekly(const char *text, int *days, int *from, int *minutes)
{
    *days = days_at(&text);
    text += strspn(text, " ");
    *from = minute_at(&text);
    int to = *from >= 0 && *text == '-' ? (text++, minute_at(&text)) : -1;
    *minutes = to > *from ? to - *from : to - *from + 24 * 60;
    return *days >= 0 && *from >= 0 && *from < 24 * 60 && to >= 0 && to != *from && !*text;
}

static size_t read_silence(struct policy_reader *r, const struct tree_node *n, struct goal_silence out[7])
{
    static const char *const KEYS[] = {"match", "weekly", "why", NULL};
    struct goal_silence s = {.day = -1};
    const struct tree_node *weekly = policy_member(n, "weekly");
    int days = 0;
    size_t count = 0;
    if (!policy_map(r, n, KEYS, "a silence", "match, weekly and why"))
        return 0;
    policy_match(r, n, &s.match);
    s.why = policy_text(r, n, "why");
    if (policy_stopped(r))
        return 0;
    const struct tree_node *match = policy_member(n, "match");
    if (!match || !match->child) /* an empty one would be all, by mistake */
        policy_mistake(r, n, "a silence needs match, such as {alert: cpu}; {alert: '*'} is all");
    else if (!weekly)
        policy_mistake(r, n, "a silence of a policy needs weekly, such as 'Sun 02:00-04:00'");
    else if (weekly->kind != TREE_SCALAR || !parse_weekly(weekly->text, &days, &s.from_minute, &s.minutes))
        policy_wrong(r, weekly, "weekly",
                     "days and hours in UTC, such as 'Sun 02:00-04:00' or 'Mon-Fri 22:00-06:00'");
    for (int d = 0; d < 7 && days; d++)
        if (days & 1 << d) {
            out[count] = s;
            out[count++].day = d;
        }
    if (!days)
        out[count++] = s;
    return count;
}

void policy_read_silences(struct policy_reader *r, const struct tree_node *list)
{
    size_t n, i = 0;
    if (!policy_list(r, list, "silences", "a list", &n))
        return;
    struct goal_silence *s = NULL;
    size_t cap = 0;
    for (const struct tree_node *c = list->child; c && !policy_stopped(r); c = c->next) {
        struct goal_silence days[7];
        size_t count = read_silence(r, c, days);
        for (size_t k = 0; k < count; k++) {
            s = mem_grow(s, i, &cap, sizeof *s);
            s[i++] = days[k];
        }
    }
    r->policy->silences = arena_copy(r->arena, s, i * sizeof *s);
    r->policy->n_silences = i;
    free(s);
}

/* ---- playbooks ---- */

static void read_play(struct policy_reader *r, const struct tree_node *n, struct goal_play *p)
{
    static const char *const KEYS[] = {"text", "view", "select", NULL};
    if (n->kind == TREE_SCALAR && *n->text) {
        p->text = arena_strdup(r->arena, n->text);
        return;
    }
    if (!policy_map(r, n, KEYS, "a step", "a text, or text and view"))
        return;
    p->text = policy_text(r, n, "text");
    p->view = policy_text(r, n, "view");
    p->select = policy_text(r, n, "select");
    if (!p->text && !policy_stopped(r))
        policy_mistake(r, n, "a step of a playbook has no text");
}

static void read_playbook(struct policy_reader *r, const struct tree_node *n, struct goal_playbook *p)
{
    static const char *const KEYS[] = {"title", "steps", NULL};
    size_t count;
    if (!policy_map(r, n, KEYS, "a playbook", "title and steps"))
        return;
    const char *title = policy_text(r, n, "title");
    p->title = title ? title : p->name;
    const struct tree_node *steps = policy_member(n, "steps");
    if (!steps || !policy_list(r, steps, "steps", "a list", &count)) {
        if (!policy_stopped(r))
            policy_mistake(r, n, "a playbook has no steps");
        return;
    }
    struct goal_play *s = arena_alloc(r->arena, (count + 1) * sizeof *s);
    for (const struct tree_node *c = steps->child; c && !policy_stopped(r); c = c->next)
        read_play(r, c, &s[p->n_steps++]);
    p->steps = s;
}

/* Those compiled in stay, unless one has their name. */
void policy_read_playbooks(struct policy_reader *r, const struct tree_node *map)
{
    size_t n = count_named(r, map, "playbooks"), i = 0;
    struct goal_playbook *p = arena_alloc(r->arena, (n + r->policy->n_playbooks + 1) * sizeof *p);
    for (const struct tree_node *c = map->child; next_named(r, &c, "the name of a playbook"); c = c->next) {
        p[i].name = arena_strdup(r->arena, c->key->text);
        read_playbook(r, c, &p[i++]);
    }
    size_t own = i;
    for (size_t k = 0; k < r->policy->n_playbooks; k++) {
        bool replaced = false;
        for (size_t o = 0; o < own; o++)
            replaced |= !strcmp(p[o].name, r->policy->playbooks[k].name);
        if (!replaced)
            p[i++] = r->policy->playbooks[k];
    }
    r->policy->playbooks = p;
    r->policy->n_playbooks = i;
}

/* ---- heartbeat ---- */

void policy_read_heartbeat(struct policy_reader *r, const struct tree_node *n)
{
    static const char *const KEYS[] = {"to", "every", NULL};
    if (!policy_map(r, n, KEYS, "heartbeat", "to and every"))
        return;
    struct goal_heartbeat *h = &r->policy->heartbeat;
    h->to = policy_text(r, n, "to");
    h->every_ns = policy_duration(r, n, "every", SD_S, h->every_ns);
    if (!h->to && !policy_stopped(r))
        policy_mistake(r, n, "heartbeat does not say to which receiver; expected to: NAME");
}
