#include "sink/print.h"
#include "sink/print_internal.h"

static const struct {
    const char *name, *ending;
} FORMATS[] = {
    [PRINT_TEXT] = {.name = "text", .ending = ".txt"},
    [PRINT_JSON] = {.name = "json", .ending = ".json"},
    [PRINT_MARKDOWN] = {.name = "md", .ending = ".md"},
    [PRINT_CSV] = {.name = "csv", .ending = ".csv"},
    [PRINT_SVG] = {.name = "svg", .ending = ".svg"},
    [PRINT_FOLDED] = {.name = "folded", .ending = ".folded"},
    [PRINT_SPEEDSCOPE] = {.name = "speedscope", .ending = ".speedscope.json"},
    [PRINT_PPROF] = {.name = "pprof", .ending = ".pb.gz"},
};

bool print_format_named(const char *name, enum print_format *f)
{
    for (size_t i = 0; i < ARRAY_LEN(FORMATS); i++)
        if (str_eq(FORMATS[i].name, name)) {
            *f = (enum print_format)i;
            return true;
        }
    return false;
}

/* The longest ending: .speedscope.json is no .json. */
bool print_format_of_file(const char *path, enum print_format *f)
{
    size_t longest = 0;
    for (size_t i = 0; i < ARRAY_LEN(FORMATS); i++) {
        size_t n = strlen(FORMATS[i].ending);
        if (n <= longest || !str_ends(path, FORMATS[i].ending))
            continue;
        longest = n;
        *f = (enum print_format)i;
    }
    return longest > 0;
}

/* One table, as a spreadsheet wants it: the one that has the keys, else the first. A document without any
 * has its figures, one on a line. */
static const struct section *main_table(const struct doc *d)
{
    const struct section *first = NULL, *fields = NULL;
    for (size_t i = 0; i < d->n_sections; i++) {
        const struct section *s = &d->sections[i];
        if (s->kind == SECTION_FIELDS && !fields)
            fields = s;
        if (!section_has_rows(s))
            continue;
        if ((int)i == d->focus)
            return s;
        first = first ? first : s;
    }
    return first ? first : fields;
}

bool print_format_fits(const struct doc *d, enum print_format f, struct sd_error *err)
{
    if (f == PRINT_CSV && !main_table(d))
        return fail(err, "there is no table to print as csv; text, md and json have all of it");
    return f < PRINT_SVG || print_boxes_of(d) ||
           fail(err, "%s is a format of flame graphs; there is none to print here", FORMATS[f].name);
}

static void print_boxes(const struct section *s, enum print_format f, struct strbuf *out)
{
    if (f == PRINT_SVG)
        print_svg(s, out);
    else if (f == PRINT_FOLDED)
        print_folded(s, out);
    else if (f == PRINT_SPEEDSCOPE)
        print_speedscope(s, out);
    else
        print_pprof(s, out);
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
        print_json_doc(d, o, out);
        break;
    case PRINT_MARKDOWN:
        print_md_doc(d, out);
        break;
    case PRINT_CSV:
        if (main_table(d))
            print_csv_section(main_table(d), out);
        break;
    default:
        if (print_boxes_of(d))
            print_boxes(print_boxes_of(d), f, out);
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
    default: /* the whole picture, also when the cursor is in another pane of it */
        if (print_boxes_of(d))
            print_boxes(print_boxes_of(d), f, out);
        break;
    }
}
