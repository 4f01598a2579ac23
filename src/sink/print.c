#include "sink/print.h"
#include "sink/print_internal.h"

bool print_format_named(const char *name, enum print_format *f)
{
    static const char *const names[] = {"text", "json", "md", "csv", NULL};
    int i = str_find(names, name);
    if (i < 0)
        return false;
    *f = (enum print_format)i;
    return true;
}

/* One table, as a spreadsheet wants it: the one that has the keys, else the first. */
static const struct section *main_table(const struct doc *d)
{
    const struct section *first = NULL;
    for (size_t i = 0; i < d->n_sections; i++) {
        const struct section *s = &d->sections[i];
        if (!section_has_rows(s))
            continue;
        if ((int)i == d->focus)
            return s;
        first = first ? first : s;
    }
    return first;
}

void print_doc(struct doc *d, enum print_format f, const struct print_options *o, struct strbuf *out)
{
    for (size_t i = 0; i < d->n_sections; i++)
        if (f == PRINT_JSON || !d->sections[i].aside)
            section_text(d, &d->sections[i]);
    switch (f) {
    case PRINT_TEXT:
        print_text_doc(d, o, out);
        break;
    case PRINT_JSON:
        print_json_doc(d, out);
        break;
    case PRINT_MARKDOWN:
        print_md_doc(d, out);
        break;
    case PRINT_CSV:
        if (main_table(d))
            print_csv_section(main_table(d), out);
        break;
    }
}

void print_section(struct doc *d, struct section *s, enum print_format f, const struct print_options *o,
                   struct strbuf *out)
{
    section_text(d, s);
    switch (f) {
    case PRINT_TEXT:
        print_text_section(s, o, out);
        break;
    case PRINT_JSON:
        print_json_section(d, s, out);
        break;
    case PRINT_MARKDOWN:
        print_md_section(s, out);
        break;
    case PRINT_CSV:
        print_csv_section(s, out);
        break;
    }
}
