#include "format/bundles/webpack_asset.h"

#include <math.h>
#include <stdlib.h>

#include "format/bundles/js_token.h"

/* How sure it is that a list of functions in this place is one of modules. */
enum rank {
    NOWHERE,
    VARIABLE, /* the first variable of a function */
    ARGUMENT, /* the only argument of a function that is called where it stands */
    CHUNK,    /* behind a list of chunks, or by its name */
};

/* Where in an element of a list: { ID: FUNCTION, ...} or [FUNCTION, ...]. */
enum place {
    NO_LIST, /* or no longer one that can hold modules */
    KEY,
    KEYED,
    VALUE,
    NAME,     /* a name, which must be the parameter of an arrow function */
    ASYNC,    /* behind `async` */
    FUNCTION, /* behind `function` */
    PARAMETERS,
    BEFORE_BODY,
    BODY,
    PARENS, /* parameters of an arrow function, or a function in parentheses */
    AFTER_PARENS,
    ARROW, /* the body of an arrow function, which may be an expression */
    ALIAS, /* the number or name of another module */
    ALIAS_LIST,
    DONE, /* behind a value */
};

/* What is open. */
struct frame {
    char open;
    const char *at;
    enum rank context; /* what a list at the begin of it has, if it is `(` for grouping; else of itself, if a
                          list */
    bool is_call;
    /* What was seen in it. */
    size_t tokens, commas;
    bool directive, in_var, ids_only, first_is_ids;
    /* As a list that may hold modules. */
    enum place place;
    struct js_token key;
    const char *from, *to; /* of the value */
    const char *inner_from, *inner_to;
    bool inner_function;
    uint64_t first_index;
    size_t functions;
};

struct found {
    enum rank rank;
    const char *start, *end;
    uint64_t first_index;
};

enum { BEFORE = 8 };

struct finder {
    struct js_lexer lexer;
    struct frame *frames;
    size_t depth, cap;
    struct js_token before[BEFORE]; /* the newest at 0 */
    const char *array_at;           /* the last word Array, and what a list in its place had */
    enum rank array_context;
    struct found best, last;   /* `last` waits for the parenthesis behind it */
    struct webpack_asset *out; /* NULL: a list is looked for; else it is read */
    size_t cap_out;
    const char *text;
};

static bool is_word(const struct js_token *t, const char *word)
{
    size_t n = strlen(word);
    return t->kind == JS_WORD && (size_t)(t->end - t->start) == n && memcmp(t->start, word, n) == 0;
}

static bool is_sign(const struct js_token *t, char c)
{
    return t->kind != JS_END && t->what == c && t->end - t->start == 1;
}

static struct frame *top(struct finder *f)
{
    return &f->frames[f->depth - 1];
}

/* ---- the context of a list ---- */

/* Array(NUMBER).concat(: `first` is the index of the first element behind it. */
static bool is_concat(const struct finder *f, uint64_t *first)
{
    const struct js_token *t = f->before;
    if (!is_sign(&t[0], '(') || !is_word(&t[1], "concat") || !is_sign(&t[2], '.') || !is_sign(&t[3], ')') ||
        t[4].kind != JS_NUMBER || !is_sign(&t[5], '(') || !is_word(&t[6], "Array") ||
        t[6].start != f->array_at)
        return false;
    double n = strtod(t[4].start, NULL);
    *first = n >= 0 && n < 1e9 ? (uint64_t)n : 0;
    return true;
}

static enum rank after_assignment(const struct finder *f, const struct frame *in)
{
    const struct js_token *t = f->before;
    if (is_word(&t[1], "__webpack_modules__") ||
        (is_word(&t[1], "modules") &&
         ((is_sign(&t[2], '.') && is_word(&t[3], "exports")) || t[2].word == JS_VAR)))
        return CHUNK;
    return t[1].kind == JS_WORD && in->in_var ? VARIABLE : NOWHERE;
}

