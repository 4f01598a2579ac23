/* doctor_here.c - checks of the program itself: a row of HERE each. */
#include "app/doctor.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/history.h"
#include "term/term.h"

static void here(struct findings *f, const char *name, enum sd_check_state state, const char *text,
                 const char *mend)
{
    findings_add(f, "here", false, &(struct sd_check){name, state, text, mend});
}

/* Problems by what their sentence begins with; the last is all others. */
static const struct {
    const char *begins, *name, *mend;
} PROBLEMS[] = {
    {"cannot load the module", "module",
     "ldd FILE shows the libraries that are missing: install them, or remove the module"},
    {"", "configuration", "correct it; slowdive --print-config and --print-policy show how it is written"},
};

static void tell_problem(struct findings *f, const char *line)
{
    size_t i = 0;
    while (!str_starts(line, PROBLEMS[i].begins))
        i++;
    findings_add(f, "here", true,
                 &(struct sd_check){PROBLEMS[i].name, SD_CHECK_MISSING, line, PROBLEMS[i].mend});
}

/* What was wrong when it was read: it was asked for, by being there. */
static void look_configuration(struct app *a, struct findings *f)
{
    char *text = a->config->path ? mem_printf("%s was read", a->config->path)
                                 : mem_strdup("there is none: sources are looked for here");
    bool wrong = a->problems.len > 0;
    for (char *line = a->problems.text, *end; wrong && line && *line; line = end) {
        end = strchr(line, '\n');
        if (end)
            *end++ = '\0';
        tell_problem(f, line);
    }
    strbuf_clear(&a->problems);
    if (!wrong)
        here(f, "configuration", SD_CHECK_OK, text, NULL);
    free(text);
}

/* A wrong policy is among the problems of the configuration. */
static void look_policy(struct app *a, struct findings *f)
{
    const struct goal_policy *p = &a->config->policy;
    char *text = mem_printf("%.300s: %zu objectives and %zu other goals",
                            p->file ? p->file : "there is none, the default counts", p->n_slos, p->n_kpis);
    if (!a->policy_is_wrong)
        here(f, "policy", SD_CHECK_OK, text, NULL);
    free(text);
}

static void look_terminal(struct app *a, struct findings *f)
{
    const char *term = getenv("TERM");
    struct term_about about = term_about();
    (void)a;
    here(f, "UTF-8", about.utf8 ? SD_CHECK_OK : SD_CHECK_LESS,
         about.utf8 ? "the locale has UTF-8" : "the locale has no UTF-8: drawings are of ASCII characters",
         about.utf8 ? NULL : "export LC_ALL=C.UTF-8");
    char *text = !about.known ? mem_printf("the terminal \"%.60s\" (TERM) is not known", term ? term : "")
                              : mem_printf("TERM is %.60s, with %d colours", term ? term : "", about.colors);
    here(f, "terminal", about.known && about.colors >= 8 ? SD_CHECK_OK : SD_CHECK_LESS, text,
         about.known && about.colors >= 8 ? NULL : "export TERM=xterm-256color");
    free(text);
}

/* Can the file or folder be written to, or made? */
static bool may_write(const char *wanted)
{
    char *path = mem_strdup(wanted);
    struct stat st;
    while (*path && access(path, F_OK) < 0) {
        char *slash = strrchr(path, '/');
        path[slash ? MAX(slash - path, 1) : 0] = '\0';
    }
    const char *there = *path ? path : ".";
    bool ok =
        access(there, W_OK) == 0 && (str_eq(there, wanted) || (stat(there, &st) == 0 && S_ISDIR(st.st_mode)));
    free(path);
    return ok;
}

static void look_flight(struct app *a, struct findings *f)
{
    const struct settings *s = a->config->settings;
    const char *folder = s->flight_folder;
    if (!s->flight || !folder || !*folder)
        return;
    bool ok = may_write(folder);
    char *text =
        mem_printf(ok ? "the console records itself in %.300s" : "%.300s cannot be written to", folder);
    here(f, "flight recorder", ok ? SD_CHECK_OK : SD_CHECK_LESS, text,
         ok ? NULL : "set flight_folder to a folder of yours, or flight: no");
    free(text);
}

/* Where the agent records. What can be read of it says its source. */
static void look_history(struct app *a, struct findings *f)
{
    const char *url = a->config->policy.history.url, *home = getenv("HOME");
    if (!url || history_is_engine(url))
        return;
    const char *path = strchr(url, ':') + 1;
    char *file = str_starts(path, "~/") && home ? mem_printf("%s%s", home, path + 1) : mem_strdup(path);
    bool ok = may_write(file);
    char *text = mem_printf(ok ? "%.300s can be written to" : "%.300s cannot be written to", file);
    findings_add(
        f, "here", true,
        &(struct sd_check){"history", ok ? SD_CHECK_OK : SD_CHECK_MISSING, text,
                           ok ? NULL
                              : "let who owns it record, as sudo -u OWNER slowdive agent, or name another "
                                "history.url in the policy"});
    free(file);
    free(text);
}

static void (*const HERE[])(struct app *a, struct findings *f) = {look_configuration, look_policy,
                                                                  look_terminal, look_flight, look_history};

void doctor_here(struct app *a, struct findings *f)
{
    for (size_t i = 0; i < ARRAY_LEN(HERE); i++)
        HERE[i](a, f);
}
