/* tiers.c - in which steps rows are kept, by their age. */
#include "core/history/history.h"

#define DAY (86400 * SD_S)

const struct history_tiers HISTORY_TIERS_DEFAULT = {
    4, {{10 * SD_S, 2 * DAY}, {60 * SD_S, 14 * DAY}, {600 * SD_S, 90 * DAY}, {3600 * SD_S, 400 * DAY}}};

size_t history_tier_of(const struct history_tiers *tiers, const struct history_row *row, sd_time now)
{
    int64_t age = sub_sat(now, history_row_end(row));
    size_t i = 0;
    while (i < tiers->n && (tiers->items[i].step_ns < row->length_ns || tiers->items[i].keep_ns < age))
        i++;
    return i;
}

sd_time history_step_start(sd_time end, int64_t step_ns)
{
    sd_time last = sub_sat(end, 1);
    int64_t within = last % step_ns;
    return sub_sat(last, within < 0 ? within + step_ns : within);
}
