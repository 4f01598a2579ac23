/* policy_reader.c - values of a policy with their units, and the sentences about mistakes. */
#include "conf/policy_reader.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/units.h"
#include "base/utf8.h"

/* ---- mistakes ---- */

void policy_mistake(struct policy_reader *r, const struct tree_node *n, const char *fmt, ...)
{
    struct strbuf b = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&b, fmt, ap);
    va_end(ap);
    tree_problem(&r->report, n->line, n->column, "%s", strbuf_text(&b));
    strbuf_free(&b);
}

void policy_wrong(struct policy_reader *r, const struct tree_node *n, const char *what, const char *expected)
{
    policy_mistake(r, n, "%s is %s; expected %s", what,
                   n->kind == TREE_SCALAR ? "not understood" : tree_kind_name(n->kind), expected);
}

void policy_note(struct policy_reader *r, const char *fmt, ...)
{
    enum { NOTES_MAX = 20 };
    struct strbuf b = {0}, safe = {0};
    va_list ap;
    if (r->n_notes > NOTES_MAX)
        return;
    va_start(ap, fmt);
    strbuf_vprintf(&b, fmt, ap);
    va_end(ap);
    utf8_append(&safe, strbuf_text(&b), 1000);
    r->notes = mem_grow(r->notes, r->n_notes, &r->cap_notes, sizeof *r->notes);
    if (r->n_notes < NOTES_MAX)
        r->notes[r->n_notes] = arena_strdup(r->arena, strbuf_text(&safe));
    else
        r->notes[r->n_notes] = "there is more to say about the policy, not listed here";
    r->n_notes++;
    strbuf_free(&safe);
    strbuf_free(&b);
}

int policy_line(const struct policy_reader *r, const struct tree_node *n)
{
    return r->compiled_in ? 0 : n->line;
}

/* ---- collections ---- */

bool policy_is_empty(const struct tree_node *n)
{
    return n->kind == TREE_SCALAR && n->plain &&
           (!*n->text || !strcmp(n->text, "~") || !strcmp(n->text, "null"));
}

const struct tree_node *policy_member(const struct tree_node *map, const char *key)
{
    for (const struct tree_node *k = map->kind == TREE_MAP ? map->child : NULL; k; k = k->next)
        if (!strcmp(k->key->text, key))
            return policy_is_empty(k) ? NULL : k;
    return NULL;
}

static bool known(const char *const *keys, const char *key)
{
    for (; *keys; keys++) {
        size_t len = strlen(*keys);
        bool prefix = (*keys)[len - 1] == '.';
        if (prefix ? !strncmp(*keys, key, len) && key[len] : !strcmp(*keys, key))
            return true;
    }
    return false;
}

bool policy_map(struct policy_reader *r, const struct tree_node *n, const char *const *keys, const char *what,
                const char *expected)
{
    size_t n_keys = 0;
    if (n->kind != TREE_MAP) {
        policy_wrong(r, n, what, expected);
        return false;
    }
    while (keys[n_keys])
        n_keys++;
    for (const struct tree_node *k = n->child; k; k = k->next) {
        if (known(keys, k->key->text))
            continue;
        const char *meant = tree_suggest(k->key->text, keys, n_keys);
        const char *rest = meant && str_ends(meant, ".") ? "KEY" : "";
        policy_mistake(r, k->key, "unknown key \"%.60s\" in %s%s%s%s%s", k->key->text, what,
                       meant ? "; did you mean \"" : "", meant ? meant : "", rest, meant ? "\"?" : "");
        return false;
    }
    return true;
}

bool policy_list(struct policy_reader *r, const struct tree_node *n, const char *what, const char *expected,
                 size_t *count)
{
    *count = 0;
    if (n->kind != TREE_LIST) {
        policy_wrong(r, n, what, expected);
        return false;
    }
    for (const struct tree_node *i = n->child; i; i = i->next)
        ++*count;
    if (*count > POLICY_ITEMS_MAX)
        policy_mistake(r, n, "%s has %zu items; expected at most %d", what, *count, POLICY_ITEMS_MAX);
    return *count <= POLICY_ITEMS_MAX;
}

/* ---- names ---- */

bool policy_name_fits(struct policy_reader *r, const struct tree_node *n, const char *what)
{
    size_t len = n->kind == TREE_SCALAR ? strlen(n->text) : 0;
    if (!len)
        policy_wrong(r, n, what, "a text");
    else if (len > POLICY_NAME_MAX)
        policy_mistake(r, n, "%s has %zu bytes; expected at most %d", what, len, POLICY_NAME_MAX);
    return len && len <= POLICY_NAME_MAX;
}

