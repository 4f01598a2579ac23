/* pane.h - what a user has done to one pane: selection, scrolling, sort, filter,
 * columns, folding. It outlives the docs, which are built anew at every refresh. */
#ifndef UI_PANE_H
#define UI_PANE_H

#include "core/doc.h"

struct regex; /* a compiled pattern */

/* Case does not matter; invalid UTF-8 in the subject is no error; steps are limited. */
struct regex *regex_new(const char *pattern, struct sd_error *err);
void regex_free(struct regex *r); /* NULL is fine */
bool regex_matches(const struct regex *r, const char *text);

struct pane {
    char *key;      /* of the section it shows */
    int selected;   /* row of the shown table */
    int top;        /* first row or line shown */
    int shift;      /* columns that long text is scrolled to the left */
    char *identity; /* of the selected row: the selection follows it */
    int nth;        /* among rows of the same identity: two findings may lead to one place */
    char *sort;     /* column key; NULL: as the view made it */
    bool reverse;
    char *filter; /* NULL: none */
    struct regex *regex;
    char **columns; /* chosen column keys, NULL-terminated; NULL: the view's own choice */
    char **folded;  /* identities of closed branches */
    size_t n_folded;
    int page;       /* rows shown at the last draw */
    int text_width; /* columns the row's main text had at the last draw; 0: unknown */
    size_t hidden;  /* rows taken away by the filter */
    /* All about the selected row (section.about), the doc's; found anew when the doc is. */
    const char *about;
    int about_row;     /* the row it is about; -1: none yet */
    bool about_chosen; /* it was asked for while the pane had the keys */
    int about_top;     /* first line shown */
    bool about_fits;   /* all of it was shown at the last draw */
    bool reading;      /* the keys scroll it, where it does not fit */
    bool zoomed;       /* by reading; coming back undoes it */
};

struct pane *pane_new(const char *key);
void pane_free(struct pane *p);

/* Sorts, filters and folds the section's table, and finds the selected row again. */
void pane_apply(struct pane *p, struct section *s);
/* Selects a row (clamped) and remembers its identity. */
void pane_select(struct pane *p, const struct section *s, int row);
bool pane_set_filter(struct pane *p, const char *pattern, struct sd_error *err); /* NULL or "": none */
void pane_set_sort(struct pane *p, const char *column, bool reverse);
/* NULL-terminated keys; NULL: the view's own choice. */
void pane_set_columns(struct pane *p, const char *const *keys);
/* Opens (1), closes (0) or toggles (-1) the selected branch; false: it has no children. */
bool pane_fold(struct pane *p, const struct section *s, int open);
/* Opens all branches; false: none was closed. The doc must be built anew. */
bool pane_unfold(struct pane *p);
bool pane_is_folded(const struct pane *p, const struct section *s, size_t row);

bool pane_shows(const struct pane *p, const struct column *c);
bool pane_row_matches(const struct table *t, const struct row *r, const struct regex *re);
/* The row as text: its shown cells, tab separated. */
void pane_row_text(const struct pane *p, const struct table *t, const struct row *r, struct strbuf *out);
static inline bool section_has_rows(const struct section *s)
{
    return s->kind == SECTION_TABLE || s->kind == SECTION_TREE;
}

#endif
