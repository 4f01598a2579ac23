/* action.c - the action and command tables, and key bindings. */
#include "conf/action.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In the order of the list, the last one always last. */
#define GROUP_TITLE(UPPER, title) static const char GROUP_##UPPER[] = title;
ACTION_GROUPS(GROUP_TITLE)
#undef GROUP_TITLE

static const char *const GROUPS[] = {
#define GROUP_ROW(UPPER, title) GROUP_##UPPER,
    ACTION_GROUPS(GROUP_ROW)
#undef GROUP_ROW
};

static const struct action_info GENERAL[ACTION_END] = {
#define ACTION_ROW(UPPER, n, g, k, b, h)                                                                     \
    [ACTION_##UPPER] = {.name = n, .group = GROUP_##g, .keys = k, .bar = b, .help = h},
    ACTIONS(ACTION_ROW)
#undef ACTION_ROW
};

const struct command_info COMMAND_INFO[COMMAND_END] = {
#define COMMAND_ROW(n, a, h) [COMMAND_##n] = {.name = #n, .args = a, .help = h},
    COMMANDS(COMMAND_ROW)
#undef COMMAND_ROW
};

int action_end(const struct action_table *t)
{
    return ACTION_END + (t ? (int)t->n : 0);
}

const struct action_info *action_at(const struct action_table *t, int action)
{
    if (action <= ACTION_NONE || action >= action_end(t))
        return NULL;
    return action < ACTION_END ? &GENERAL[action] : &t->rows[action - ACTION_END];
}

int action_named(const struct action_table *t, const char *name)
{
    for (int a = ACTION_NONE + 1; a < action_end(t); a++)
        if (str_eq(action_at(t, a)->name, name))
            return a;
    return ACTION_NONE;
}

/* Where the action stands among the groups: those of other titles before the last, in
 * the order in which they occur. */
static int group_rank(const struct action_table *t, int action)
{
    const char *title = action_at(t, action)->group;
    int last = (int)ARRAY_LEN(GROUPS) - 1;
    for (int g = 0; g <= last; g++)
        if (str_eq(GROUPS[g], title))
            return g < last ? g : INT_MAX;
    for (int a = ACTION_END; a < action; a++)
        if (str_eq(action_at(t, a)->group, title))
            return group_rank(t, a);
    return action;
}

int action_next(const struct action_table *t, int action)
{
    int best = ACTION_NONE, best_rank = 0;
    int rank = action ? group_rank(t, action) : -1;
    for (int a = ACTION_NONE + 1; a < action_end(t); a++) {
        int r = group_rank(t, a);
        bool after = r > rank || (r == rank && a > action);
        if (after && (!best || r < best_rank)) {
            best = a;
            best_rank = r;
        }
    }
    return best;
}

bool command_at(const struct action_table *t, size_t i, struct command_info *out)
{
    if (i < COMMAND_END - 1) {
        *out = COMMAND_INFO[i + 1];
        return true;
    }
    i -= COMMAND_END - 1;
    for (int a = ACTION_NONE + 1; a < action_end(t); a++) {
        const struct action_info *info = action_at(t, a);
        if (!info->args || i-- > 0)
            continue;
        *out = (struct command_info){.name = info->name, .args = info->args, .help = info->args_help};
        return true;
    }
    return false;
}

/* ---- key bindings ---- */

struct binding {
    key_code key;
    int action;
};

struct keymap {
    const struct action_table *actions;
    struct binding *items; /* in the order of binding */
    size_t n, cap;
};

/* More keys for one action are a mistake; it also bounds the work of a bind. */
enum { KEYS_PER_ACTION = 16 };

struct keymap *keymap_new(const struct action_table *t)
{
    struct keymap *k = mem_alloc(sizeof *k);
    k->actions = t;
    for (int a = ACTION_NONE + 1; a < action_end(t); a++)
        keymap_bind(k, a, action_at(t, a)->keys, NULL);
    return k;
}

const struct action_table *keymap_actions(const struct keymap *k)
{
    return k->actions;
}

void keymap_free(struct keymap *k)
{
    if (!k)
        return;
    free(k->items);
    free(k);
}

static bool parse_keys(const char *keys, key_code *out, size_t *n, struct sd_error *err)
{
    *n = 0;
    for (const char *p = keys + strspn(keys, " "); *p; p += strspn(p, " ")) {
        size_t len = strcspn(p, " ");
        char name[32];
        snprintf(name, sizeof name, "%.*s", (int)MIN(len, sizeof name - 1), p);
        key_code key;
        if (len >= sizeof name || !key_parse(name, &key))
            return fail(err,
                        "there is no key named \"%s\"; expected a character, Enter, Esc, F1, PgUp, C-x, M-x "
                        "or the like",
                        name);
        if (*n == KEYS_PER_ACTION)
            return fail(err, "an action takes at most %d keys", KEYS_PER_ACTION);
        out[(*n)++] = key;
        p += len;
    }
    return true;
}

static void unbind(struct keymap *k, int action, key_code key)
{
    size_t kept = 0;
    for (size_t i = 0; i < k->n; i++) {
        if (k->items[i].action != action && k->items[i].key != key)
            k->items[kept++] = k->items[i];
    }
    k->n = kept;
}

bool keymap_bind(struct keymap *k, int action, const char *keys, struct sd_error *err)
{
    key_code parsed[KEYS_PER_ACTION];
    size_t n;
    if (!action_at(k->actions, action))
        return fail(err, "there is no such action");
    if (!parse_keys(keys, parsed, &n, err))
        return false;
    unbind(k, action, K_NONE);
    for (size_t i = 0; i < n; i++) {
        unbind(k, ACTION_NONE, parsed[i]);
        k->items = mem_grow(k->items, k->n, &k->cap, sizeof *k->items);
        k->items[k->n++] = (struct binding){.key = parsed[i], .action = action};
    }
    return true;
}

int keymap_lookup(const struct keymap *k, key_code key)
{
    for (size_t i = 0; i < k->n; i++) {
        if (k->items[i].key == key)
            return k->items[i].action;
    }
    return ACTION_NONE;
}

char *keymap_keys(const struct keymap *k, int action, char *buf, size_t size)
{
    size_t used = 0;
    if (size == 0)
        return buf;
    buf[0] = '\0';
    for (size_t i = 0; i < k->n; i++) {
        char name[24];
        if (k->items[i].action != action)
            continue;
        int n =
            snprintf(buf + used, size - used, "%s%s", used ? ", " : "", key_format(k->items[i].key, name));
        if (n < 0 || (size_t)n >= size - used) {
            buf[used] = '\0'; /* no half name */
            break;
        }
        used += (size_t)n;
    }
    return buf;
}

char *keymap_key_of(const struct keymap *k, const char *name, char *buf, size_t size)
{
    int action = action_named(k->actions, name);
    for (size_t i = 0; action && i < k->n; i++)
        if (k->items[i].action == action) {
            char key[24];
            snprintf(buf, size, "%s", key_format(k->items[i].key, key));
            return buf;
        }
    snprintf(buf, size, ":%s", name);
    return buf;
}

char *keymap_format(const struct keymap *k, const char *format)
{
    static const char mark[] = "{key:";
    struct strbuf b = {0};
    const char *at, *end;
    while ((at = strstr(format, mark)) && (end = strchr(at, '}'))) {
        char key[32];
        char *name = mem_strndup(at + strlen(mark), (size_t)(end - at) - strlen(mark));
        strbuf_add(&b, format, (size_t)(at - format));
        for (const char *p = keymap_key_of(k, name, key, sizeof key); *p; p++) {
            strbuf_char(&b, *p);
            if (*p == '%')
                strbuf_char(&b, '%');
        }
        free(name);
        format = end + 1;
    }
    strbuf_str(&b, format);
    return strbuf_detach(&b);
}
