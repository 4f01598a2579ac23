/* check_answer.h - prints what `slowdive check` found, in the forms of --format. */
#ifndef APP_CHECK_ANSWER_H
#define APP_CHECK_ANSWER_H

#include "app/app.h"
#include "core/goals/check_list.h"
#include "core/goals/run_gate.h"

bool check_format_known(const struct cli *cli); /* one that only checks have */
/* Sorts the list. `gate` NULL: runs were not compared. The exit status: EXIT_CHECK when something failed or
 * is missing. */
int check_answer(const struct app *a, struct check_list *l, const struct run_gate *gate);

#endif
