/* load_scenario_requests.c - the parts of a scenario that say what is sent and what is expected. */
#include "conf/load_scenario_internal.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/suggest.h"
#include "core/loads/amounts.h"
#include "core/loads/template.h"
#include "core/name_index.h"

void *scenario_array(struct fields_reader *r, const struct tree_node *list, const char *what, size_t size,
                     size_t *n)
{
    *n = 0;
    if (list->kind != TREE_LIST || !list->child) {
        fields_wrong(r, list, what, "a list that is not empty");
        return NULL;
    }
    for (const struct tree_node *i = list->child; i; i = i->next)
        ++*n;
    if (*n > SCENARIO_ITEMS_MAX) {
        tree_problem(&r->report, list->line, list->column, "%s has more than %d items", what,
                     SCENARIO_ITEMS_MAX);
        *n = 0;
        return NULL;
    }
    return arena_alloc(r->arena, *n * size);
}

int scenario_request_named(const struct load_scenario *s, const char *name)
{
    for (size_t i = 0; i < s->n_requests; i++)
        if (!strcmp(s->requests[i].name, name))
            return (int)i;
    return -1;
}

/* ---- requests ---- */

/* Letters of a method or of a header's name (RFC 9110, token). */
static bool is_token(const char *text)
{
    for (const char *p = text; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("!#$%&'*+-.^_`|~", *p))
            return false;
    return *text != 0;
}

static bool has_control(const char *text, bool blank_too)
{
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f || (blank_too && *p == ' '))
            return true;
    return false;
}

static void read_headers(struct fields_reader *r, const struct tree_node *map, struct scenario_request *q)
{
    /* What the generator itself says of the message. */
    static const char *const OWN[] = {"content-length", "transfer-encoding", "connection"};
    if (map->kind != TREE_MAP) {
        fields_wrong(r, map, "headers", "names and their values");
        return;
    }
    for (const struct tree_node *h = map->child; h; h = h->next)
        q->n_headers++;
    const char **headers = arena_alloc(r->arena, (q->n_headers + 1) * sizeof *headers);
    size_t n = 0;
    for (const struct tree_node *h = map->child; h; h = h->next) {
        bool own = false;
        for (size_t i = 0; i < ARRAY_LEN(OWN); i++)
            own |= !strcasecmp(OWN[i], h->key->text);
        if (h->kind != TREE_SCALAR || !is_token(h->key->text) || has_control(h->text, false))
            tree_problem(&r->report, h->key->line, h->key->column, "this header is not understood");
        else if (own)
            tree_problem(&r->report, h->key->line, h->key->column,
                         "the header %s is not the scenario's to set", h->key->text);
        else
            headers[n++] = arena_printf(r->arena, "%s: %s", h->key->text, h->text);
    }
    q->n_headers = n;
    q->headers = headers;
}

static void read_request(struct fields_reader *r, const struct tree_node *n, struct scenario_request *q)
{
    static const struct field FIELDS[] = {
        FIELD("name", TEXT, offsetof(struct scenario_request, name)),
        FIELD("weight", REAL, offsetof(struct scenario_request, weight)),
        FIELD("method", TEXT, offsetof(struct scenario_request, method)),
        FIELD("path", TEXT, offsetof(struct scenario_request, path), .required = true),
        FIELD("headers", OTHER, 0),
        FIELD("body", TEXT, offsetof(struct scenario_request, body))};
    *q = (struct scenario_request){.weight = 1, .method = "GET"};
    fields_read(r, n, FIELDS, ARRAY_LEN(FIELDS), q, "a request");
    if (!q->path || n->kind != TREE_MAP) {
        q->path = "/";
    } else if (*q->path != '/' || has_control(q->path, true)) {
        fields_wrong(r, fields_member(n, "path"), "path", "a path such as /items?page=1, without blanks");
    }
    if (!is_token(q->method))
        fields_wrong(r, fields_member(n, "method"), "method", "a word such as POST");
    if (n->kind == TREE_MAP && fields_member(n, "headers"))
        read_headers(r, fields_member(n, "headers"), q);
    if (!q->name || !*q->name)
        q->name = arena_printf(r->arena, "%s %s", q->method, q->path);
    if (strlen(q->path) > 65536 || strlen(q->name) > 4096 || (q->body && strlen(q->body) > SCENARIO_TEXT_MAX))
        tree_problem(&r->report, n->line, n->column, "a text of this request is too long");
}

