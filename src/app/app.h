/* app.h - the wiring: configuration, sources, model and recorder of one run. */
#ifndef APP_APP_H
#define APP_APP_H

#include "app/cli.h"
#include "app/past.h"
#include "conf/config.h"
#include "core/goals/signals.h"
#include "core/model/model.h"
#include "rt/rt.h"
#include "sink/recorder.h"
#include "rt/registry.h"
#include "view/hosts/hosts.h"

#include <stdatomic.h>

struct view;             /* view/view.h */
struct doc;              /* core/doc.h */
struct history_recorder; /* store/recorder.h */

enum { EXIT_FINE = 0, EXIT_CHECK = 1, EXIT_USAGE = 2 };

struct app {
    const struct cli *cli;
    struct config *config;
    struct model *model;
    struct model_limits limits; /* of it */
    struct signals *signals;    /* the figures of the policy; NULL: nobody asked for them */
    struct batch_part *part;    /* what of the data counts: --host, until */
    struct rt *rt;
    struct recorder *recorder;        /* NULL: not recording into a file */
    struct history_recorder *history; /* NULL: not into a history */
    char *history_said;               /* its trouble, as it was said last; NULL: none */
    struct places *places;            /* how far logs were read (places.h); NULL: nobody keeps it */
    struct flight *flight;            /* NULL: the flight recorder is off */
    struct figures *baseline;         /* view_ctx.baseline; NULL */
    struct app *beside;               /* what --baseline names; app_free() frees it; NULL */
    bool flight_wanted;               /* as the settings were obeyed last */
    bool replay;                      /* the model was filled from a recording */
    void (*taken)(void *ctx, const struct sd_batch *b); /* each one, once it is in the model; NULL */
    void *taken_ctx;
    bool policy_is_wrong;   /* it was not read, and the problems say why; only of a command that `examines` */
    struct strbuf problems; /* sentences for the user, a line each */
    size_t n_sources;
    char **names;      /* of the sources started */
    char **recordings; /* paths of those loaded */
    size_t n_recordings;
    sd_time goals_at;              /* --at of what is about goals; SD_UNKNOWN: not given */
    sd_time until;                 /* later data is not taken in; SD_UNKNOWN: all is */
    struct hosts_subject hosts;    /* what the view hosts is of */
    struct past past;              /* what is asked of histories */
    struct past_shown *past_shown; /* the console on one; NULL */
};

/* Reads the configuration, loads modules, makes model and runtime. Problems that
 * do not stop anything go to app->problems. False: usage error. */
bool app_init(struct app *a, const struct cli *cli, const struct model_limits *limits, struct sd_error *err);
void app_free(struct app *a);

/* ---- app_sources.c ---- */
/* Starts a source, or loads it when it is a recording. A failure that comes later
 * shows in the source's status. `follow` NULL: every source follows. */
typedef bool follow_rule(const struct sd_source_ops *ops);
bool app_add_target(struct app *a, const char *target, follow_rule *follow, struct sd_error *err);
/* The given targets, else the configuration's sources, else what is found here.
 * Each failure is added to problems; returns how many failed. */
size_t app_add_all(struct app *a, const char *const *targets, size_t n, follow_rule *follow);
/* The same of targets of one kind of source, a line each for one instance of it; recordings, and what has the
 * kind in front, are added by themselves. */
size_t app_add_lines(struct app *a, const char *kind, const char *const *targets, size_t n,
                     follow_rule *follow);
/* A target that is wholly of that kind, a URL with all its parameters, and one option: "runs=5". */
bool app_add_of_kind(struct app *a, const char *kind, const char *target, const char *option,
                     follow_rule *follow, struct sd_error *err);
/* The options of a source as it would be opened: the settings it shares, `given` ("name=value",
 * NULL-terminated, or NULL), those of its target. False and a sentence when one is wrong or its probe says
 * no. *opts is the caller's in any case (options_free). */
bool app_source_options(struct app *a, char *const *given, const struct registry_resolved *r, void **opts,
                        struct sd_error *err);