/* What a list has that would begin now. */
static enum rank context(struct finder *f, uint64_t *first)
{
    const struct js_token *t = f->before;
    const struct frame *in = top(f);
    *first = 0;
    if (is_sign(&t[0], '='))
        return after_assignment(f, in);
    if (t[0].what == ',' && (in->open == '[' || in->is_call) && in->commas == 1 && in->first_is_ids)
        return CHUNK;
    if (is_concat(f, first))
        return f->array_context;
    if (!is_sign(&t[0], '('))
        return NOWHERE;
    if (!in->is_call)
        return in->context;
    bool of_function = is_sign(&t[1], '}') || (is_sign(&t[1], ')') && is_sign(&t[2], '}'));
    return of_function ? ARGUMENT : NOWHERE;
}

/* ---- an element of a list ---- */

static uint32_t escaped(const char **p, const char *end)
{
    char c = *(*p)++, text[7] = "";
    size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : 0, n = 0;
    if (!digits)
        return c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : (unsigned char)c;
    bool braces = c == 'u' && *p < end && **p == '{';
    *p += braces;
    while (n < (braces ? sizeof text - 1 : digits) && *p < end && **p != '}')
        text[n++] = *(*p)++;
    *p += braces && *p < end && **p == '}';
    return (uint32_t)strtoul(text, NULL, 16);
}

static void add_utf8(struct strbuf *b, uint32_t c)
{
    if (c < 0x80) {
        strbuf_char(b, c ? (char)c : '?');
        return;
    }
    if (c >= 0x10000)
        strbuf_char(b, (char)(0xf0 | (c >> 18 & 7)));
    if (c >= 0x800)
        strbuf_char(b, (char)(c >= 0x10000 ? 0x80 | (c >> 12 & 63) : 0xe0 | c >> 12));
    strbuf_char(b, (char)(c >= 0x800 ? 0x80 | (c >> 6 & 63) : 0xc0 | c >> 6));
    strbuf_char(b, (char)(0x80 | (c & 63)));
}

static char *string_value(struct arena *a, const char *p, const char *end)
{
    struct strbuf b = {0};
    while (p < end) {
        if (*p != '\\' || p + 1 == end)
            strbuf_char(&b, *p++);
        else if (p++, (unsigned char)*p >= 0x80)
            strbuf_char(&b, *p++);
        else
            add_utf8(&b, escaped(&p, end));
    }
    char *s = arena_strdup(a, strbuf_text(&b));
    strbuf_free(&b);
    return s;
}

/* 57, "57iH", name, 1e3: as text. */
static const char *key_text(struct arena *a, const struct js_token *key)
{
    size_t n = (size_t)(key->end - key->start);
    if (key->kind == JS_STRING)
        return string_value(a, key->start + 1, n > 1 ? key->end - 1 : key->end);
    char *text = arena_strndup(a, key->start, n), *rest;
    if (key->kind != JS_NUMBER)
        return text;
    double v = strtod(text, &rest);
    return !*rest && v >= 0 && v < 1e15 && v == floor(v) ? arena_printf(a, "%.0f", v) : text;
}

static void no_list(struct frame *l)
{
    l->place = NO_LIST;
}

static void keep_function(struct finder *f, const struct frame *l)
{
    struct webpack_asset *out = f->out;
    const char *id = l->open == '[' ? arena_printf(out->arena, "%zu", (size_t)l->first_index + l->commas)
                                    : key_text(out->arena, &l->key);
    out->functions = mem_grow(out->functions, out->n, &f->cap_out, sizeof *out->functions);
    out->functions[out->n++] = (struct webpack_function){
        .id = id, .at = (size_t)(l->from - f->text), .len = (size_t)(l->to - l->from)};
}

/* The value ends, before a comma or the end of the list. */
static void end_element(struct finder *f, struct frame *l)
{
    bool empty = l->open == '[' ? l->place == VALUE : l->place == KEY;
    if (empty)
        return;
    if (l->place == AFTER_PARENS && l->inner_function) {
        l->from = l->inner_from;
        l->to = l->inner_to;
    } else if (l->place != DONE && l->place != ALIAS && l->place != ARROW) {
        no_list(l);
        return;
    }
    l->functions += l->place != ALIAS;
    if (f->out && l == &f->frames[1]) /* not one within a module */
        keep_function(f, l);
}