const char *policy_name(struct policy_reader *r, const struct tree_node *item, const char *what,
                        struct name_index *seen)
{
    const struct tree_node *n = policy_member(item, "name");
    if (!n) {
        policy_mistake(r, item, "%s has no name", what);
        return "";
    }
    if (!policy_name_fits(r, n, "name"))
        return "";
    const char *name = arena_strdup(r->arena, n->text);
    size_t before = seen->n;
    name_index_of(seen, name);
    if (seen->n == before)
        policy_mistake(r, n, "%s named \"%.60s\" is there before; expected each name once", what, name);
    return name;
}

/* ---- values ---- */

const char *policy_text(struct policy_reader *r, const struct tree_node *map, const char *key)
{
    const struct tree_node *n = policy_member(map, key);
    if (n && (n->kind != TREE_SCALAR || !*n->text))
        policy_wrong(r, n, key, "a text");
    return n && n->kind == TREE_SCALAR ? arena_strdup(r->arena, n->text) : NULL;
}

bool policy_duration_of(struct policy_reader *r, const struct tree_node *n, const char *what, int64_t min,
                        int64_t *ns)
{
    struct sd_error err;
    *ns = 0;
    bool ok = n->kind == TREE_SCALAR && unit_parse_duration(n->text, ns, &err) && *ns >= min;
    if (!ok)
        policy_wrong(r, n, what,
                     min > SD_S ? "a duration of 1m and more, such as 30d"
                     : min > 1  ? "a duration of 1s and more, such as 5m"
                                : "a duration such as 50ms");
    return ok;
}

int64_t policy_duration(struct policy_reader *r, const struct tree_node *map, const char *key, int64_t min,
                        int64_t fallback)
{
    const struct tree_node *n = policy_member(map, key);
    int64_t ns;
    return n && policy_duration_of(r, n, key, min, &ns) ? ns : fallback;
}

int64_t policy_bytes(struct policy_reader *r, const struct tree_node *map, const char *key, int64_t fallback)
{
    const struct tree_node *n = policy_member(map, key);
    struct sd_error err;
    int64_t bytes;
    if (!n)
        return fallback;
    if (n->kind == TREE_SCALAR && unit_parse_bytes(n->text, &bytes, &err) && bytes > 0)
        return bytes;
    policy_wrong(r, n, key, "a size such as 200kB");
    return fallback;
}

double policy_number(struct policy_reader *r, const struct tree_node *map, const char *key, double fallback)
{
    const struct tree_node *n = policy_member(map, key);
    double v;
    if (!n)
        return fallback;
    if (n->kind == TREE_SCALAR && num_parse_real(n->text, &v) && v >= 0)
        return v;
    policy_wrong(r, n, key, "a number");
    return fallback;
}

bool policy_parse_share(const char *text, double *share)
{
    size_t len = strlen(text);
    bool percent = len && text[len - 1] == '%';
    if (len > 60)
        return false;
    while (percent && len && (text[len - 1] == '%' || text[len - 1] == ' '))
        len--;
    if (percent && (!len || !isdigit((unsigned char)text[len - 1]) || memchr(text, 'e', len)))
        return false;
    char number[80];
    snprintf(number, sizeof number, "%.*s%s", (int)len, text, percent ? "e-2" : "");
    return num_parse_real(number, share);
}

double policy_share(struct policy_reader *r, const struct tree_node *map, const char *key, double fallback)
{
    const struct tree_node *n = policy_member(map, key);
    double v;
    if (!n)
        return fallback;
    if (n->kind == TREE_SCALAR && policy_parse_share(n->text, &v) && v >= 0 && v <= 1)
        return v;
    policy_wrong(r, n, key, "a share from 0 to 1, such as 0.7 or 70%");
    return fallback;
}

int policy_word(struct policy_reader *r, const struct tree_node *map, const char *key,
                const char *const *words, int fallback)
{
    const struct tree_node *n = policy_member(map, key);
    int i = n && n->kind == TREE_SCALAR ? str_find(words, n->text) : -1;
    if (!n)
        return fallback;
    if (i >= 0)
        return i;
    struct strbuf all = {0};
    size_t count = 0;
    for (; words[count]; count++)
        strbuf_printf(&all, "%s%s", !count ? "" : words[count + 1] ? ", " : " or ", words[count]);
    const char *meant = n->kind == TREE_SCALAR ? tree_suggest(n->text, words, count) : NULL;
    if (meant)
        strbuf_printf(&all, " - did you mean \"%s\"?", meant);
    policy_wrong(r, n, key, strbuf_text(&all));
    strbuf_free(&all);
    return fallback;
}

