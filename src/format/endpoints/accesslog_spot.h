/* accesslog_spot.h - which number of a line is its duration, and in which unit.
 *
 * A log whose format is not given tells little about its numbers: 254 behind the user agent may be
 * milliseconds, microseconds, or bytes. The numbers of the first lines are gathered by the place they
 * stand in, and one place is chosen when a name, a unit, its form or its size says that it holds
 * durations. What was assumed is said in a sentence; when nothing is sure enough, nothing is read and
 * the sentence names the candidates. */
#ifndef FORMAT_ENDPOINTS_ACCESSLOG_SPOT_H
#define FORMAT_ENDPOINTS_ACCESSLOG_SPOT_H

#include "base/base.h"

enum {
    SPOTS_MAX = 16,
    SPOT_KEY = 32,
    SPOT_LINES = 200, /* so many lines are learned from */
    SPOT_ENOUGH = 20, /* fewer do not tell a unit, unless they are the whole file */
    SPOT_CHOSEN_MAX = 4,
    SPOT_VALUES = 16,
    SPOT_OWN = -1, /* a unit that stands with each number */
};

/* What a name says of a number. */
enum spot_rank {
    SPOT_UNNAMED,
    SPOT_UPSTREAM, /* the time of the server behind */
    SPOT_REQUEST,  /* the time of the whole request */
};

/* A number on a line. */
struct spot_number {
    const char *key; /* its name; NULL: none, it is told by its place */
    size_t key_len;
    enum spot_rank rank;
    unsigned field, piece; /* of an unnamed one: "0/254321" has two pieces */
    double value;
    int decimals; /* digits behind the point; -1: not known, as of a JSON number */
    int64_t unit; /* ns, as its name says; SPOT_OWN: its own text says it, and `value` is ns; 0: not said */
    bool seconds; /* its name is that of a variable that is always seconds, with three decimals */
};

struct spot {
    char key[SPOT_KEY];
    size_t key_len;
    enum spot_rank rank;
    unsigned field, piece;
    int64_t unit;
    bool seconds;
    int64_t n, zeros, small, fractions, like_bytes;
    int decimals_min, decimals_max;
    double log_sum, min, max;
    double values[SPOT_VALUES]; /* the first different ones */
    size_t n_values;
    double now; /* on the line that is read; NAN: none */
};

/* How the numbers of two places relate on the lines that have both. */
struct spot_pair {
    int64_t n, at_least, millionth, thousandth;
};

/* A place that is read, and its unit. */
struct spot_choice {
    unsigned spot;
    int64_t scale;
};

struct spots {
    struct spot spot[SPOTS_MAX];
    size_t n;
    struct spot_pair pair[SPOTS_MAX][SPOTS_MAX];
    int64_t lines;
    bool settled, paused;
    int64_t given; /* unit that the user gave; 0: none, -1: there are no durations */
    struct spot_choice chosen[SPOT_CHOSEN_MAX]; /* the first that a line has is read */
    size_t n_chosen;
    const char *behind; /* what unnamed fields stand behind: "the user agent" */
    char said[400];     /* "": nothing was assumed */
};

/* The numbers of one line, then its end, which chooses again now and then. `bytes` of the answer, or
 * SD_UNKNOWN. */
void spots_see(struct spots *s, const struct spot_number *v);
void spots_line(struct spots *s, int64_t bytes);
/* Chooses again. `all`: the lines seen are the whole file, so few are enough. */
void spots_choose(struct spots *s, bool all);

/* A number with its unit as it stands in a log: "12.3ms", "850.2µs", "1h0m3.5s", "254us". False: none, or
 * no unit. */
bool spot_duration(const char *text, size_t n, int64_t *ns);
/* ns of a word that is a unit: ms, msec, s, seconds, us ...; 0: none. */
int64_t spot_unit(const char *word, size_t n);
/* ns of the unit a name ends in: duration_ms, elapsedMs, time_seconds; *n without it. 0: none. */
int64_t spot_key_unit(const char *key, size_t *n);
/* What a name without its unit means; *seconds as in struct spot_number. */
enum spot_rank spot_key_rank(const char *key, size_t n, bool *seconds);

#endif