static enum place value_begin(const struct js_token *t)
{
    switch (t->kind) {
    case JS_WORD:
        return t->word == JS_FUNCTION ? FUNCTION
               : t->word == JS_ASYNC  ? ASYNC
               : t->word == JS_NAME   ? NAME
                                      : NO_LIST;
    case JS_NUMBER:
    case JS_STRING:
        return ALIAS;
    case JS_OPEN:
        return t->what == '(' ? PARENS : t->what == '[' ? ALIAS_LIST : NO_LIST;
    default:
        return NO_LIST;
    }
}

static enum place key_next(enum place place, const struct js_token *t)
{
    if (place == KEY)
        return t->kind == JS_WORD || t->kind == JS_NUMBER || t->kind == JS_STRING ? KEYED : NO_LIST;
    return is_sign(t, ':') ? VALUE : is_sign(t, '(') ? PARAMETERS : NO_LIST;
}

/* A token in the list itself; brackets count by their begin and their end. */
static enum place next_place(enum place place, const struct js_token *t)
{
    switch (place) {
    case KEY:
    case KEYED:
        return key_next(place, t);
    case VALUE:
        return value_begin(t);
    case NAME:
    case AFTER_PARENS:
        return t->kind == JS_ARROW ? ARROW : NO_LIST;
    case ASYNC:
        return t->kind == JS_ARROW ? ARROW : t->kind == JS_WORD || is_sign(t, '(') ? value_begin(t) : NO_LIST;
    case FUNCTION:
        return is_sign(t, '(') ? PARAMETERS : is_sign(t, '*') || t->kind == JS_WORD ? FUNCTION : NO_LIST;
    case PARAMETERS:
        return BEFORE_BODY;
    case BEFORE_BODY:
        return is_sign(t, '{') ? BODY : NO_LIST;
    case BODY:
        return DONE;
    case PARENS:
        return AFTER_PARENS;
    case ALIAS_LIST:
        return ALIAS;
    case ARROW:
        return ARROW;
    default:
        return NO_LIST;
    }
}

static void list_token(struct finder *f, struct frame *l, const struct js_token *t)
{
    enum place was = l->place;
    if (is_sign(t, ',') && t->kind == JS_OTHER) {
        end_element(f, l);
        if (l->place != NO_LIST)
            l->place = l->open == '[' ? VALUE : KEY;
        return;
    }
    l->place = next_place(was, t);
    if (was == KEY)
        l->key = *t;
    /* Of `async`, the value has begun already. */
    if (was == VALUE || (was == KEYED && l->place == PARAMETERS)) {
        l->from = t->start;
        l->inner_from = NULL;
        l->inner_function = false;
    }
    l->to = t->end;
}

/* ---- brackets ---- */

static void push_frame(struct finder *f, const struct js_token *t, bool is_value)
{
    uint64_t first = 0;
    struct frame frame = {.open = t->what, .at = t->start, .ids_only = true};
    const struct js_token *last = f->before;
    frame.is_call = t->what == '(' && is_value && last->word != JS_FUNCTION && last->word != JS_CONTROL;
    if (t->what != '`')
        frame.context = context(f, &first);
    bool list = t->what == '[' ? !is_value : t->what == '{';
    if (list && frame.context != NOWHERE) {
        frame.place = t->what == '[' ? VALUE : KEY;
        frame.first_index = first;
    }
    f->frames = mem_grow(f->frames, f->depth, &f->cap, sizeof *f->frames);
    f->frames[f->depth++] = frame;
}

static bool is_inside(const struct found *a, const struct found *b)
{
    return a->start >= b->start && a->end <= b->end;
}

static void take_found(struct finder *f, const struct found *found)
{
    struct found *best = &f->best;
    if (best->rank == NOWHERE || is_inside(best, found) || found->rank > best->rank ||
        (found->rank == best->rank && found->end - found->start > best->end - best->start))
        *best = *found;
}

static void pop_frame(struct finder *f, const struct js_token *t)
{
    struct frame *l = top(f);
    if (l->place != NO_LIST) {
        end_element(f, l);
        if (l->place != NO_LIST && l->functions) {
            f->last = (struct found){
                .rank = l->context, .start = l->at, .end = t->end, .first_index = l->first_index};
            if (l->context != ARGUMENT)
                take_found(f, &f->last);
        }
    }
    bool ids = l->open == '[' && l->ids_only;
    f->depth--;
    /* The first argument of a call for a chunk. */
    if (ids && top(f)->tokens == 1)
        top(f)->first_is_ids = true;
}

