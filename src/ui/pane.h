/* pane.h - the state of one pane that the user can change: selection, scrolling, sort, filter,
 * columns, folding. It outlives the docs, which are built anew at every refresh. */
#ifndef UI_PANE_H
#define UI_PANE_H

#include "core/doc.h"

struct regex; /* a compiled pattern */

/* Case does not matter; invalid UTF-8 in the subject is no error; steps are limited. */
struct regex *regex_new(const char *pattern, struct sd_error *err);
void regex_free(struct regex *r); /* NULL is fine */
bool regex_matches(const struct regex *r, const char *text);

/* The heading of a column, from the left of the pane's inside, as it was drawn last. */
struct heading {
    int x, width;
    int column;
};

/* The cursor of a pane is an item of its section: a row, a cell of a heat map, a point of a
 * graph, a box. What it is about is kept as well, so that it follows it into a later doc. */
struct pane {
    char *key;         /* of the section it shows */
    int selected;      /* item: the row's place, or as the kind of section counts them */
    int top;           /* first row or line shown */
    int shift;         /* columns that long text is scrolled to the left */
    int skipped;       /* columns of the table that are scrolled out at the left */
    int beyond;        /* columns there was no room for at the last draw */
    uint64_t identity; /* of the selected row or box; 0: none was selected */
    sd_time at;        /* of drawings over time: the moment of the cursor; SD_UNKNOWN: none was chosen */
    int64_t value;     /* of heat maps: where its row begins */
    bool placed;       /* the user has put the cursor of the drawing somewhere */
    uint64_t inside;   /* boxes: the box that fills the pane; 0: the whole */
    char *sort;        /* column key; NULL: as the view made it */
    bool reverse;
    char *filter; /* NULL: none */
    struct regex *regex;
    char **columns;   /* chosen column keys, NULL-terminated; NULL: the view's own choice */
    uint64_t *folded; /* identities of closed branches */
    size_t n_folded;
    uint64_t *held; /* identities of the rows that hold, as they were shown last */
    size_t n_held, cap_held;
    bool changed;                   /* sort, filter or folds are not those of the doc: pane_apply */
    int rows_had;                   /* the most rows of any doc of the screen */
    int page;                       /* rows shown at the last draw */
    int plot_w, plot_h;             /* of a drawing, at the last draw; 0: not drawn yet */
    int plot_x, plot_y;             /* from the corner of the pane's inside */
    int text_width;                 /* columns the row's main text had at the last draw; 0: unknown */
    bool marked;                    /* some rows have a mark */
    size_t hidden;                  /* rows or items taken away by the filter */
    double matched;                 /* boxes: share of the weight that the filter matches, each part once */
    int *widths;                    /* of the columns, the widest drawn on this screen; NULL: none yet */
    const struct column *widths_of; /* those columns */
    size_t n_widths;
    struct box_place *places; /* boxes, flow: what the last draw has put where */
    size_t n_places, cap_places;
    struct heading *headings;
    size_t n_headings, cap_headings;
    /* All about the selected row (section.about), the doc's; found anew when the doc is. */
    const char *about;
    const struct doc *about_in;
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
/* Selects a row (clamped) and remembers what it is about. */
void pane_select(struct pane *p, struct section *s, int row);
bool pane_set_filter(struct pane *p, const char *pattern, struct sd_error *err); /* NULL or "": none */
void pane_set_sort(struct pane *p, const char *column, bool reverse);
/* NULL-terminated keys; NULL: the view's own choice. */
void pane_set_columns(struct pane *p, const char *const *keys);
/* Goes to the row of that identity and opens what it is in; false: the filter hides it, or it is not there.
 */
bool pane_go_to(struct pane *p, struct section *s, uint64_t identity);
/* Opens (1), closes (0) or toggles (-1) the selected branch; false: it has no children. */
bool pane_fold(struct pane *p, struct section *s, int open);
/* Opens all branches; false: none was closed. */
bool pane_unfold(struct pane *p);
bool pane_is_folded(const struct pane *p, struct section *s, size_t row);

/* The column whose heading is at x, from the left of the pane's inside; -1. */
int pane_heading(const struct pane *p, int x);
bool pane_shows(const struct pane *p, const struct column *c);
bool pane_row_matches(const struct table *t, const struct row *r, const struct regex *re);
/* The row as text: its shown cells, tab separated. */
void pane_row_text(const struct pane *p, const struct table *t, const struct row *r, struct strbuf *out);

#endif
