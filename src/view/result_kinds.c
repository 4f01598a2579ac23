/* Which kinds of documents have a row of their own, domain by domain. */
#include "view/result_doc.h"

#include "view/capacity/capacity_results.h"
#include "view/history/history_result.h"
#include "view/loads/load_results.h"
#include "view/sources/doctor_result.h"

const struct result_kind *result_kind_of(const char *view)
{
    static const struct result_kind *const groups[] = {LOAD_RESULTS, CAPACITY_RESULTS, HISTORY_RESULTS,
                                                       DOCTOR_RESULTS};
    for (size_t g = 0; g < ARRAY_LEN(groups); g++)
        for (const struct result_kind *k = groups[g]; k->view; k++)
            if (str_eq(k->view, view))
                return k;
    return NULL;
}
