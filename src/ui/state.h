/* state.h - the console's state, shared by its files only.
 *
 *   console.c   time cursor, building docs
 *   visit.c     screens and the way between them: up, back, forward, places
 *   keys.c      keys and mouse to actions
 *   prompt.c    the line at the bottom: editing, history, completion
 *   command.c   what : takes
 *   save.c      :save: the past as a recording, with a summary
 *   palette.c   the list above it: views, things, commands that fit
 *   linked.c    the list of what is linked with a row
 *   looking.c   the past that is not in the model
 *   choice.c    lists to choose from, as both of these
 *   header.c    the two lines at the top
 *   draw.c      the picture
 *   about.c     all about the selected row, beside or below the rows
 *   help.c      the overlay: help
 *   columns.c   columns by name: sorting, showing; the list of columns
 *   confirm.c   the question before something is done
 *   ask.c       what actions of views want: shown, asked, typed, done by a source
 *   actions.c   those actions, as keys are bound to them */
#ifndef UI_STATE_H
#define UI_STATE_H

#include "ui/choice.h"
#include "ui/console.h"
#include "ui/pane.h"
#include "ui/widgets.h"
#include "view/action.h"

enum { VISITS_MAX = 33, SCREENS_MAX = 48, PANES_MAX = 64, HITS_MAX = 64, BAR_MAX = 32 };

enum cursor_mode { CURSOR_LIVE, CURSOR_PAUSED, CURSOR_PLAYING };

/* What a doc was built from: while it is the same the doc is kept. */
struct built_from {
    uint64_t version; /* of the model, or of what the view is made of */
    struct span span;
    sd_time now;      /* ages are measured from it; SD_UNKNOWN: the view tells none */
    uint64_t changes; /* of settings, width, the file beside it: console.changes */
    bool live;
};

/* The time looked at. */
struct moment {
    enum cursor_mode mode;
    sd_time at;
    int64_t window;
};

/* A view about something, and what the user did to its panes: kept while others are shown. */
struct screen {
    const struct view *view;
    char *arg; /* NULL: the view needs none, or the worst one */
    char *title;
    struct doc *doc;
    struct built_from from;
    struct pane **panes; /* found by section key; they outlive the docs */
    size_t n_panes;
    size_t focus; /* section of the doc */
    bool focused; /* the user has moved the focus: doc->focus no longer decides */
    bool zoom;
    bool timed;                  /* it looks at a time of its own, and so does what is opened from it */
    bool entered;                /* by a dive into that time: going up first gives the time back */
    struct moment then;          /* that time, while another screen is shown */
    uint64_t used;               /* console.uses when it was last shown */
    struct sd_request *asked;    /* what its doc wanted and was asked for, once */
    char *file_name, *file_text; /* a plan to compare with (:diff FILE); NULL */
    size_t file_len;
};

enum prompt_kind { PROMPT_NONE, PROMPT_COMMAND, PROMPT_FILTER, PROMPT_SEARCH, PROMPT_EXPORT, PROMPT_ACTION };
enum overlay { OVERLAY_NONE, OVERLAY_HELP, OVERLAY_COLUMNS, OVERLAY_SORT, OVERLAY_LINKED };

/* A question, with the facts of the moment it was put. While it stands nothing moves
 * under it; only y says yes. */
struct question {
    struct outcome asked; /* its texts, and the order that yes gives */
    sd_time at;
    int top, page;    /* facts are scrolled when they do not fit */
    bool shown;       /* it was large enough to be read */
    const char *copy; /* what yes copies; NULL: it gives the order */
};

/* The job that runs now. */
struct execution {
    struct arena *arena; /* of the texts in `run` */
    struct running run;
    uint64_t number; /* of the request: its answer bears it */
    int64_t limit_ns;
    sd_time since, withdrawn; /* 0: not withdrawn */
    int64_t second;           /* as last shown */
};

/* Something on the screen that a click acts on. */
struct hit {
    struct rect r;
    int action;              /* ACTION_NONE: what follows */
    int place;               /* digit of a place; -1 */
    const struct view *view; /* of a place; NULL */
};

struct console {
    struct console_env env;
    struct screen *screens[SCREENS_MAX]; /* all that are kept */
    size_t n_screens;
    struct screen *visits[VISITS_MAX]; /* the way through them; after `visit` what M-Right goes to */
    size_t n_visits, visit;
    struct screen *last; /* shown before this one; NULL */
    uint64_t uses;
    const struct view *of_place[PLACE_END]; /* shown last of its views; NULL: none yet */
    int climb;                              /* presses of Esc or q in a row */
    bool climbed;                           /* one of them left a screen */
    struct moment base;                     /* of the others, while a screen looks at a time of its own */
    struct marks {
        enum severity of[PLACE_END];
        uint64_t version;
        sd_time to, at;
        bool known;
    } marks; /* of places */

