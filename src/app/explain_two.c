/* Plans from files beside another one: slowdive explain BEFORE AFTER, :diff FILE. */
#include "app/app.h"

#include "app/output.h"
#include "format/plans/explain_input.h"
#include "view/plans/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

bool explain_read_file(void *app, const char *path, char **text, size_t *len, struct sd_error *err)
{
    struct stat st;
    (void)app;
    if (stat(path, &st) != 0)
        return fail(err, "cannot read %s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return fail(err, "%s is not a regular file", path);
    return file_read(path, EXPLAIN_MAX_BYTES, text, len, err);
}

int explain_two(struct app *a, const char *before, const char *after)
{
    const char *const paths[] = {before, after};
    struct plan_input in[2];
    char *text[2] = {NULL, NULL};
    struct sd_error err = {""};
    bool ok = strcmp(before, "-") != 0 || strcmp(after, "-") != 0 ||
              fail(&err, "only one of the two plans can come from standard input");
    for (int i = 0; i < 2 && ok; i++) {
        bool standard = !strcmp(paths[i], "-");
        ok = file_read(paths[i], EXPLAIN_MAX_LOG_BYTES, &text[i], &in[i].len, &err);
        in[i].text = text[i];
        in[i].name = standard ? "standard input" : paths[i];
    }
    struct doc *d = ok ? plan_diff_explain(in[0], in[1], &err) : NULL;
    int status = d ? output_doc(a, d) : EXIT_USAGE;
    if (!d)
        complain("%s", err.text);
    doc_free(d);
    free(text[0]);
    free(text[1]);
    return status;
}
