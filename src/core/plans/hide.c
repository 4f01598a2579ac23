#include "core/plans/hide.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "core/sql/statement.h"

/* Values under these keys are names and kinds the server chose; every other text in a
 * plan is taken for an expression. A key that a later server adds is thus hidden. */
static const char *const HARMLESS[] = {
    "Node Type",
    "Parent Relationship",
    "Strategy",
    "Partial Mode",
    "Operation",
    "Subplan Name",
    "Relation Name",
    "Schema",
    "Alias",
    "Index Name",
    "Scan Direction",
    "Join Type",
    "CTE Name",
    "Function Name",
    "Tuplestore Name",
    "Command",
    "Sort Method",
    "Sort Space Type",
    "Custom Plan Provider",
    "Constraint Name",
    "Trigger Name",
    "Relation",
    "Cache Mode",
    "Group Method",
    "Timing",
    "Storage",
    "Maximum Storage",
    "Format",
    NULL,
};

static void hide_item(cJSON *item, bool is_harmless)
{
    for (cJSON *child = item->child; child; child = child->next) {
        bool named = child->string ? str_find(HARMLESS, child->string) >= 0 : is_harmless;
        if (cJSON_IsString(child) && !named) {
            char *hidden = sql_hide_literals(child->valuestring);
            char *copy = cJSON_malloc(strlen(hidden ? hidden : "") + 1);
            if (!copy)
                abort();
            memcpy(copy, hidden ? hidden : "", strlen(hidden ? hidden : "") + 1);
            cJSON_free(child->valuestring);
            child->valuestring = copy;
            free(hidden);
        }
        hide_item(child, named); /* cJSON refuses more than 1000 levels */
    }
}

char *plan_hide_literals(const char *body)
{
    cJSON *root = cJSON_Parse(body);
    if (!root || !root->child) {
        cJSON_Delete(root);
        return sql_hide_literals(body);
    }
    hide_item(root, false);
    char *text = cJSON_PrintUnformatted(root), *mine = mem_strdup(text ? text : "");
    cJSON_free(text);
    cJSON_Delete(root);
    return mine;
}