const char *policy_path(struct policy_reader *r, const char *path)
{
    const char *home = getenv("HOME");
    return str_starts(path, "~/") && home && *home ? arena_printf(r->arena, "%s%s", home, path + 1) : path;
}

const char *const *policy_words(struct policy_reader *r, const struct tree_node *map, const char *key,
                                size_t *n)
{
    const struct tree_node *list = policy_member(map, key);
    size_t count = 0, i = 0;
    if (n)
        *n = 0;
    if (!list || !policy_list(r, list, key, "a list of texts", &count))
        return NULL;
    const char **words = arena_alloc(r->arena, (count + 1) * sizeof *words);
    for (const struct tree_node *w = list->child; w && !policy_stopped(r); w = w->next) {
        if (w->kind != TREE_SCALAR || !*w->text)
            policy_wrong(r, w, "this item", "a text");
        words[i++] = arena_strdup(r->arena, w->text);
    }
    if (n)
        *n = count;
    return words;
}

/* ---- values of signals ---- */

const char *policy_value_form(enum goal_signal s)
{
    const char *unit = goal_signal_unit(s);
    return s == GOAL_METRIC         ? "a number, or one with %, a size or a duration"
           : !strcmp(unit, "ns")    ? "a duration such as 50ms"
           : !strcmp(unit, "share") ? "a share from 0 to 1, such as 0.01 or 1%"
           : !strcmp(unit, "bytes") ? "a size such as 200kB"
                                    : "a number";
}

bool policy_parse_value(const char *text, enum goal_signal s, double *value)
{
    const char *unit = goal_signal_unit(s);
    bool any = s == GOAL_METRIC;
    struct sd_error err;
    int64_t v;
    if (strlen(text) > 60)
        return false;
    if ((any || !*unit || !strcmp(unit, "per_s")) && num_parse_real(text, value))
        return any || *value >= 0;
    if ((any || !strcmp(unit, "share")) && policy_parse_share(text, value))
        return any || (*value >= 0 && *value <= 1);
    if ((any || !strcmp(unit, "bytes")) && unit_parse_bytes(text, &v, &err)) {
        *value = (double)v;
        return v >= 0;
    }
    if ((any || !strcmp(unit, "ns")) && unit_parse_duration(text, &v, &err)) {
        *value = (double)v;
        return v >= 0;
    }
    return false;
}

double policy_value(struct policy_reader *r, const struct tree_node *n, enum goal_signal s, const char *what)
{
    double v;
    if (n->kind == TREE_SCALAR && policy_parse_value(n->text, s, &v))
        return v;
    policy_wrong(r, n, what, policy_value_form(s));
    return (double)NAN;
}

/* ---- match ---- */

void policy_match(struct policy_reader *r, const struct tree_node *map, struct goal_match *out)
{
    static const char *const KEYS[] = {"method",   "route",    "host",    "alert",
                                       "instance", "severity", "labels.", NULL};
    const struct tree_node *m = policy_member(map, "match");
    size_t n = 0;
    if (!m || !policy_map(r, m, KEYS, "match", "keys such as route: /checkout"))
        return;
    out->method = policy_text(r, m, "method");
    out->route = policy_text(r, m, "route");
    out->host = policy_text(r, m, "host");
    out->alert = policy_text(r, m, "alert");
    out->instance = policy_text(r, m, "instance");
    out->severity = policy_text(r, m, "severity");
    for (const struct tree_node *k = m->child; k; k = k->next)
        n += str_starts(k->key->text, "labels.");
    struct goal_label *labels = n ? arena_alloc(r->arena, n * sizeof *labels) : NULL;
    for (const struct tree_node *k = m->child; k && !policy_stopped(r); k = k->next) {
        if (!str_starts(k->key->text, "labels."))
            continue;
        if (k->kind != TREE_SCALAR)
            policy_wrong(r, k, "a label", "a text");
        labels[out->n_labels++] =
            (struct goal_label){.name = arena_strdup(r->arena, k->key->text + strlen("labels.")),
                                .pattern = arena_strdup(r->arena, k->text)};
    }
    out->labels = labels;
}
