/* clause_private.h - what the files of clause share */
#ifndef CORE_PLANS_CLAUSE_PRIVATE_H
#define CORE_PLANS_CLAUSE_PRIVATE_H

#include "core/sql/statement.h"
#include "core/plans/clause.h"
#include "core/sql/lex.h"
#include "core/sql/terms.h"
#include "core/indexes/table_use_expr.h"

enum { PARTS_MAX = 24, NAME_MAX_BYTES = TERMS_NAME_MAX, DEPTH_MAX = 64 };

#define get tree_get

struct token { /* of the statement, without spaces and comments */
    enum sql_token_kind kind;
    size_t start, end;
};

struct range {
    size_t start, end;
};

enum kind { KIND_CONDITION, KIND_USING, KIND_ORDER, KIND_GROUP, KIND_LIMIT, KIND_OFFSET, KIND_DISTINCT };

struct spot { /* a place of the statement that a node may come from */
    enum kind kind;
    int scope;
    struct range at;
    struct terms terms;
};

struct from_item {
    char name[NAME_MAX_BYTES], table[NAME_MAX_BYTES]; /* table "": a subquery or function */
    int scope;
    size_t location; /* SIZE_MAX: none */
};

struct sql_clause {
    char *sql;
    struct token *tokens;
    size_t n_tokens;
    struct spot *spots;
    size_t n_spots, cap_spots;
    struct from_item *items;
    size_t n_items, cap_items;
    int *parents; /* of scopes */
    size_t n_scopes, cap_scopes;
};

bool clause_token_is(const struct sql_clause *c, size_t i, const char *word);
size_t clause_token_at(const struct sql_clause *c, size_t location);

#endif
