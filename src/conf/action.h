/* action.h - everything a key can do, in one table: the general actions, which are listed
 * here, and those that belong to views, which are handed over as a struct action_table.
 *
 * From it come: the dispatch in ui/console, `slowdive keys`, the help screen,
 * the function-key bar, the key section of the configuration file and of the
 * manual. A key is never described anywhere else. */
#ifndef CONF_ACTION_H
#define CONF_ACTION_H

#include "conf/key.h"

/* Where an action is offered. Groups of other titles stand before the last of these. */
#define ACTION_GROUPS(X)                                                                                     \
    X(MOVE, "Moving")                                                                                        \
    X(DIVE, "Opening and going back")                                                                        \
    X(TABLE, "Tables")                                                                                       \
    X(TIME, "Time")                                                                                          \
    X(DATA, "Copy and export")                                                                               \
    X(CONSOLE, "The console")

/* X(UPPER, name, group, "default keys", bar label or NULL, help) */
#define ACTIONS(X)                                                                                           \
    X(UP, "up", MOVE, "Up k", NULL, "one row up")                                                            \
    X(DOWN, "down", MOVE, "Down j", NULL, "one row down")                                                    \
    X(LEFT, "left", MOVE, "Left h", NULL, "scroll columns left; collapse a branch; earlier in a graph")      \
    X(RIGHT, "right", MOVE, "Right l", NULL, "scroll columns right; expand a branch; later in a graph")      \
    X(PAGE_UP, "page-up", MOVE, "PgUp C-b", NULL, "one screen up")                                           \
    X(PAGE_DOWN, "page-down", MOVE, "PgDn C-f", NULL, "one screen down")                                     \
    X(FIRST, "first", MOVE, "g Home", NULL, "first row")                                                     \
    X(LAST, "last", MOVE, "G End", NULL, "last row")                                                         \
    X(NEXT_PANE, "next-pane", MOVE, "Tab", NULL, "next pane of this screen")                                 \
    X(PREVIOUS_PANE, "previous-pane", MOVE, "S-Tab", NULL, "previous pane of this screen")                   \
    X(ZOOM, "zoom", MOVE, "z", NULL, "show only this pane, or all panes again")                              \
    X(DIVE, "dive", DIVE, "Enter", "Open", "open the selected row, box or time")                             \
    X(BACK, "back", DIVE, "Esc Backspace q", "Up",                                                           \
      "go up: from a thing to its list, then Home; there q quits")                                           \
    X(LAST_SCREEN, "last-screen", DIVE, "`", NULL, "the screen before this one, and back again")             \
    X(HISTORY_BACK, "history-back", DIVE, "M-Left", NULL, "one step back on the way here")                   \
    X(HISTORY_FORWARD, "history-forward", DIVE, "M-Right", NULL, "one step forward again")                   \
    X(NEXT_VIEW, "next-view", DIVE, ".", NULL, "next view of this place; so does its digit")                 \
    X(PREVIOUS_VIEW, "previous-view", DIVE, ",", NULL, "previous view of this place")                        \
    X(LINKED, "linked", DIVE, "o", NULL, "list what is linked with the selected row")                        \
    X(WORST, "worst", DIVE, "w", NULL, "select the worst row of the pane")                                   \
    X(NEXT_FINDING, "next-finding", DIVE, "f", NULL, "select the next marked row")                           \
    X(FILTER, "filter", TABLE, "/ F3", "Filter", "show only rows that match a regular expression")           \
    X(NEXT_MATCH, "next-match", TABLE, "n", NULL, "next row that matches the search")                        \
    X(PREVIOUS_MATCH, "previous-match", TABLE, "N", NULL, "previous row that matches the search")            \
    X(SORT, "sort", TABLE, "s F4", "Sort", "sort by the next column")                                        \
    X(REVERSE, "reverse", TABLE, "r", NULL, "reverse the order")                                             \
    X(COLUMNS, "columns", TABLE, "c", NULL, "choose the columns")                                            \
    X(PAUSE, "pause", TIME, "Space F5", "Pause", "pause or resume; in a replay, play")                       \
    X(STEP_BACK, "step-back", TIME, "[", NULL, "one step back in time")                                      \
    X(STEP_FORWARD, "step-forward", TIME, "]", NULL, "one step forward in time")                             \
    X(LEAP_BACK, "leap-back", TIME, "{", NULL, "one window back in time")                                    \
    X(LEAP_FORWARD, "leap-forward", TIME, "}", NULL, "one window forward in time")                           \
    X(LIVE, "live", TIME, "L", NULL, "return to live data")                                                  \
    X(WINDOW_SHORTER, "window-shorter", TIME, "-", NULL, "use a shorter time window")                        \
    X(WINDOW_LONGER, "window-longer", TIME, "+ =", NULL, "use a longer time window")                         \
    X(COPY, "copy", DATA, "y F7", "Copy", "copy what the row is about; again: the row")                      \
    X(EXPORT, "export", DATA, "e F8", "Export", "write the pane to a file: CSV, JSON, Markdown")             \
    X(HELP, "help", CONSOLE, "? F1", "Help", "show the keys and columns of this view; again: all")           \
    X(COMMAND, "command", CONSOLE, ": F2", "Command", "list and find views, things and commands")            \
    X(MOUSE, "mouse", CONSOLE, "M", NULL, "turn the mouse on or off")                                        \
    X(REDRAW, "redraw", CONSOLE, "C-l", NULL, "redraw the screen")                                           \
    X(SUSPEND, "suspend", CONSOLE, "C-z", NULL, "suspend to the shell; fg resumes")                          \
    X(QUIT, "quit", CONSOLE, "Q C-c F10", "Quit", "quit")

