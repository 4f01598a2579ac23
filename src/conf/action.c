/* action.c - the action and command tables, and key bindings. */
#include "conf/action.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct action_info ACTION_INFO[ACTION_END] = {
#define ACTION_ROW(UPPER, n, g, k, b, h)                                                                     \
    [ACTION_##UPPER] = {.name = n, .group = ACTION_GROUP_##g, .keys = k, .bar = b, .help = h},
    ACTIONS(ACTION_ROW)
#undef ACTION_ROW
};

const struct command_info COMMAND_INFO[COMMAND_END] = {
#define COMMAND_ROW(n, a, h) [COMMAND_##n] = {.name = #n, .args = a, .help = h},
    COMMANDS(COMMAND_ROW)
#undef COMMAND_ROW
};

const char *action_group_title(enum action_group g)
{
    static const char *const TITLES[] = {
#define GROUP_TITLE(UPPER, title) [ACTION_GROUP_##UPPER] = title,
        ACTION_GROUPS(GROUP_TITLE)
#undef GROUP_TITLE
    };
    return (size_t)g < ARRAY_LEN(TITLES) ? TITLES[g] : "";
}

enum action action_named(const char *name)
{
    for (int a = ACTION_NONE + 1; a < ACTION_END; a++) {
        if (str_eq(ACTION_INFO[a].name, name))
            return (enum action)a;
    }
    return ACTION_NONE;
}

/* ---- key bindings ---- */

struct binding {
    key_code key;
    enum action action;
};

struct keymap {
    struct binding *items; /* in the order of binding */
    size_t n, cap;
};

/* More keys for one action are a mistake; it also bounds the work of a bind. */
enum { KEYS_PER_ACTION = 16 };

struct keymap *keymap_new(void)
{
    struct keymap *k = mem_alloc(sizeof *k);
    for (int a = ACTION_NONE + 1; a < ACTION_END; a++)
        keymap_bind(k, (enum action)a, ACTION_INFO[a].keys, NULL);
    return k;
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

static void unbind(struct keymap *k, enum action a, key_code key)
{
    size_t kept = 0;
    for (size_t i = 0; i < k->n; i++) {
        if (k->items[i].action != a && k->items[i].key != key)
            k->items[kept++] = k->items[i];
    }
    k->n = kept;
}

bool keymap_bind(struct keymap *k, enum action a, const char *keys, struct sd_error *err)
{
    key_code parsed[KEYS_PER_ACTION];
    size_t n;
    if (a <= ACTION_NONE || a >= ACTION_END)
        return fail(err, "there is no such action");
    if (!parse_keys(keys, parsed, &n, err))
        return false;
    unbind(k, a, K_NONE);
    for (size_t i = 0; i < n; i++) {
        unbind(k, ACTION_NONE, parsed[i]);
        k->items = mem_grow(k->items, k->n, &k->cap, sizeof *k->items);
        k->items[k->n++] = (struct binding){.key = parsed[i], .action = a};
    }
    return true;
}

enum action keymap_lookup(const struct keymap *k, key_code key)
{
    for (size_t i = 0; i < k->n; i++) {
        if (k->items[i].key == key)
            return k->items[i].action;
    }
    return ACTION_NONE;
}

char *keymap_keys(const struct keymap *k, enum action a, char *buf, size_t size)
{
    size_t used = 0;
    if (size == 0)
        return buf;
    buf[0] = '\0';
    for (size_t i = 0; i < k->n; i++) {
        char name[24];
        if (k->items[i].action != a)
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
