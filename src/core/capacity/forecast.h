/* forecast.h - where a series of equal steps is going, how sure that is, and when it reaches a limit. Pure;
 * any thread; the same input gives the same figures on every run.
 *
 * Figures are in the unit of the series. Values are scaled by a power of two first, so that no square
 * overflows. A gap (NAN) is filled for the models, by the pattern of the seasons around it, and counts
 * nowhere else.
 *
 * The fixed methods are those of the contract (naive, snaive, drift, ses), with the intervals of theory. The
 * others are judged by a backtest: from several origins of the past, with nothing of what follows them, the
 * same forecast is made and compared with what came. Its errors are the intervals. `auto` takes many models,
 * weighs each by the fifth power of how small its errors were there, and adds them up. */
#ifndef CORE_CAPACITY_FORECAST_H
#define CORE_CAPACITY_FORECAST_H

#include "base/base.h"

struct cJSON;

enum {
    FORECAST_SEASONS = 4,      /* at most so many at once */
    FORECAST_POINTS = 2000000, /* steps of a history, gaps included */
    FORECAST_HORIZON = 100000, /* steps ahead in `rows` */
    FORECAST_LOOK = 20,        /* a ceiling is looked for so many times the history ahead */
};

#define FORECAST_METHODS(X)                                                                                  \
    X(AUTO, "auto")                                                                                          \
    X(NAIVE, "naive")                                                                                        \
    X(SNAIVE, "snaive")                                                                                      \
    X(DRIFT, "drift")                                                                                        \
    X(SES, "ses")                                                                                            \
    X(HOLT, "holt")                                                                                          \
    X(DAMPED, "damped")                                                                                      \
    X(HW, "hw")                                                                                              \
    X(DSHW, "dshw")                                                                                          \
    X(THETA, "theta")

enum forecast_method {
#define FORECAST_METHOD_ID(id, name) FORECAST_##id,
    FORECAST_METHODS(FORECAST_METHOD_ID)
#undef FORECAST_METHOD_ID
};

extern const char *const forecast_methods[]; /* by enum forecast_method; NULL at the end */

struct forecast_series {
    const double *values; /* NAN: a gap */
    size_t n;
    int64_t from_ns, step_ns; /* since 1970; the step is above 0 */
};

struct forecast_what_if {
    const char *name;
    double factor; /* above 0 */
};

struct forecast_wish {
    enum forecast_method method;
    size_t horizon;                  /* 1..FORECAST_HORIZON */
    size_t season[FORECAST_SEASONS]; /* steps, 2 at least, in any order */
    size_t seasons;                  /* 0: found by the step */
    double alpha;                    /* of ses, 0..1; NAN: chosen */
    double ceiling;                  /* NAN: none */
    const struct forecast_what_if *what_ifs;
    size_t n_what_ifs;
};

struct forecast_row {
    double mean, lo_80, hi_80, lo_95, hi_95;
};

struct forecast_figure {
    char name[16];
    double value; /* NAN: unknown */
};

/* When something is first reached, in ns since 1970; SD_UNKNOWN: never, as far as was looked. */
struct forecast_reach {
    int64_t expected_ns, early_ns, late_ns;
};

struct forecast_scenario {
    char *name;
    double factor, peak;
    int64_t peak_ns, exhaustion_ns; /* the latter SD_UNKNOWN: never, or no ceiling */
};

struct forecast {
    size_t points, gaps;
    int64_t from_ns, to_ns, step_ns;
    enum forecast_method method;
    struct forecast_figure parameters[32];
    size_t n_parameters;
    size_t season[FORECAST_SEASONS], seasons;
    struct forecast_row *rows;
    size_t horizon; /* rows; row i is at to_ns + (i + 1) step_ns */
    struct {
        size_t origins; /* 0: the history is too short, the rest is NAN */
        double mase, mase_seasonal_naive, coverage_80, coverage_95;
    } backtest;
    double ceiling; /* NAN: none */
    struct forecast_reach reach;
    struct forecast_scenario *scenarios;
    size_t n_scenarios;
    char *notes[8];
    size_t n_notes;
};

/* NULL and one sentence when there is no forecast of this: under 3 values, a method without the seasons that
 * it needs. The caller frees it. */
struct forecast *forecast_make(const struct forecast_series *s, const struct forecast_wish *wish,
                               struct sd_error *err);
void forecast_free(struct forecast *f); /* NULL is fine */

/* The time of row i; the limits of the type if it is beyond. */
int64_t forecast_time(const struct forecast *f, size_t i);

/* The document of `slowdive forecast`. The caller frees it. */
struct cJSON *forecast_document(const struct forecast *f);

#endif
