/* v8_log.c - what `node --prof-process --preprocess` makes of the log of `node --prof`: the code that ran,
 * and ticks with stacks of it. */
#include "format/profiles/profile_file.h"

#include <stdlib.h>

#include "format/json_pull.h"

enum { CODE_MAX = 4 << 20 };

struct v8_log {
    struct profile *p;
    const char **code;   /* where each piece of code stands; most of it never ran */
    const char *end;     /* of the text */
    uint32_t *functions; /* of them, + 1; 0: not looked at yet */
    size_t n_code, cap;
    uint32_t *stack;
    size_t n, cap_stack;
    struct strbuf name, type, kind;
    const char *problem;
};

static bool refuse(struct v8_log *x, const char *problem)
{
    x->problem = x->problem ? x->problem : problem;
    return false;
}

static bool read_code(struct v8_log *x, struct json_pull code)
{
    if (!code.at || !json_enter(&code, '['))
        return refuse(x, "it has no list of code");
    x->end = code.end;
    for (; json_item(&code); json_skip(&code)) {
        if (x->n_code == CODE_MAX)
            return refuse(x, "it has more than 4,194,304 pieces of code");
        x->code =
            x->n_code == x->cap ? mem_grow((void *)x->code, x->n_code, &x->cap, sizeof *x->code) : x->code;
        x->code[x->n_code++] = code.at;
    }
    x->functions = mem_array(x->n_code + 1, sizeof *x->functions);
    return !code.broken || refuse(x, "its JSON is cut or broken");
}

/* "fib /srv/app.js:1:13", or " node:fs:3:1" without a name: where the file begins, and ends; NULL: nowhere.
 */
static const char *find_place(const char *name, size_t len, size_t *end, int *line)
{
    size_t at = len, part = 0;
    long value[2] = {0};
    for (; part < 2; part++) {
        size_t digits = at;
        while (digits && name[digits - 1] >= '0' && name[digits - 1] <= '9')
            digits--;
        if (digits == at || at - digits > 9 || !digits || name[digits - 1] != ':')
            return NULL;
        value[part] = strtol(name + digits, NULL, 10);
        at = digits - 1;
    }
    const char *space = memchr(name, ' ', at);
    *end = at;
    *line = (int)value[1];
    return space ? space + 1 : NULL;
}

static const char *kind_of(const struct v8_log *x)
{
    bool js = str_eq(strbuf_text(&x->type), "JS");
    return !js ? "native" : str_eq(strbuf_text(&x->kind), "Unopt") ? "interpreted" : "jit";
}

static uint32_t js_function(struct v8_log *x)
{
    const char *name = strbuf_text(&x->name);
    size_t end = 0;
    int line = 0;
    const char *file = find_place(name, x->name.len, &end, &line);
    if (!file)
        return profile_function(x->p, name, x->name.len, NULL, 0, kind_of(x));
    size_t file_len = (size_t)(name + end - file), own = (size_t)(file - 1 - name);
    if (str_starts(file, "file://") && file_len > 7) {
        file += 7;
        file_len -= 7;
    }
    if (own)
        return profile_function(x->p, name, own, file, file_len, kind_of(x));
    const char *slash = memrchr(file, '/', file_len), *base = slash ? slash + 1 : file;
    char *text = mem_printf("(anonymous %.*s:%d)", (int)MIN(file_len - (size_t)(base - file), (size_t)200),
                            base, line);
    uint32_t f = profile_function(x->p, text, strlen(text), file, file_len, kind_of(x));
    free(text);
    return f;
}

static uint32_t function_of(struct v8_log *x, uint64_t code)
{
    if (x->functions[code])
        return x->functions[code] - 1;
    struct json_pull j = json_pull(x->code[code], (size_t)(x->end - x->code[code]));
    strbuf_clear(&x->name);
    strbuf_clear(&x->type);
    strbuf_clear(&x->kind);
    if (json_enter(&j, '{'))
        while (json_key(&j)) {
            if (json_is(&j, "name"))
                json_text(&j, &x->name);
            else if (json_is(&j, "type"))
                json_text(&j, &x->type);
            else if (json_is(&j, "kind"))
                json_text(&j, &x->kind);
            else
                json_skip(&j);
        }
    const char *name = strbuf_text(&x->name), *slash = strrchr(name, '/');
    uint32_t f;
    if (str_eq(strbuf_text(&x->type), "JS")) {
        f = js_function(x);
    } else if (str_eq(strbuf_text(&x->type), "SHARED_LIB")) { /* in it, nothing closer is known */
        const char *base = slash && slash[1] ? slash + 1 : name;
        char *text = mem_printf("[%s]", base);
        f = profile_function(x->p, text, strlen(text), base, strlen(base), "native");
        free(text);
    } else {
        f = profile_function(x->p, *name ? name : "(unknown)", *name ? x->name.len : 9, NULL, 0, kind_of(x));
    }
    x->functions[code] = f + 1;
    return f;
}