    enum cursor_mode mode;
    sd_time at;       /* the cursor, unless live */
    sd_time now_seen; /* env.now at the last tick, for playing */
    double speed;
    sd_time anchor; /* live, but all data is older than the console, or ahead of its clock: their end */
    sd_time ahead_to, ahead_since; /* the newest data of those ahead, and when it came */

    const struct model *sources; /* where the states of sources are: the model at first */
    char *waits, *scope;         /* as console_looked says; NULL */
    struct moment ready;         /* what was looked at when all of it was there; window 0: nothing was */

    struct figures *baseline;   /* view_ctx.baseline; NULL: the window before */
    struct view_choices chosen; /* what was chosen for views; it stays on the way to the next */

    bool stale;    /* the doc is looked at again at the next draw: built anew when what it is from changed */
    sd_time built; /* env.now when it was */
    uint64_t version; /* of the model then */
    uint64_t changes; /* of what docs depend on beside the model and the time */

    enum prompt_kind prompt;
    struct strbuf line;
    char *filter_before; /* the filter the prompt was opened over; Esc brings it back */
    char *filter_last;   /* the last one accepted, in any pane; NULL */
    size_t caret;
    char **history; /* of commands, oldest first */
    size_t n_history, history_at;
    char *completions; /* shown above the line; NULL */
    char *hint;        /* likewise, as long as the prompt is open; NULL */
    int prompt_action; /* PROMPT_ACTION: the one that asks, its label, and what for */
    char *prompt_label, *prompt_about;
    bool no_pattern; /* what stands in the line is none yet */
    struct regex *search;

    char *copied;           /* the thing that the last key copied: the same key again copies its row; NULL */
    struct choices choices; /* of the palette, or what is linked */
    struct things *things;  /* what the palette found to open; NULL: not looked for yet */

    enum overlay overlay;
    bool help_all;
    struct strbuf help_filter;
    struct pane overlay_pane;
    struct question *question;   /* NULL: none */
    char *typed, *typed_for;     /* the last answer to PROMPT_ACTION, and what it was for; NULL */
    struct execution *execution; /* NULL: none */

    int bar[BAR_MAX]; /* actions of the function bar, in order */
    size_t n_bar;

    char *message;
    enum severity message_severity;
    sd_time message_until;

    struct console_cost cost;
    int width, height;
    struct rect rects[PANES_MAX]; /* of the shown sections, for the mouse */
    struct hit hits[HITS_MAX];
    size_t n_hits;
    struct grid *shown; /* the last picture: conditions and tests read it */
    bool quit;
};

/* ---- visit.c ---- */
struct screen *console_screen(const struct console *c); /* the one that is shown */
void visit_start(struct console *c);
void visit_free(struct console *c);
/* Shows a view, as a step that M-Left takes back. Opened from a screen that looks at a time of
 * its own, it looks at that too. */
void console_push(struct console *c, const struct view *view, const char *arg);
void visit_span(struct console *c, const struct view *view, const char *arg, sd_time from, sd_time to);
/* The same at the common time. */
void visit_view(struct console *c, const struct view *view, const char *arg);
void visit_place(struct console *c, int digit);
void visit_beside(struct console *c, int direction);
void visit_up(struct console *c);
int visit_height(const struct console *c); /* views from here up to Home */
void visit_last(struct console *c);
void visit_history(struct console *c, int direction);
bool visit_home(const struct console *c); /* is Home shown? */
enum view_place visit_place_of(const struct console *c);

void visit_forget(struct screen *s); /* its doc */

/* ---- looking.c ---- */
struct console_reach console_reach(const struct console *c);
bool looking_ready(struct console *c); /* is there what the screen needs now? */
bool looking_stop(struct console *c);  /* goes back to what was there; false: nothing is waited for */
struct doc *looking_doc(const struct console *c); /* what it waits for, where nothing is to be shown yet */
void looking_banner(const struct console *c, struct strbuf *out);

/* ---- console.c ---- */
/* The focused section and its pane; NULL when the doc has none. */
struct section *console_section(struct console *c);
struct pane *console_pane(struct console *c);
struct pane *screen_pane(struct screen *s, size_t section);
void console_build(struct console *c);   /* the doc of the screen on top */
void console_rebuild(struct console *c); /* it is out of date, whatever the model and the time */
struct span console_span(const struct console *c);
sd_time console_cursor(const struct console *c); /* the moment looked at */
void console_seek(struct console *c, sd_time at);
struct view_ctx console_view_ctx(struct console *c); /* for the screen on top */
sd_time console_now(const struct console *c);

