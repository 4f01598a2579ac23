/* sql_plpgsql.c - does the body of a PL/pgSQL function do nothing but compute and query?
 *
 * A list of what is refused would have to know the commands of every version to come. So
 * the body is cut into statements as PL/pgSQL does it, and each must begin with one of
 * the words below; COPY, LOCK, SET, NOTIFY, CALL and all others are refused because they are not
 * among them. Where this reading could differ from the server's (a bracket open at a
 * semicolon, a string that ends elsewhere by another setting) the body is refused, too. */
#include "core/sql/statement.h"

#include <stdlib.h>

#include "core/sql/lex.h"

struct reader {
    const char *at;
    struct sql_token t; /* the current token, neither space nor comment */
    struct sd_error *why;
    bool ok;
};

static void refuse(struct reader *r, const char *what)
{
    if (r->ok)
        fail(r->why, "%s", what);
    r->ok = false;
}

/* The next solid token into r->t; SQL_END also after a refusal. */
static void next(struct reader *r)
{
    enum sql_token_kind before = SQL_SPACE;
    do {
        r->t = sql_lex(r->at);
        r->at = r->t.text + r->t.len;
        if (!r->t.closed && r->t.kind != SQL_COMMENT)
            refuse(r, "a quote in it is not closed");
        if (r->t.doubtful)
            refuse(r, "where a string in it ends depends on settings");
        /* Before 15 the number of "1e'...'" ends before the e. */
        before = r->t.kind;
        if ((before == SQL_NUMBER || before == SQL_PARAM) && *r->at && strchr("'\"$", *r->at))
            refuse(r, "a quote follows a number in it");
    } while (r->ok && (r->t.kind == SQL_SPACE || r->t.kind == SQL_COMMENT));
    if (!r->ok)
        r->t.kind = SQL_END;
}

static bool is_word(const struct reader *r, const char *word)
{
    return r->t.kind == SQL_WORD && r->t.len == strlen(word) && strncasecmp(r->t.text, word, r->t.len) == 0;
}

static bool is_one_of(const struct reader *r, const char *const *words)
{
    for (; *words; words++)
        if (is_word(r, *words))
            return true;
    return false;
}

static bool is_char(const struct reader *r, char c)
{
    return r->t.kind == SQL_OTHER && *r->t.text == c;
}

/* The SQL of a constant; NULL: escapes, which are not followed. Caller frees. */
static char *constant(const struct sql_token *t)
{
    struct strbuf b = {0};
    if (*t->text == '$') {
        const char *body = strchr(t->text + 1, '$') + 1;
        size_t tag = (size_t)(body - t->text);
        return mem_strndup(body, t->len - 2 * tag);
    }
    if (*t->text != '\'')
        return NULL;
    strbuf_str(&b, "");
    for (const char *p = t->text + 1; p < t->text + t->len - 1; p++) {
        strbuf_char(&b, *p);
        p += *p == '\'';
    }
    return b.text ? strbuf_detach(&b) : mem_strdup("");
}

/* EXECUTE: of a constant that is itself a query. */
static void read_execute(struct reader *r)
{
    static const char *const after[] = {"into", "using", "loop", NULL};
    struct sd_error inner;
    next(r);
    char *sql = r->t.kind == SQL_STRING ? constant(&r->t) : NULL;
    if (sql)
        next(r);
    if (!sql || (!is_char(r, ';') && !is_one_of(r, after)))
        refuse(r, "its text does not show what it executes");
    else if (!sql_may_be_body(sql, &inner))
        refuse(r, "it executes a command other than a query");
    free(sql);
}

static const char *const QUERIES[] = {"select", "with",   "values", "table", "insert",
                                      "update", "delete", "merge",  NULL};

/* r->t is the first token of a query that is opened as a cursor: EXPLAIN, SHOW, CALL would be, too. */
static void read_query(struct reader *r)
{
    if (is_word(r, "execute"))
        read_execute(r);
    else if (!is_one_of(r, QUERIES) && !is_char(r, '('))
        refuse(r, "it opens a command other than a query");
}

/* What follows FOR x IN: a query, a cursor, or two numbers. */
static void read_range(struct reader *r)
{
    static const char *const commands[] = {"explain", "show", "call", "fetch",
                                           "declare", "copy", "move", NULL};
    if (is_word(r, "execute"))
        read_execute(r);
    else if (is_one_of(r, commands))
        refuse(r, "it opens a command other than a query");
}

/* Expressions and queries up to `until` outside of brackets, r->t being their first token.
 * `cursors`: FOR and IS begin a query in them, as in DECLARE c CURSOR FOR and OPEN c FOR. */
