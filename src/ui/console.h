/* console.h - the whole console without a terminal: keys in, cells out.
 *
 * Owns the screens and the way between them, focus, selection, filters, prompts,
 * help, and the time cursor. The terminal, the script runner and the tests drive
 * the same functions. Main thread only; never blocks. */
#ifndef UI_CONSOLE_H
#define UI_CONSOLE_H

#include "conf/config.h"
#include "core/model/model.h"
#include "ui/grid.h"
#include "view/action.h"

/* What was saved of the past. */
struct saved {
    sd_time from;  /* of the first data in it */
    int64_t bytes; /* of the recording */
    bool late;     /* the disk is slow: the last seconds are not in it */
};

enum copied {
    COPIED_NOT,  /* the terminal cannot, or it is too long */
    COPIED_SENT, /* to the terminal, which may ignore it */
    COPIED       /* somebody has said that it is there */
};

/* The past beyond the model, such as weeks of a history: what of it is looked at is brought first. */
struct console_reach {
    sd_time first, last; /* of all that can be looked at; SD_UNKNOWN: nothing */
    int64_t step_ns;     /* how fine it is at that moment: what one step in time is; 0: as usual */
};
struct console_look {
    const struct view *view;
    const char *arg;
    struct span span;
    bool live; /* the cursor follows the newest */
    const struct view_choices *choices;
};
/* Texts are good until the next call. */
struct console_looked {
    const char *waits; /* what is still being brought, "10:00 to 11:00 of shop"; NULL: it is there */
    const char *scope; /* of what alone the figures are, "web1"; NULL: of all */
};

/* What the console asks of the program around it. Every function may be NULL:
 * then the console says that it cannot. `app` is passed back. */
struct console_env {
    void *app;
    struct model *model;
    struct config *config;
    struct signals *signals;   /* fed with the same batches as the model; NULL */
    sd_time (*now)(void *app); /* wall clock; fixed in scripts */
    bool replay;               /* the model holds a recording: the cursor starts at its
                                  end, paused; Space plays */
    struct figures *baseline;  /* what the data is compared with from the start: the console
                                  frees it; NULL */
    /* Queues a job for a source; the number that its answer will bear (batch_answer), 0 and
     * a sentence when it cannot. */
    uint64_t (*request)(void *app, const char *origin, const struct sd_request *req, struct sd_error *err);
    void (*withdraw)(void *app, const char *origin); /* what was asked of it is not wanted any more */
    /* Adds to what views see what the program knows beside the model; console_refresh when it changes. */
    void (*fill)(void *app, struct view_ctx *c);
    /* Does what an action wants of the program itself, without waiting. What it wants next is put into
     * `out`, which has an arena. False and a sentence: it was not done. */
    bool (*errand)(void *app, const struct errand *e, struct outcome *out, struct sd_error *err);
    /* To the clipboard: is it there, may it be there (no terminal answers), or not? */
    enum copied (*copy)(void *app, const char *text);
    bool (*add_source)(void *app, const char *target, struct sd_error *err);
    /* Writes what the flight recorder has as a new recording. */
    bool (*save)(void *app, const char *path, struct saved *out, struct sd_error *err);
    /* NULL path: stop; append: continues a recording that is there. */
    bool (*record)(void *app, const char *path, bool append, struct sd_error *err);
    bool (*recording)(void *app); /* is it being recorded now? */
    /* A malloc'd text, as file_read gives it. */
    bool (*read_file)(void *app, const char *path, char **text, size_t *len, struct sd_error *err);
    bool (*write_file)(void *app, const char *path, const char *text, size_t len, struct sd_error *err);
    void (*set_theme)(void *app, const char *name);
    void (*set_mouse)(void *app, bool on);
    void (*suspend)(void *app);
    void (*redraw)(void *app);
    /* How far back can be looked, and how fine it is at `at`. NULL, or false: the model has all there is. */
    bool (*reach)(void *app, sd_time at, struct console_reach *out);
    /* Before figures are made: sees to it that the model (console_set_model) has them, or begins to bring
     * them and says what; what is on the screen stays meanwhile. Then: console_look_again. NULL: the model
     * has them. */
    struct console_looked (*look)(void *app, const struct console_look *what);
    void (*look_off)(void *app); /* what is being brought is not wanted any more */
};

/* The console's own cost, shown in the status line; unknown where SD_UNKNOWN/NAN. */
struct console_cost {
    double cpu_share; /* of one core */
    int64_t rss_bytes;
    double tty_bytes_per_s;
};

struct console *console_new(const struct console_env *env);
void console_free(struct console *c);

void console_key(struct console *c, key_code key);
enum mouse_event { MOUSE_CLICK, MOUSE_DOUBLE_CLICK, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };
void console_mouse(struct console *c, enum mouse_event event, int x, int y);
void console_paste(struct console *c, const char *text); /* only prompts take it */
void console_resize(struct console *c, int width, int height);
/* Runs a : command; false and a sentence when it is wrong. */
bool console_command(struct console *c, const char *line, struct sd_error *err);
void console_set_cost(struct console *c, struct console_cost cost);
/* A line for the user at the bottom, until the next key or 10 s. "{key:quit}" in the format
 * stands for the key that is bound to that action. */
void console_message(struct console *c, enum severity severity, const char *fmt, ...) SD_PRINTF(3, 4);
void console_refresh(struct console *c); /* what views see has changed, beside model and time */
void console_open(struct console *c, const char *view,
                  const char *arg); /* as a step that can be taken back */

/* From now on the figures are made of these. The model before stays as long as the console shows what was
 * made of it: until the next draw after this call. */
void console_set_model(struct console *c, struct model *m, struct signals *s);
/* Chooses for all views, as an action would (view_choose); the name is static. */
void console_choose(struct console *c, const char *name, const char *text);
void console_look_again(struct console *c); /* what was brought is there, or will not come */

/* Moves playback and expires messages; true when the picture may have changed.
 * *wait_ns: how long nothing will change by itself (INT64_MAX: ever). */
bool console_tick(struct console *c, int64_t *wait_ns);
/* Every batch, once the model has it: what happened is said, what was waited for (a plan)
 * is shown at the next draw. True: the user waits for this. */
bool console_take(struct console *c, const struct sd_batch *b);
/* Draws everything. Figures are recomputed at most every settings.refresh_ns,
 * after a key at once. */
void console_draw(struct console *c, struct grid *g);
bool console_quitting(const struct console *c);
/* For `wait` steps of scripts: the name of a view (it is shown, with rows), "rows>0", "text REGEX". */
bool console_condition(struct console *c, const char *condition, struct sd_error *err);

#endif
