/* js_token.h - JavaScript as tokens: enough to know where functions, strings and regular expressions end. No
 * grammar: what is broken gives some tokens, and the rest of the text is still gone through, until brackets
 * do not match or JS_DEPTH_MAX of them are open. Nothing recurs. One thread. */
#ifndef FORMAT_BUNDLES_JS_TOKEN_H
#define FORMAT_BUNDLES_JS_TOKEN_H

#include "base/base.h"

enum { JS_DEPTH_MAX = 65536 };

enum js_kind {
    JS_END,    /* of the text, or brackets do not match */
    JS_WORD,   /* a name or a word of the language */
    JS_NUMBER, /* as written */
    JS_STRING, /* with its quotes; also a template without substitutions */
    JS_REGEX,
    JS_OPEN,  /* ( [ { or the begin of a template up to its first substitution, whose `what` is '`' */
    JS_CLOSE, /* ) ] } or the end of a template */
    JS_ARROW, /* => */
    JS_OTHER, /* an operator, a comma, ...; the part of a template between substitutions */
};

enum js_word {
    JS_NAME, /* none of these */
    JS_ASYNC,
    JS_CONTROL, /* if for while with: parentheses without a value follow */
    JS_FUNCTION,
    JS_OPERATOR,  /* return typeof new ...: an expression follows */
    JS_STATEMENT, /* else do try finally: a statement follows */
    JS_VAR,       /* var let const */
};

struct js_token {
    enum js_kind kind;
    enum js_word word; /* of a JS_WORD that is not behind a dot */
    char what;         /* first byte; of JS_CLOSE that of the bracket that it closes */
    const char *start, *end;
};

struct js_bracket {
    char open;
    bool no_value; /* behind its end a statement may begin, so that a slash begins a regular expression */
    bool function; /* parentheses of the parameters of a function that is an expression */
};

struct js_lexer {
    const char *at, *end;
    struct js_bracket *brackets;
    size_t depth, cap;
    enum js_word last_word;
    char last;                   /* first byte of the last token; 0: there is none */
    bool operand;                /* the last token ends a value: a slash divides */
    bool statement;              /* a statement may begin here */
    bool function;               /* between `function` and its parentheses: ... */
    bool function_value;         /* ... it is an expression */
    bool closed_function;        /* the last token ended parameters of such a function */
    bool closed_no_value;        /* or a condition */
    size_t in_vain, in_vain_max; /* bytes gone through for a regular expression that was none */
    bool bad;                    /* brackets do not match, or are too many */
};

/* An expression is expected at `text`, or a statement. */
struct js_lexer js_lexer(const char *text, size_t len, bool statement);
void js_lexer_free(struct js_lexer *l);
/* The next token; `end` of JS_END is where it ends. */
struct js_token js_next(struct js_lexer *l);

#endif