static void names_differ(struct fields_reader *r, const struct tree_node *list, const struct load_scenario *s)
{
    struct name_index seen = {0};
    for (size_t i = 0; i < s->n_requests && !r->report.n; i++)
        if (name_index_of(&seen, s->requests[i].name) != i)
            tree_problem(&r->report, list->line, list->column, "two requests are named \"%.60s\"",
                         s->requests[i].name);
    name_index_free(&seen);
}

void scenario_requests(struct fields_reader *r, const struct tree_node *root, struct load_scenario *s)
{
    const struct tree_node *list = fields_member(root, "requests");
    double weight = 0;
    if (!list) {
        tree_problem(&r->report, root->line, root->column, "the scenario has no requests");
        return;
    }
    struct scenario_request *requests = scenario_array(r, list, "requests", sizeof *requests, &s->n_requests);
    struct scenario_request *at = requests;
    for (const struct tree_node *i = requests ? list->child : NULL; i; i = i->next, at++) {
        read_request(r, i, at);
        weight += at->weight;
    }
    s->requests = requests;
    if (!requests || r->report.n)
        return;
    names_differ(r, list, s);
    if (!(weight > 0) && !fields_member(root, "sequences"))
        tree_problem(&r->report, list->line, list->column, "all weights are 0: there is nothing to send");
    if (!(weight < 1e15))
        tree_problem(&r->report, list->line, list->column, "the weights are too large");
}

/* ---- sequences ---- */

struct step_text {
    const char *request;
    int64_t think_ns;
};

static void read_step(struct fields_reader *r, const struct tree_node *n, const struct name_index *requests,
                      struct load_sequence_step *out)
{
    static const struct field FIELDS[] = {
        FIELD("request", TEXT, offsetof(struct step_text, request), .required = true),
        FIELD("think", DURATION, offsetof(struct step_text, think_ns))};
    struct step_text t = {.request = "", .think_ns = SD_UNKNOWN};
    fields_read(r, n, FIELDS, ARRAY_LEN(FIELDS), &t, "a step");
    uint32_t index = name_index_find(requests, t.request);
    if (index == NAME_NONE && !r->report.n)
        tree_problem(&r->report, n->line, n->column, "no request is named \"%.60s\"", t.request);
    *out = (struct load_sequence_step){.request = index, .think_ns = t.think_ns};
}

static void read_sequence(struct fields_reader *r, const struct tree_node *n,
                          const struct name_index *requests, struct load_sequence *q)
{
    static const struct field FIELDS[] = {FIELD("name", TEXT, offsetof(struct load_sequence, name)),
                                          FIELD("weight", REAL, offsetof(struct load_sequence, weight)),
                                          FIELD("steps", OTHER, 0, .required = true)};
    *q = (struct load_sequence){.name = "", .weight = 1};
    fields_read(r, n, FIELDS, ARRAY_LEN(FIELDS), q, "a sequence");
    const struct tree_node *list = n->kind == TREE_MAP ? fields_member(n, "steps") : NULL;
    if (!list)
        return;
    struct load_sequence_step *steps = scenario_array(r, list, "steps", sizeof *steps, &q->n_steps);
    struct load_sequence_step *at = steps;
    for (const struct tree_node *i = steps ? list->child : NULL; i; i = i->next)
        read_step(r, i, requests, at++);
    q->steps = steps;
}

void scenario_sequences(struct fields_reader *r, const struct tree_node *root, struct load_scenario *s)
{
    const struct tree_node *list = fields_member(root, "sequences");
    double weight = 0;
    if (!list || r->report.n)
        return;
    if (s->model != LOAD_CLOSED)
        tree_problem(&r->report, list->line, list->column,
                     "sequences belong to users: they need `model: closed`");
    struct load_sequence *q = scenario_array(r, list, "sequences", sizeof *q, &s->n_sequences);
    struct load_sequence *at = q;
    struct name_index requests = {0};
    for (size_t i = 0; i < s->n_requests; i++)
        name_index_of(&requests, s->requests[i].name);
    for (const struct tree_node *i = q ? list->child : NULL; i; i = i->next, at++) {
        read_sequence(r, i, &requests, at);
        weight += at->weight;
    }
    name_index_free(&requests);
    s->sequences = q;
    if (q && !r->report.n && !(weight > 0 && weight < 1e15))
        tree_problem(&r->report, list->line, list->column, "the weights of the sequences are not understood");
}

