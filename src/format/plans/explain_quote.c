#include "format/plans/explain_quote.h"

/* All keywords of 12 to 18 but the unreserved ones. */
static const char KEYWORDS[] =
    " "
    "all analyse analyze and any array as asc asymmetric authorization between bigint binary "
    "bit boolean both case cast char character check coalesce collate collation column "
    "concurrently constraint create cross current_catalog current_date current_role "
    "current_schema current_time current_timestamp current_user dec decimal default "
    "deferrable desc distinct do else end except exists extract false fetch float for "
    "foreign freeze from full grant greatest group grouping having ilike in initially inner "
    "inout int integer intersect interval into is isnull join json json_array json_arrayagg "
    "json_exists json_object json_objectagg json_query json_scalar json_serialize json_table "
    "json_value lateral leading least left like limit localtime localtimestamp merge_action "
    "national natural nchar none normalize not notnull null nullif numeric offset on only or "
    "order out outer overlaps overlay placing position precision primary real references "
    "returning right row select session_user setof similar smallint some substring symmetric "
    "system_user table tablesample then time timestamp to trailing treat trim true union "
    "unique user using values varchar variadic verbose when where window with xmlattributes "
    "xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot "
    "xmlserialize xmltable ";

enum { LONGEST = 17 }; /* of them: current_timestamp */

/* Of letters, digits and _ only. */
static bool is_keyword(const char *s)
{
    char word[LONGEST + 3] = " ";
    size_t n = strlen(s);
    if (n > LONGEST)
        return false;
    memcpy(word + 1, s, n);
    word[n + 1] = ' ';
    return strstr(KEYWORDS, word) != NULL;
}

void explain_quote(const char *s, struct strbuf *out)
{
    bool plain = *s && !(*s >= '0' && *s <= '9');
    for (const char *c = s; *c && plain; c++)
        plain = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_';
    if (plain && !is_keyword(s)) {
        strbuf_str(out, s);
        return;
    }
    strbuf_char(out, '"');
    for (; *s; s++) {
        if (*s == '"')
            strbuf_char(out, '"');
        strbuf_char(out, *s == '\n' || *s == '\r' ? ' ' : *s);
    }
    strbuf_char(out, '"');
}
