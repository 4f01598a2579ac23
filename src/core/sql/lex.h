/* lex.h - splits SQL into tokens; the text may be incomplete or invalid. libpg_query's scanner refuses such
 * text; what a server shows in pg_stat_activity is cut at track_activity_query_size. Any thread; no state. */
#ifndef CORE_SQL_LEX_H
#define CORE_SQL_LEX_H

#include "base/base.h"

/* The longest text looked at; longer ones are treated as not parsing. */
#define SQL_MAX_BYTES ((size_t)1 << 20)
/* What its tree takes in memory is bounded by the tokens. */
#define SQL_MAX_TOKENS 250000
/* libpg_query recurses once for each operator of a chain such as 1+1+1...; so many of them stay
 * below 8 MiB of stack. The items of a list in brackets do not nest: each begins anew. */
#define SQL_MAX_NESTED 20000

enum sql_token_kind {
    SQL_END,
    SQL_SPACE,
    SQL_COMMENT,
    SQL_WORD,   /* identifier or keyword */
    SQL_QUOTED, /* "identifier" */
    SQL_STRING, /* any notation: '', E'', $tag$ */
    SQL_NUMBER,
    SQL_PARAM, /* $1 */
    SQL_OTHER  /* one byte: operator, bracket, ... */
};

struct sql_token {
    enum sql_token_kind kind;
    const char *text;
    size_t len;
    bool closed;   /* false: the text ends before the token does */
    bool doubtful; /* a string that ends elsewhere when backslashes escape */
};

/* The token at `at`; SQL_END at the end of the text. */
struct sql_token sql_lex(const char *at);
/* Tokens that are neither space nor comment, counted up to `most`. */
size_t sql_count_tokens(const char *sql, size_t most);
/* Short enough for libpg_query: in bytes, in tokens, and in tokens that may nest. */
bool sql_bounded(const char *sql);

#endif