/* ---- tokens ---- */

/* What is in parentheses that may be those around a function. */
static void note_inner(struct finder *f, const struct js_token *t)
{
    struct frame *parens = top(f);
    struct frame *list = f->depth > 1 ? parens - 1 : NULL;
    if (!list || list->place != PARENS || parens->open != '(')
        return;
    if (!list->inner_from) {
        list->inner_from = t->start;
        list->inner_function = t->word == JS_FUNCTION || t->word == JS_ASYNC;
    }
    list->inner_function |= t->kind == JS_ARROW;
    list->inner_to = t->end;
}

static void note_token(struct frame *in, const struct js_token *t)
{
    bool id = t->kind == JS_NUMBER || t->kind == JS_STRING;
    if (in->tokens == 1 && in->directive && is_sign(t, ';')) {
        in->tokens = 0; /* "use strict"; */
        return;
    }
    if (!in->tokens)
        in->directive = t->kind == JS_STRING;
    /* The first variables of a function, all that stand in the file itself. */
    if (t->kind == JS_WORD && t->word == JS_VAR && (!in->tokens || !in->open))
        in->in_var = true;
    else if (is_sign(t, ';'))
        in->in_var = false;
    in->tokens++;
    in->commas += is_sign(t, ',');
    in->ids_only &= id || is_sign(t, ',');
}

/* False: the list that is read has ended. */
static bool take_token(struct finder *f, const struct js_token *t, bool is_value)
{
    if (f->last.rank == ARGUMENT && is_sign(t, ')'))
        take_found(f, &f->last);
    f->last.rank = NOWHERE;
    if (t->kind == JS_CLOSE) {
        pop_frame(f, t);
        if (f->out && f->depth == 1)
            return false;
    }
    struct frame *in = top(f);
    if (in->place != NO_LIST)
        list_token(f, in, t);
    note_inner(f, t);
    if (is_word(t, "Array")) {
        uint64_t first;
        f->array_context = context(f, &first);
        f->array_at = t->start;
    }
    if (t->kind != JS_CLOSE)
        note_token(in, t);
    if (t->kind == JS_OPEN)
        push_frame(f, t, is_value);
    memmove(f->before + 1, f->before, sizeof f->before - sizeof *f->before);
    f->before[0] = *t;
    return true;
}

/* The file itself is the lowest frame. */
static void begin(struct finder *f, const char *text, size_t len, bool statement)
{
    f->lexer = js_lexer(text, len, statement);
    f->frames = mem_grow(f->frames, 0, &f->cap, sizeof *f->frames);
    f->frames[0] = (struct frame){.open = 0};
    f->depth = 1;
}

static void run(struct finder *f)
{
    for (;;) {
        bool is_value = f->lexer.operand;
        struct js_token t = js_next(&f->lexer);
        if (t.kind == JS_END || !take_token(f, &t, is_value))
            return;
    }
}

static void end(struct finder *f)
{
    js_lexer_free(&f->lexer);
    free(f->frames);
}

/* Goes once more through the list that was found. */
static void read_list(const char *asset, const struct found *list, struct webpack_asset *out)
{
    struct finder f = {.out = out, .text = asset};
    begin(&f, list->start, (size_t)(list->end - list->start), false);
    struct js_token open = js_next(&f.lexer);
    f.frames[0].open = '(';
    f.frames[0].context = list->rank;
    f.before[0] = (struct js_token){.kind = JS_OPEN, .what = '(', .start = asset, .end = asset + 1};
    push_frame(&f, &open, false);
    top(&f)->first_index = list->first_index;
    run(&f);
    end(&f);
}

bool webpack_asset_read(const char *asset, size_t len, struct webpack_asset *out)
{
    struct finder f = {.text = asset};
    if (!len)
        return false;
    begin(&f, asset, len, true);
    run(&f);
    end(&f);
    if (f.best.rank == NOWHERE)
        return false;
    *out = (struct webpack_asset){.arena = arena_new()};
    read_list(asset, &f.best, out);
    return true;
}

void webpack_asset_clear(struct webpack_asset *a)
{
    arena_free(a->arena);
    free(a->functions);
    *a = (struct webpack_asset){.arena = NULL};
}