/* ---- what is expected ---- */

static void unknown_name(struct fields_reader *r, const struct tree_node *n, const struct load_scenario *s,
                         const char *name)
{
    struct suggest near = {.word = name};
    for (size_t i = 0; i < MIN(s->n_requests, 1000); i++)
        suggest_try(&near, s->requests[i].name);
    tree_problem(&r->report, n->line, n->column, "no request is named \"%.60s\"%s%.60s%s", name,
                 near.best ? "; did you mean \"" : "", near.best ? near.best : "", near.best ? "\"?" : "");
}

void scenario_thresholds(struct fields_reader *r, const struct tree_node *root, struct load_scenario *s)
{
    const struct tree_node *list = fields_member(root, "thresholds");
    struct sd_error err;
    char name[4200];
    if (!list || (list->kind == TREE_LIST && !list->child))
        return;
    struct load_threshold *all = scenario_array(r, list, "thresholds", sizeof *all, &s->n_thresholds);
    struct load_threshold *at = all;
    for (const struct tree_node *i = all ? list->child : NULL; i; i = i->next, at++) {
        if (i->kind != TREE_SCALAR) {
            fields_wrong(r, i, "a threshold", "a text such as p99 < 200ms");
            continue;
        }
        at->expression = arena_strdup(r->arena, i->text);
        if (!load_threshold_parse(i->text, at, name, sizeof name, &err))
            tree_problem(&r->report, i->line, i->column, "%s", err.text);
        else if (*name && (at->request = scenario_request_named(s, name)) < 0)
            unknown_name(r, i, s, name);
    }
    s->thresholds = all;
}

static bool read_range(const char *text, struct load_status_range *out)
{
    int64_t lo, hi;
    struct sd_error err;
    const char *dash = strchr(text, '-');
    char first[16];
    snprintf(first, sizeof first, "%.*s", (int)(dash ? MIN(dash - text, 15) : 15), text);
    if (!amount_whole(first, 100, 999, &lo, &err) ||
        !amount_whole(dash ? dash + 1 : text, lo, 999, &hi, &err))
        return false;
    *out = (struct load_status_range){(int)lo, (int)hi};
    return true;
}

void scenario_errors(struct fields_reader *r, const struct tree_node *root, struct load_scenario *s)
{
    static const struct load_status_range USUAL[] = {{400, 599}};
    const struct tree_node *list = fields_member(root, "errors");
    s->errors = USUAL;
    s->n_errors = 1;
    if (!list)
        return;
    s->n_errors = 0;
    if (list->kind == TREE_LIST && !list->child) /* no status is a failure */
        return;
    struct load_status_range *all = scenario_array(r, list, "errors", sizeof *all, &s->n_errors);
    struct load_status_range *at = all;
    for (const struct tree_node *i = all ? list->child : NULL; i; i = i->next, at++)
        if (i->kind != TREE_SCALAR || !read_range(i->text, at))
            fields_wrong(r, i, "an item of errors", "a status such as 503, or a range such as 400-599");
    s->errors = all;
}

/* ---- holes ---- */

static void holes_of(struct fields_reader *r, const struct tree_node *n, const struct load_scenario *s,
                     const char *text)
{
    struct load_piece piece;
    while (text && load_piece_next(&text, &piece)) {
        bool known = piece.kind != LOAD_PIECE_USER;
        for (size_t c = 0; c < s->credentials.n_columns && !known; c++)
            known = strlen(s->credentials.columns[c]) == piece.len &&
                    !memcmp(s->credentials.columns[c], piece.text, piece.len);
        if (!known)
            tree_problem(&r->report, n->line, n->column, "{user.%.*s}: %s", (int)MIN(piece.len, 60),
                         piece.text,
                         s->credentials.n_columns ? "the credentials have no such column"
                                                  : "the scenario names no credentials");
    }
}

void scenario_holes(struct fields_reader *r, const struct tree_node *root, const struct load_scenario *s)
{
    const struct tree_node *n = fields_member(root, "requests")->child;
    for (size_t i = 0; i < s->n_requests; i++, n = n->next) {
        const struct scenario_request *q = &s->requests[i];
        holes_of(r, n, s, q->path);
        holes_of(r, n, s, q->body);
        for (size_t h = 0; h < q->n_headers; h++)
            holes_of(r, n, s, q->headers[h]);
    }
}