static void read_until(struct reader *r, const char *until, bool cursors)
{
    int depth = 0;
    bool wanted = cursors;
    for (; r->t.kind != SQL_END; next(r)) {
        if (is_char(r, '(') || is_char(r, '[')) {
            depth++;
        } else if (is_char(r, ')') || is_char(r, ']')) {
            if (--depth < 0)
                refuse(r, "its brackets do not match");
        } else if (is_char(r, ';')) {
            if (depth || *until != ';')
                refuse(r, "a statement in it is not complete");
            return;
        } else if (is_word(r, "execute")) {
            read_execute(r);
            if (is_char(r, ';') || (!depth && is_word(r, until))) {
                if (is_char(r, ';') && *until != ';')
                    refuse(r, "a statement in it is not complete");
                return;
            }
        } else if (!depth && is_word(r, until)) {
            return;
        } else if (!depth && wanted && (is_word(r, "for") || is_word(r, "is"))) {
            wanted = false;
            next(r);
            read_query(r);
            if (is_char(r, '('))
                depth++;
            if (is_char(r, ';')) /* after EXECUTE of a constant */
                return;
        }
    }
    if (*until != ';' || depth)
        refuse(r, "a statement in it is not complete");
}

/* DECLARE ... up to BEGIN. */
static void read_declarations(struct reader *r)
{
    for (next(r); r->t.kind != SQL_END && !is_word(r, "begin"); next(r)) {
        if (is_word(r, "declare"))
            continue;
        bool cursor = false;
        struct reader ahead = *r;
        struct sd_error ignored;
        ahead.why = &ignored;
        for (int i = 0; i < 4 && !cursor && !is_char(&ahead, ';'); i++, next(&ahead))
            cursor = is_word(&ahead, "cursor"); /* name [NO] [SCROLL] CURSOR */
        read_until(r, ";", cursor);
    }
}

/* <<label>> */
static void read_label(struct reader *r)
{
    bool right = true;
    next(r);
    right = right && is_char(r, '<');
    next(r);
    right = right && (r->t.kind == SQL_WORD || r->t.kind == SQL_QUOTED);
    next(r);
    right = right && is_char(r, '>');
    next(r);
    if (!right || !is_char(r, '>'))
        refuse(r, "a statement in it cannot be read");
}

/* variable := ..., variable.field = ..., variable[1] := ... */
static void read_assignment(struct reader *r)
{
    bool word = r->t.kind == SQL_WORD || r->t.kind == SQL_QUOTED || r->t.kind == SQL_PARAM;
    char command[64];
    snprintf(command, sizeof command, "it contains %.*s", (int)MIN(r->t.len, 40), r->t.text);
    for (char *c = command + strlen("it contains "); *c; c++)
        *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
    next(r);
    if (!word || (!is_char(r, ':') && !is_char(r, '=') && !is_char(r, '.') && !is_char(r, '[')))
        refuse(r, command);
    else
        read_until(r, ";", false);
}

static void read_statement(struct reader *r)
{
    /* Read to their semicolon. */
    static const char *const plain[] = {"select", "with",     "values",  "table", "insert", "update",
                                        "delete", "merge",    "perform", "null",  "raise",  "assert",
                                        "get",    "fetch",    "move",    "close", "end",    "exit",
                                        "return", "continue", NULL};
    static const char *const tested[] = {"if", "elsif", "elseif", "when", NULL};
    if (is_word(r, "begin") || is_word(r, "loop") || is_word(r, "else") || is_word(r, "exception"))
        return; /* a statement follows */
    if (is_word(r, "declare")) {
        read_declarations(r);
    } else if (is_one_of(r, tested)) {
        next(r);
        read_until(r, "then", false);
    } else if (is_word(r, "case")) {
        next(r);
        read_until(r, "when", false);
        if (r->ok && is_word(r, "when")) {
            next(r);
            read_until(r, "then", false);
        }
    } else if (is_word(r, "while") || is_word(r, "foreach")) {
        next(r);
        read_until(r, "loop", false);
    } else if (is_word(r, "for")) {
        next(r);
        read_until(r, "in", false);
        next(r);
        read_range(r);
        read_until(r, "loop", false);
    } else if (is_word(r, "return")) {
        next(r);
        if (is_word(r, "query")) {
            next(r);
            read_query(r);
        }
        read_until(r, ";", false);
    } else if (is_word(r, "open")) {
        next(r);
        read_until(r, ";", true);
    } else if (is_word(r, "execute")) {
        read_execute(r);
        read_until(r, ";", false);
    } else if (is_one_of(r, plain)) {
        next(r);
        read_until(r, ";", false);
    } else if (is_char(r, '<')) {
        read_label(r);
    } else {
        read_assignment(r);
    }
}

bool sql_may_be_plpgsql(const char *source, struct sd_error *why)
{
    struct reader r = {.at = source, .why = why, .ok = true};
    if (!sql_bounded(source))
        return fail(why, "it is too long to be read");
    next(&r);
    /* #variable_conflict use_column and the like */
    while (r.ok && is_char(&r, '#')) {
        next(&r);
        next(&r);
        next(&r);
    }
    for (; r.ok && r.t.kind != SQL_END; next(&r))
        read_statement(&r);
    return r.ok;
}
