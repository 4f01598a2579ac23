#include "format/bundles/js_token.h"

#include <stdlib.h>

enum { SPACE = 1, WORD = 2, DIGIT = 4, LINE = 8 };

static const unsigned char CLASS[256] = {
    ['\t'] = SPACE,
    ['\v'] = SPACE,
    ['\f'] = SPACE,
    [' '] = SPACE,
    ['\n'] = SPACE | LINE,
    ['\r'] = SPACE | LINE,
    ['0' ... '9'] = WORD | DIGIT,
    ['a' ... 'z'] = WORD,
    ['A' ... 'Z'] = WORD,
    ['_'] = WORD,
    ['$'] = WORD,
    ['#'] = WORD,
    ['\\'] = WORD,
    [0x80 ... 0xff] = WORD,
};

static bool is(char c, unsigned kind)
{
    return CLASS[(unsigned char)c] & kind;
}

struct js_lexer js_lexer(const char *text, size_t len, bool statement)
{
    struct js_lexer l = {
        .at = text, .end = text + len, .statement = statement, .in_vain_max = 8 * len + 65536};
    if (statement && len > 2 && text[0] == '#' && text[1] == '!')
        while (l.at < l.end && !is(*l.at, LINE))
            l.at++;
    return l;
}

void js_lexer_free(struct js_lexer *l)
{
    free(l->brackets);
}

/* ---- what has no meaning here: blanks and comments ---- */

/* A blank of several bytes: U+00A0, U+2028, U+2029, U+FEFF; 0: none. */
static size_t wide_blank(const char *p, const char *end)
{
    static const char *const BLANKS[] = {"\xc2\xa0", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xef\xbb\xbf"};
    for (size_t i = 0; i < ARRAY_LEN(BLANKS); i++) {
        size_t n = strlen(BLANKS[i]);
        if ((size_t)(end - p) >= n && memcmp(p, BLANKS[i], n) == 0)
            return n;
    }
    return 0;
}

static const char *line_end(const char *p, const char *end)
{
    while (p < end && !is(*p, LINE))
        p++;
    return p;
}

static void skip_blanks(struct js_lexer *l)
{
    while (l->at < l->end) {
        if (is(*l->at, SPACE)) {
            l->at++;
        } else if (*l->at == '/' && l->at + 1 < l->end && l->at[1] == '/') {
            l->at = line_end(l->at, l->end);
        } else if (*l->at == '/' && l->at + 1 < l->end && l->at[1] == '*') {
            const char *end = memmem(l->at + 2, (size_t)(l->end - l->at - 2), "*/", 2);
            l->at = end ? end + 2 : l->end;
        } else {
            size_t n = *l->at & 0x80 ? wide_blank(l->at, l->end) : 0;
            if (!n)
                return;
            l->at += n;
        }
    }
}

/* ---- tokens of several bytes ---- */

static const char *string_end(const char *p, const char *end)
{
    char quote = *p++;
    while (p < end && *p != quote) {
        if (*p == '\\' && p + 1 < end)
            p += p[1] == '\r' && p + 2 < end && p[2] == '\n' ? 2 : 1;
        else if (is(*p, LINE))
            return p; /* broken: better to go on with the next line than to be wrong up to the end */
        p++;
    }
    return p < end ? p + 1 : end;
}

/* Of the text of a template; `*open`: it ends with a substitution. */
static const char *template_end(const char *p, const char *end, bool *open)
{
    for (*open = false; p < end; p++) {
        if (*p == '`')
            return p + 1;
        if (*p == '\\')
            p++;
        else if (*p == '$' && p + 1 < end && p[1] == '{') {
            *open = true;
            return p + 2;
        }
    }
    return end;
}

/* NULL: it is none, the line ends before it. */
static const char *regex_end(struct js_lexer *l)
{
    const char *p = l->at, *end = l->end;
    bool in_class = false;
    for (p++; p < end && !is(*p, LINE); p++) {
        if (*p == '\\')
            p++;
        else if (*p == '[')
            in_class = true;
        else if (*p == ']')
            in_class = false;
        else if (*p == '/' && !in_class) {
            for (p++; p < end && is(*p, WORD);)
                p++;
            return p;
        }
    }
    /* Code has few of these; text made for it has one at every byte. */
    l->in_vain += (size_t)(p - l->at);
    l->bad |= l->in_vain > l->in_vain_max;
    return NULL;
}

static const char *number_end(const char *p, const char *end)
{
    bool hex = end - p > 1 && p[0] == '0' && (p[1] | 32) == 'x';
    while (p < end && (is(*p, WORD) || *p == '.')) {
        bool exponent = !hex && (*p | 32) == 'e';
        p++;
        if (exponent && p < end && (*p == '+' || *p == '-'))
            p++;
    }
    return p;
}

static enum js_word word_kind(const char *p, size_t n)
{
    static const struct {
        const char *text;
        enum js_word word;
    } WORDS[] = {
        {.text = "if", .word = JS_CONTROL},        {.text = "for", .word = JS_CONTROL},
        {.text = "while", .word = JS_CONTROL},     {.text = "with", .word = JS_CONTROL},
        {.text = "function", .word = JS_FUNCTION}, {.text = "async", .word = JS_ASYNC},
        {.text = "var", .word = JS_VAR},           {.text = "let", .word = JS_VAR},
        {.text = "const", .word = JS_VAR},         {.text = "else", .word = JS_STATEMENT},
        {.text = "do", .word = JS_STATEMENT},      {.text = "try", .word = JS_STATEMENT},
        {.text = "finally", .word = JS_STATEMENT}, {.text = "return", .word = JS_OPERATOR},
        {.text = "typeof", .word = JS_OPERATOR},   {.text = "instanceof", .word = JS_OPERATOR},
        {.text = "in", .word = JS_OPERATOR},       {.text = "new", .word = JS_OPERATOR},
        {.text = "delete", .word = JS_OPERATOR},   {.text = "void", .word = JS_OPERATOR},
        {.text = "throw", .word = JS_OPERATOR},    {.text = "case", .word = JS_OPERATOR},
        {.text = "yield", .word = JS_OPERATOR},    {.text = "await", .word = JS_OPERATOR},
        {.text = "extends", .word = JS_OPERATOR},
    };
    if (n < 2 || n > 10)
        return JS_NAME;
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++)
        if (*p == *WORDS[i].text && strlen(WORDS[i].text) == n && memcmp(p, WORDS[i].text, n) == 0)
            return WORDS[i].word;
    return JS_NAME;
}

