/* forecast_document.c - a forecast as its command prints it. */
#include "core/capacity/forecast.h"
#include "core/result.h"

#include <math.h>

static void add_rows(cJSON *o, const struct forecast *f)
{
    cJSON *rows = result_list(o, "rows");
    for (size_t i = 0; i < f->horizon; i++) {
        const struct forecast_row *r = &f->rows[i];
        cJSON *row = result_row(rows);
        result_int(row, "step", (int64_t)i + 1);
        result_time(row, "time", forecast_time(f, i));
        result_real(row, "mean", r->mean);
        result_real(row, "lo_80", r->lo_80);
        result_real(row, "hi_80", r->hi_80);
        result_real(row, "lo_95", r->lo_95);
        result_real(row, "hi_95", r->hi_95);
    }
}

static void add_backtest(cJSON *o, const struct forecast *f)
{
    cJSON *b = result_object(o, "backtest");
    result_int(b, "origins", (int64_t)f->backtest.origins);
    result_real(b, "mase", f->backtest.mase);
    result_real(b, "mase_seasonal_naive", f->backtest.mase_seasonal_naive);
    result_real(b, "coverage_80", f->backtest.coverage_80);
    result_real(b, "coverage_95", f->backtest.coverage_95);
}

static void add_outlook(cJSON *o, const struct forecast *f)
{
    cJSON *e = result_object(o, "exhaustion");
    result_real(e, "ceiling", f->ceiling);
    result_time(e, "expected_time", f->reach.expected_ns);
    result_time(e, "early_time", f->reach.early_ns);
    result_time(e, "late_time", f->reach.late_ns);
    cJSON *list = result_list(o, "scenarios");
    for (size_t i = 0; i < f->n_scenarios; i++) {
        const struct forecast_scenario *s = &f->scenarios[i];
        cJSON *row = result_row(list);
        result_text(row, "name", s->name);
        result_real(row, "factor", s->factor);
        result_real(row, "peak", s->peak);
        result_time(row, "peak_time", s->peak_ns);
        result_time(row, "exhaustion_time", s->exhaustion_ns);
    }
}

cJSON *forecast_document(const struct forecast *f)
{
    cJSON *o = result_new("forecast");
    result_int(o, "points", (int64_t)f->points);
    result_int(o, "gaps", (int64_t)f->gaps);
    result_int(o, "step_ns", f->step_ns);
    result_time(o, "from", f->from_ns);
    result_time(o, "to", f->to_ns);
    result_text(o, "method", forecast_methods[f->method]);
    cJSON *parameters = result_object(o, "parameters");
    for (size_t i = 0; i < f->n_parameters; i++)
        result_real(parameters, f->parameters[i].name, f->parameters[i].value);
    cJSON *seasons = result_list(o, "seasons");
    for (size_t i = 0; i < f->seasons; i++)
        cJSON_AddItemToArray(seasons, cJSON_CreateNumber((double)f->season[i]));
    add_rows(o, f);
    add_backtest(o, f);
    add_outlook(o, f);
    cJSON *notes = result_list(o, "notes");
    for (size_t i = 0; i < f->n_notes; i++)
        result_add_text(notes, f->notes[i]);
    return o;
}