enum action {
    ACTION_NONE,
#define ACTION_ENUM(UPPER, name, group, keys, bar, help) ACTION_##UPPER,
    ACTIONS(ACTION_ENUM)
#undef ACTION_ENUM
        ACTION_END
};

struct action_info {
    const char *name;  /* "next-pane": in the configuration and as a : command */
    const char *group; /* title: "Moving" */
    const char *keys;  /* defaults, space separated */
    const char *bar;
    const char *help;
    const char *args, *args_help; /* as a : command; NULL: it takes no argument */
};

/* The actions beside the general ones: row i has the number ACTION_END + i. Rows live as
 * long as whatever was made with them. A table NULL: the general ones alone. */
struct action_table {
    const struct action_info *rows;
    size_t n;
};

/* By its number, an enum action or above; NULL: there is none. */
const struct action_info *action_at(const struct action_table *t, int action);
int action_end(const struct action_table *t);                     /* above all numbers */
int action_named(const struct action_table *t, const char *name); /* ACTION_NONE */
/* Group by group: the first for ACTION_NONE, ACTION_NONE after the last. */
int action_next(const struct action_table *t, int action);

/* ---- what the : prompt takes ----
 * X(name, "arguments", help). A view's or an action's name is a command too. */
#define COMMANDS(X)                                                                                          \
    X(at, "TIME", "show the data of that time: 14:03, 14:03:20, 3m ago, now")                                \
    X(speed, "N", "play a recording N times as fast")                                                        \
    X(window, "DURATION", "set the time window of the figures: 30s, 5m")                                     \
    X(sort, "COLUMN", "sort the pane by that column, its heading or key; -COLUMN reverses")                  \
    X(columns, "[NAME...]", "show only these columns; without names, all")                                   \
    X(filter, "[REGEX]", "show only rows that match; without REGEX, all")                                    \
    X(search, "REGEX", "go to the next match; n and N repeat the search")                                    \
    X(export, "FILE", "write the pane to FILE: .csv, .json, .md or .txt")                                    \
    X(theme, "NAME", "change the colour theme")                                                              \
    X(set, "NAME=VALUE", "change a setting for this session")                                                \
    X(source, "SOURCE", "add a source: postgres://..., a log file, ...")                                     \
    X(record, "FILE", "start recording to FILE; --append FILE continues it; without FILE, stop")             \
    X(save, "FILE", "write the past as a recording, a summary as FILE.md")                                   \
    X(help, "", "show keys, columns and marks")                                                              \
    X(quit, "", "quit")

enum command {
    COMMAND_NONE,
#define COMMAND_ENUM(name, args, help) COMMAND_##name,
    COMMANDS(COMMAND_ENUM)
#undef COMMAND_ENUM
        COMMAND_END
};
struct command_info {
    const char *name, *args, *help;
};
extern const struct command_info COMMAND_INFO[COMMAND_END];
/* All commands for help and manual: these, and the actions that take an argument. False
 * after the last. */
bool command_at(const struct action_table *t, size_t i, struct command_info *out);

/* ---- key bindings: the defaults, then what the user's file changes ---- */
struct keymap;
struct keymap *keymap_new(const struct action_table *t); /* with the defaults; keeps t */
const struct action_table *keymap_actions(const struct keymap *k);
void keymap_free(struct keymap *k);
/* Replaces all keys of an action; `keys` as in ACTIONS ("" unbinds it). A key
 * taken from another action is lost there. */
bool keymap_bind(struct keymap *k, int action, const char *keys, struct sd_error *err);
int keymap_lookup(const struct keymap *k, key_code key);
/* The keys bound now: "Enter", "Esc, Backspace, q". Returns buf. */
char *keymap_keys(const struct keymap *k, int action, char *buf, size_t size);
/* The first key of the action of that name, ":name" when it has none: for sentences. Returns buf. */
char *keymap_key_of(const struct keymap *k, const char *name, char *buf, size_t size);
/* A format for printf with the bound keys in place of "{key:quit}"; a key '%' is written
 * so that it is printed. Caller frees. */
char *keymap_format(const struct keymap *k, const char *format);

#endif
