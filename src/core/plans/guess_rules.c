/* guess_rules.c - where the planner has no statistics for a condition it takes a fixed share of the rows
 * (PostgreSQL: selfuncs.h, DEFAULT_INEQ_SEL and its sisters). */
#include "core/plans/conditions.h"
#include "core/plans/finder.h"

static const struct {
    double share;
    const char *words;
} PLANNER_GUESSES[] = {{.share = 1.0 / 3, .words = "a third"},
                       {.share = 2.0 / 3, .words = "two thirds"},
                       {.share = 0.005, .words = "0.5 %"},
                       {.share = 0.5, .words = "a half"}};

/* One condition, and not on a plain column: of those the planner has statistics. */
static bool no_statistics(const struct plan_finder *f, const struct plan_node *n)
{
    struct plan_conditions c;
    plan_conditions_init(&c, n, n->schema, f->plan->query);
    plan_conditions_add(&c, n->filter);
    bool without = c.n == 1 && (c.items[0].why || c.items[0].pred.key.column < 0);
    plan_conditions_free(&c);
    return without;
}

const char *plan_fixed_guess(double planned, double read)
{
    double rounding = 0.003 + 0.6 / MAX(1, planned);
    for (size_t i = 0; read > 0 && i < ARRAY_LEN(PLANNER_GUESSES); i++)
        if (fabs(planned / read / PLANNER_GUESSES[i].share - 1) <= rounding)
            return PLANNER_GUESSES[i].words;
    return NULL;
}

const char *planner_guess(struct plan_finder *f, const struct plan_node *n)
{
    struct plan_scanned s;
    if (!n->filter || n->index_cond || n->recheck_cond || !plan_is_scan(n) ||
        !plan_scanned(f->plan, n, f->facts, &s) || s.lower_bound || !(s.read > 0))
        return NULL;
    const char *guess = plan_fixed_guess(f->plan->analyzed ? n->rows_plan_total : s.kept, s.read);
    return guess && no_statistics(f, n) ? guess : NULL;
}

void rule_guessed_rows(struct plan_finder *f, const struct plan_node *n)
{
    struct plan_scanned s;
    if (f->plan->analyzed || !(n->cost_share >= f->rule->floor_share) ||
        !plan_scanned(f->plan, n, f->facts, &s))
        return;
    const char *guess = planner_guess(f, n);
    struct plan_finding *it = guess ? found(f, n, 1, own_part(f, n, 1), s.read) : NULL;
    if (!it)
        return;
    it->evidence =
        SAY("%s of %s rows is the planner's fixed guess (%s): it has no statistics for this condition",
            count(f, s.kept), count(f, s.read), guess);
    it->advice = ADVICE_FOR_A_GUESS;
    it->check = "The planned rows are no longer this share of the table's rows.";
}