/* ---- app_data.c ---- */
bool app_is_recording(const char *path); /* a plain file that begins as one */
bool app_load_recording(struct app *a, const char *path, struct sd_error *err);
/* Only data up to `until` is in the model from now on, also of the recordings that were loaded. Before
 * anything was drained. */
bool app_end_at(struct app *a, sd_time until, struct sd_error *err);

/* The model may take so much; before any data comes. */
void app_more_memory(struct app *a, size_t bytes);
void app_totals_only(struct app *a); /* as model_limits has it; before any data comes */

/* From now on the figures of the policy are kept, too: before any data comes. Once; limits NULL: the usual.
 */
void app_watch_goals(struct app *a, const struct signals_limits *limits);
/* The clock of goals: --at; the present while a source is live; else the end of the data. */
bool app_is_live(const struct app *a); /* is a source that goes on? */
sd_time app_goals_time(const struct app *a);

/* Takes what the sources have published, for at most budget_ns. */
size_t app_drain(struct app *a, int64_t budget_ns);
/* Has the sources end, and takes what they hand out until then, for at most limit_ns: before a recording
 * ends, because logs are not read again up to the place that is kept. */
void app_end_sources(struct app *a, int64_t limit_ns);
/* Waits until the runtime has something, at most timeout_ns. False: a signal asks
 * to stop. */
bool app_wait(struct app *a, int64_t timeout_ns);

/* ---- app_record.c ---- */
/* path: a file or the URL of a history; NULL: stop; append: continues a recording that is there, as a history
 * always is. False also when the recording before, which ends, could not be written to its end. */
bool app_record(struct app *a, const char *path, bool append, struct sd_error *err);
bool app_is_recorded(const struct app *a);
/* Has the recording failed? Why. */
bool app_record_failed(struct app *a, struct sd_error *why);
/* True, once: why a history cannot be written for now, or that it is written again. */
bool app_record_troubled(struct app *a, struct sd_error *why);
/* Ends what is recorded, whatever becomes of it: app_free(). */
void app_close_recorders(struct app *a);

/* ---- verbs.c ---- */
/* The figures of all data that --baseline names, which stays beside. NULL and a sentence when it cannot be
 * read. */
struct figures *baseline_figures(struct app *a, struct sd_error *err);

/* Reads files to their ends, and of servers what they say at first; n 0: the configuration's sources, or
 * those found here. `use` says what of histories. False and a sentence: one of them cannot be read. */
bool app_read(struct app *a, const char *const *sources, size_t n, const struct past_use *use,
              struct sd_error *err);
/* The same, and goes on without what cannot be read: it is complained of, a line of `unread` each. False and
 * a sentence: one of them is no source at all, or there is none. */
bool app_read_what_can(struct app *a, const char *const *sources, size_t n, const struct past_use *use,
                       struct strbuf *unread, struct sd_error *err);
/* Adds those lines to a document, as `unread`: figures without a source shall not pass for all of them. */
void app_add_unread(struct doc *d, const char *lines);
bool app_reads_files_only(const struct app *a); /* all that was named are files and recordings */

/* The value of an option, 0: not given. False, with a complaint: it is no duration above 0. */
bool app_duration(const struct app *a, enum cli_option o, int64_t *ns);
/* Says why sources have failed; how many. */
size_t app_complain_of_failed(const struct app *a);

/* ---- record_verb.c ---- */
/* Asks servers to plan their heaviest statements, a few of them, without executing anything. */
void app_ask_for_plans(struct app *a);

/* ---- flight.c ---- */
struct saved; /* ui/console.h */
/* Starts or stops the flight recorder when the setting says so since the last call. False and a sentence,
 * once, when it cannot start. */