static uint32_t named(struct v8_log *x, const char *name, const char *kind)
{
    return profile_function(x->p, name, strlen(name), NULL, 0, kind);
}

/* The stack, innermost first: numbers of code, each with a place in it. -1: no code that is known. */
static bool read_stack(struct v8_log *x, struct json_pull *j, bool gc)
{
    x->n = 0;
    if (!json_enter(j, '['))
        return true;
    for (size_t depth = 0; json_item(j); depth++) {
        bool unknown = json_peek(j) == '-';
        uint64_t code = unknown ? 0 : json_index(j);
        if (unknown)
            json_skip(j);
        if (json_item(j))
            json_skip(j);
        if (!unknown && code >= x->n_code)
            return refuse(x, "a tick in it is in code that does not exist");
        if (unknown && depth)
            continue;
        if (x->n == PROFILE_DEPTH_MAX)
            return refuse(x, "it has a stack of more than 1,048,576 frames");
        x->stack =
            x->n == x->cap_stack ? mem_grow(x->stack, x->n, &x->cap_stack, sizeof *x->stack) : x->stack;
        x->stack[x->n++] = !unknown ? function_of(x, code)
                           : gc     ? named(x, "(garbage collector)", "gc")
                                    : named(x, "(unknown)", NULL);
    }
    return true;
}

static bool read_tick(struct v8_log *x, struct json_pull *j)
{
    static const double one[1] = {1};
    struct json_pull vm = json_find(*j, "vm");
    bool gc = vm.at && json_index(&vm) == 1, read = true;
    x->n = 0;
    if (json_enter(j, '{'))
        while (json_key(j)) {
            if (json_is(j, "s"))
                read = read && read_stack(x, j, gc);
            else
                json_skip(j);
            if (!read)
                return false;
        }
    for (size_t i = 0; i < x->n / 2; i++) {
        uint32_t t = x->stack[i];
        x->stack[i] = x->stack[x->n - 1 - i];
        x->stack[x->n - 1 - i] = t;
    }
    return profile_stack(x->p, x->stack, x->n, 1, one);
}

static bool read_file(struct v8_log *x, struct json_pull file)
{
    struct json_pull ticks = json_find(file, "ticks");
    if (!read_code(x, json_find(file, "code")))
        return false;
    if (!ticks.at || !json_enter(&ticks, '['))
        return refuse(x, "it has no ticks");
    while (json_item(&ticks))
        if (!read_tick(x, &ticks))
            return false;
    return !ticks.broken || refuse(x, "its JSON is cut or broken");
}

struct profile *v8_log_read(const void *text, size_t len, struct sd_error *err)
{
    struct v8_log x = {.p = profile_new("V8 log", 1)};
    x.p->counted = true;
    profile_type(x.p, "ticks", "count");
    read_file(&x, json_pull(text, len));
    free((void *)x.code);
    free(x.functions);
    free(x.stack);
    strbuf_free(&x.name);
    strbuf_free(&x.type);
    strbuf_free(&x.kind);
    return profile_read_end(x.p, x.problem, err);
}

bool v8_log_like(const void *head, size_t len)
{
    static const char *const keys[] = {"code", "name", "type", NULL};
    struct json_pull j = json_pull(head, len);
    if (!json_names(head, len, keys) || !json_enter(&j, '{') || !json_key(&j) || !json_is(&j, "code") ||
        !json_enter(&j, '[') || !json_item(&j))
        return false;
    struct json_pull type = json_find(j, "type");
    struct strbuf text = {0};
    static const char *const types[] = {"CPP", "JS", "CODE", "SHARED_LIB", NULL};
    json_text(&type, &text);
    bool like = str_find(types, strbuf_text(&text)) >= 0;
    strbuf_free(&text);
    return like;
}