/* ---- brackets ---- */

/* Is a `{` here a block or the body of a function, not an object? `*value`: but one of a function that is a
 * value. */
static bool is_block(const struct js_lexer *l, bool *value)
{
    *value = false;
    if (l->last == ')' && l->operand) { /* parameters, or a call: a method's body */
        *value = l->closed_function;
        return true;
    }
    if (l->statement || l->closed_no_value)
        return true;
    return l->operand; /* behind a name: a class */
}

static void push(struct js_lexer *l, struct js_bracket b)
{
    if (l->depth == JS_DEPTH_MAX) {
        l->bad = true;
        return;
    }
    l->brackets = mem_grow(l->brackets, l->depth, &l->cap, sizeof *l->brackets);
    l->brackets[l->depth++] = b;
}

static void open_bracket(struct js_lexer *l, char c)
{
    struct js_bracket b = {.open = c};
    bool value, statement = false;
    if (c == '(') {
        b.no_value = l->last_word == JS_CONTROL;
        b.function = l->function && l->function_value;
        l->function = false;
    } else if (c == '{') {
        statement = is_block(l, &value);
        b.no_value = statement && !value;
    }
    push(l, b);
    l->operand = false;
    l->statement = statement;
    l->closed_function = l->closed_no_value = false;
}

static void close_bracket(struct js_lexer *l, char c)
{
    char open = c == ')' ? '(' : c == ']' ? '[' : c == '}' ? '{' : '`';
    if (!l->depth || l->brackets[l->depth - 1].open != open) {
        l->bad = true;
        return;
    }
    struct js_bracket b = l->brackets[--l->depth];
    l->operand = !b.no_value;
    l->statement = b.no_value;
    l->closed_function = b.function;
    l->closed_no_value = c == ')' && b.no_value;
}

/* ---- one token ---- */

