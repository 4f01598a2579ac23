/* action.h - the actions of views, as rows of their domain.
 *
 * An action is bound to keys, named in the configuration and after ":", and described in
 * help and manual by its row. It reads what is on the screen and returns what to do; the console does it. It
 * does not call the console. */
#ifndef VIEW_ACTION_H
#define VIEW_ACTION_H

#include "core/job.h"
#include "view/view.h"

/* ---- what an action sees ---- */

/* A job that takes time and was asked for from here. */
struct running {
    const struct job *job;
    const char *origin, *where; /* "prod", "orders@prod" */
    const char *about;          /* "orders/77" */
};

struct action_ctx {
    struct view_ctx view;          /* as the view on the screen was built */
    const struct view *on;         /* that view */
    const struct doc *doc;         /* and its document */
    bool live;                     /* the console follows the present, and there may be a server */
    const struct row *row;         /* the selected one; of a drawing where it leads to; NULL: none */
    sd_time now;                   /* wall clock */
    const char *arg;               /* what follows the action's name after ":"; NULL */
    const char *typed;             /* the last answer to a prompt of an action; NULL */
    const char *typed_for;         /* what it was typed for: prompt.about */
    bool answered;                 /* run because of that answer, just now */
    int64_t limit_ns;              /* the longest a job that executes something may take */
    const struct running *running; /* NULL: nothing runs */
};

/* ---- what it wants ---- */

struct fact {
    const char *label, *text;
    const struct text_language *language; /* of the text; NULL: it is in none */
};

/* Facts, what will happen, yes or no. */
struct question_text {
    const char *title, *what; /* title NULL: there is no question */
    struct fact *facts;       /* in the arena */
    size_t n_facts, cap_facts;
    bool danger;
};

struct job_order {
    const struct job *job; /* NULL: there is none */
    const void *args;
    const char *origin; /* the source that is asked; NULL: none could do it */
    const char *where;  /* "orders@prod" */
    const char *about;  /* "orders/77" */
    const char *asked;  /* said once it is queued; NULL: nothing */
    const char *view;   /* shown meanwhile, about `about`; NULL: what is shown */
};

/* What the program around the console does itself, and no source: by its name. What it wants then is an
 * outcome again, such as a message, or a question with what it is about to do. */
struct errand {
    const char *name; /* NULL: there is none */
    const char *args[4];
};

/* Every part may be absent. Texts are static or in `arena`. With a question, the order,
 * the command or the errand is carried out when it is answered with yes. */
struct outcome {
    struct arena *arena; /* whoever runs the action makes and frees it */
    enum severity severity;
    const char *message;         /* a sentence for the user */
    const char *view, *view_arg; /* a view to show, as a dive */
    bool beside;                 /* and what stands beside it: */
    const char *file;            /* a file to read; NULL: none any more */
    const char *choose;          /* name of a choice of views (view_choose), static; NULL: none */
    int choice;                  /* its value from now on */
    const char *choice_text;     /* likewise */
    uint64_t row;                /* identity of a row of the pane with the keys, to go to; 0: none */
    bool marks;                  /* what `changes` compares with is from now on: */
    struct figures *baseline;    /* the console's, when it takes it; NULL: the window before */
    struct {
        const char *label; /* NULL: nothing is asked to be typed */
        const char *about; /* what the answer is for */
        const char *text;  /* what stands there already; NULL */
        const char *hint;
    } prompt;
    struct question_text question;
    struct job_order order;
    const char *command; /* a command line, as it is typed after ":"; NULL: none */
    struct errand errand;
    bool stop; /* the job that runs ends */
};

void outcome_message(struct outcome *o, enum severity severity, const char *fmt, ...) SD_PRINTF(3, 4);
void outcome_free(struct outcome *o);                                      /* what is in it */
void outcome_fact(struct outcome *o, const char *label, const char *text); /* NULL, "": left out */
void outcome_sql(struct outcome *o, const char *label, const char *sql);   /* likewise, a statement */

/* ---- the row ---- */

struct view_action {
    const char *name;  /* "plan": in the configuration and after ":" */
    const char *keys;  /* defaults, space separated */
    const char *group; /* title of its part of the help: "Opening and going back" */
    const char *bar;   /* label in the function bar; NULL: not there */
    const char *help;
    /* For one that needs a live server: what cannot be done without, as in "A recording
     * has no server to cancel statements". NULL: it needs none. */
    const char *on_server;
    bool danger; /* it changes what others do there: only with allow_actions */
    /* As a command with an argument; NULL: it takes none. */
    const char *args, *args_help;
    const char *(*word)(size_t i); /* what may stand there, for completion; NULL ends */
    /* Can it be done here? `why` says what is missing. NULL: always. */
    bool (*enabled)(const struct action_ctx *c, struct sd_error *why);
    void (*run)(const struct action_ctx *c, struct outcome *out);
};

/* What the selected row says in that column of its table; NULL: it is of a drawing, or has no such text. */
const char *action_row_text(const struct action_ctx *c, const char *column);

/* Each action of all views once, in the order of the views; NULL: there are no more. */
const struct view_action *view_action_at(size_t i);
/* The key of an action, as it is bound, or ":NAME" when it has none. In the doc. NULL when
 * what is built is printed, where no key works. */
const char *view_key(const struct view_ctx *c, struct doc *d, const char *action);

#endif