/* ---- keys.c ---- */
void console_act(struct console *c, int action);
void console_copy(struct console *c, const char *text); /* to the clipboard, and says so */
struct item;                                            /* ui/section/section.h */
bool console_item(struct console *c, struct item *it);  /* what the cursor is on; false: nothing */

/* ---- header.c ---- */
/* One line, or two; r.h says how many. */
void header_draw(struct console *c, struct grid *g, struct rect r);
void header_hit(struct console *c, struct hit h);

/* ---- palette.c ---- */
void palette_refresh(struct console *c); /* what fits the line that is typed */
void palette_close(struct console *c);
bool palette_accept(struct console *c, struct sd_error *err); /* what is chosen; false: `err` */
bool palette_chosen(const struct console *c);                 /* Enter takes a row of the list */

/* ---- linked.c ---- */
void linked_open(struct console *c);
void linked_key(struct console *c, key_code key);

/* ---- prompt.c ---- */
void prompt_open(struct console *c, enum prompt_kind kind, const char *text);
void prompt_key(struct console *c, key_code key);
void prompt_insert(struct console *c, const char *text);
const char *prompt_label(const struct console *c);

/* ---- command.c ---- */
/* Words that may stand at the end of `line`, space separated, into out. */
void command_complete(struct console *c, const char *line, struct strbuf *common, struct strbuf *all);
/* What the word names: exactly, or as the only one that begins so; SUBJECT_NONE otherwise. */
enum subject_kind { SUBJECT_NONE, SUBJECT_COMMAND, SUBJECT_ACTION, SUBJECT_VIEW };
enum subject_kind command_subject(const struct console *c, const char *word, bool *exact);
bool command_export(struct console *c, const char *path, struct sd_error *err);

/* ---- save.c ---- */
bool command_save(struct console *c, const char *path, struct sd_error *err);

/* ---- confirm.c ---- */
void question_open(struct console *c, struct outcome *o); /* takes it */
void question_free(struct question *q);                   /* NULL is fine */
void question_key(struct console *c, key_code key);
void question_draw(struct console *c, struct grid *g, struct rect area);

/* ---- ask.c ---- */
/* Runs an action of a view; arg: what follows its name after ":", or NULL. False and a
 * sentence when it cannot be done here. */
bool ask_action(struct console *c, int action, const char *arg, struct sd_error *err);
/* What an action asked to be typed has been. */
void ask_typed(struct console *c, int action, const char *about, const char *line);
void ask_order(struct console *c, const struct job_order *o); /* has a source do a job */
void outcome_do(struct console *c, const struct outcome *o);  /* its job and its command */
bool ask_stop(struct console *c);     /* the same, after a question where its job has one */
bool ask_withdraw(struct console *c); /* false: nothing runs that could be */
void ask_banner(const struct console *c, struct strbuf *out);    /* what runs, in one sentence */
bool ask_tick(struct console *c, sd_time now, int64_t *wait_ns); /* true: the banner changes */
void ask_free(struct console *c);

/* ---- about.c ---- */
void about_refresh(struct console *c); /* before the layout: marks change heights */
/* Draws it into `in` if there is room; what is left for the rows. */
struct rect about_draw(struct draw d, const struct section *s, struct pane *p, struct rect in);
bool about_enter(struct console *c);          /* Enter: reads it; false: there is none */
bool about_leave(struct console *c);          /* Esc; false: it was not read */
bool about_scroll(struct console *c, int by); /* false: it is not read */

/* ---- columns.c ---- */
/* What follows :sort and :columns, headings or keys. False and a sentence when there is none of that name. */
bool columns_sort(struct console *c, const char *arg, struct sd_error *err);
bool columns_choose(struct console *c, const char *arg, struct sd_error *err);
void columns_click(struct console *c, int column); /* on a heading: sorts by it, or the other way round */
void columns_draw(struct console *c, struct grid *g, struct rect r); /* the list of the overlay */
/* action: the key's; by: rows it moves, 0: none */
void columns_key(struct console *c, key_code key, int action, int by);

/* ---- help.c ---- */
void overlay_open(struct console *c, enum overlay o);
void overlay_key(struct console *c, key_code key);
void overlay_draw(struct console *c, struct grid *g, struct rect r);

#endif