static void take_word(struct js_lexer *l, struct js_token *t)
{
    const char *p = l->at;
    while (p < l->end && is(*p, WORD) && !(*p & 0x80 && wide_blank(p, l->end)))
        p++;
    t->kind = JS_WORD;
    t->end = p;
    t->word = l->last == '.' ? JS_NAME : word_kind(t->start, (size_t)(p - t->start));
    if (t->word == JS_FUNCTION) {
        l->function = true;
        l->function_value = !l->statement;
    }
    l->operand = t->word == JS_NAME || t->word == JS_ASYNC || t->word == JS_FUNCTION;
    l->statement = t->word == JS_STATEMENT;
}

static void take_template(struct js_lexer *l, struct js_token *t, const char *from)
{
    bool open, first = *t->start == '`';
    t->end = template_end(from, l->end, &open);
    t->kind = first ? (open ? JS_OPEN : JS_STRING) : (open ? JS_OTHER : JS_CLOSE);
    if (first && open)
        push(l, (struct js_bracket){.open = '`'});
    if (!first && !open)
        close_bracket(l, '`');
    l->operand = !open;
    l->statement = false;
    t->what = '`';
}

static void take_sign(struct js_lexer *l, struct js_token *t)
{
    char c = *l->at, next = l->at + 1 < l->end ? l->at[1] : 0;
    t->kind = JS_OTHER;
    t->end = l->at + 1;
    if (c == '=' && next == '>') {
        t->kind = JS_ARROW;
        t->end++;
    } else if ((c == '+' || c == '-') && next == c) { /* behind a value or before one: nothing changes */
        t->end++;
        return;
    } else if (c == '.' && next == '.') {
        while (t->end < l->end && *t->end == '.')
            t->end++;
        t->what = 0; /* what is behind it is no property */
    } else if (c == '?' && next == '.' && !(l->end - l->at > 2 && is(l->at[2], DIGIT))) {
        t->end++;
        t->what = '.';
    } else if (c == '=' && next == '=') {
        while (t->end < l->end && *t->end == '=')
            t->end++;
    }
    l->operand = false;
    l->statement = c == ';' || t->kind == JS_ARROW;
}

static void take(struct js_lexer *l, struct js_token *t)
{
    char c = *l->at;
    const char *regex = c == '/' && !l->operand ? regex_end(l) : NULL;
    bool in_template = l->depth && l->brackets[l->depth - 1].open == '`';
    if (c == '`' || (c == '}' && in_template)) {
        take_template(l, t, l->at + 1);
    } else if (is(c, DIGIT) || (c == '.' && l->at + 1 < l->end && is(l->at[1], DIGIT))) {
        t->kind = JS_NUMBER;
        t->end = number_end(l->at, l->end);
    } else if (is(c, WORD)) {
        take_word(l, t);
        return;
    } else if (c == '"' || c == '\'') {
        t->kind = JS_STRING;
        t->end = string_end(l->at, l->end);
    } else if (regex) {
        t->kind = JS_REGEX;
        t->end = regex;
    } else if (c == '(' || c == '[' || c == '{') {
        t->kind = JS_OPEN;
        t->end = l->at + 1;
        open_bracket(l, c);
    } else if (c == ')' || c == ']' || c == '}') {
        t->kind = JS_CLOSE;
        t->end = l->at + 1;
        close_bracket(l, c);
    } else {
        take_sign(l, t);
    }
    if (t->kind == JS_NUMBER || t->kind == JS_STRING || t->kind == JS_REGEX) {
        l->operand = true;
        l->statement = false;
    }
}

struct js_token js_next(struct js_lexer *l)
{
    skip_blanks(l);
    struct js_token t = {.start = l->at, .end = l->at};
    if (l->at == l->end || l->bad)
        return t;
    t.what = *l->at;
    take(l, &t);
    if (l->bad)
        return (struct js_token){.start = l->at, .end = l->at};
    if (t.kind != JS_CLOSE)
        l->closed_function = l->closed_no_value = false;
    if (t.kind != JS_WORD && t.what != '*')
        l->function = false;
    l->last = t.what;
    l->last_word = t.word;
    l->at = MIN(t.end, l->end);
    t.end = l->at;
    return t;
}