bool flight_obey(struct app *a, struct sd_error *err);
void flight_batch(struct app *a, const struct sd_batch *b);
bool flight_trouble(struct app *a, struct sd_error *why); /* true, once: it failed, and why */
/* Writes what it has of this run as a new recording. */
bool flight_save(struct app *a, const char *path, struct saved *out, struct sd_error *err);
/* Loads the flight that ended last; one that is still written when there is no other. */
bool flight_load_last(struct app *a, struct sd_error *err);
void flight_stop(struct app *a);
/* What `replay` names: a file, or with --last the last flight. */
bool replay_load(struct app *a, struct sd_error *err);

/* ---- discover.c ---- */
/* What is here: what DATABASE_URL, PGSERVICE or PGHOST names, else PostgreSQL sockets in
 * `folders` (NULL-terminated; NULL: where servers have them); and access logs. Calls `found`
 * with a target and a few words for each.
 *
 * Only a socket whose owner is root, postgres or the user is taken, in a folder of one of
 * them that others may not write to, or that is sticky; its target makes libpq compare the
 * owner with who is at the other end (requirepeer), and sends no password. Of any other
 * `refused` gets a sentence: it is named, not opened. */
struct discovery {
    void (*found)(void *ctx, const char *target, const char *why);
    void (*refused)(void *ctx, const char *sentence);
    void *ctx;
    void (*unreadable)(void *ctx, const char *path); /* a log that would be found; NULL: not told */
};
void discover(const struct discovery *d, const char *const *folders);

/* ---- verbs: each returns the exit status ---- */
int verb_view(struct app *a);
int verb_show(struct app *a, const struct view *v); /* the same of a view that is in no list */
int verb_report(struct app *a);                     /* the first argument is its kind */
int verb_check(struct app *a);                      /* budgets, assertions, runs before and after */
int verb_explain(struct app *a);
int verb_advise(struct app *a); /* indexes for a workload */
int verb_record(struct app *a);
int verb_script(struct app *a);
int verb_console(struct app *a);
int verb_list(struct app *a); /* sources, keys */
/* views, manual: from the tables alone, whatever is configured; manual.c */
int verb_manual(const struct cli *cli);
/* from its argument alone; rum_snippet.c */
int verb_rum_snippet(const struct cli *cli);

/* Prints "slowdive: sentence" to stderr, neutralised. */
void complain(const char *fmt, ...) SD_PRINTF(1, 2);
/* No core file and no debugger while on: passwords are in the memory. Off under sanitizers,
 * whose leak check attaches to its own process. */
void private_memory(bool on);
/* A copy of the arguments, to be used from now on; in the memory that other users see in the
 * list of processes passwords are overwritten. Never freed. */
char **private_arguments(int argc, char **argv);

/* One more sentence for app->problems; of a struct app. */
void app_problem(void *app, const char *sentence);
/* Complains about each of app->problems, which is empty then. */
void app_report(struct app *a);

/* ---- signals.c ---- */
/* Crash and termination handlers. SIGTERM, SIGHUP, SIGINT and SIGQUIT set a flag and make
 * signals_fd readable. Who does not end within 600 ms is ended: the terminal is restored, the status is
 * 128 and the signal's number. So no verb has to look at the flag where it reads, computes or prints.
 * Stopping, continuing and resizing are the terminal's (term.h). */
void signals_install(void);
int signals_fd(void);
int signals_stop(void); /* the signal that asks to end, or 0 */
void signals_drain(void);
/* For a command whose end takes longer: from now on it has so long after the first signal. A second one
 * prints `second` (a line, never freed), and a third one ends the program at once; NULL: the second one does.
 * Returns what signals_stop() reads, for another thread. */
atomic_int *signals_graceful(int64_t ns, const char *second);
#define SIGNALS_PUTTING                                                                                      \
    "slowdive: what was taken is still being put into the history; one more signal ends this, and loses "    \
    "it\n"

/* A plan from a file, for the console: a plain file only, so that nothing blocks. */
bool explain_read_file(void *app, const char *path, char **text, size_t *len, struct sd_error *err);
/* `slowdive explain BEFORE AFTER`. */
int explain_two(struct app *a, const char *before, const char *after);

#endif
