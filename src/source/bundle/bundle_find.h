/* bundle_find.h - what describes a build: which file of a folder, or the file given. */
#ifndef SOURCE_BUNDLE_BUNDLE_FIND_H
#define SOURCE_BUNDLE_BUNDLE_FIND_H

#include "format/bundles/draft.h"
#include "source/bundle/bundle_folder.h"

/* In the order in which the first that is there decides. */
enum bundle_form {
    BUNDLE_WEBPACK,
    BUNDLE_ESBUILD,
    BUNDLE_VISUALIZER,
    BUNDLE_VITE,
    BUNDLE_NEXT,
    BUNDLE_ASSETS /* nothing describes it */
};

struct bundle_found {
    enum bundle_form form;
    struct bundle_folder folder; /* where its assets are */
    char *file;                  /* the description or the one asset, in the folder; NULL: it is the folder */
};

/* Of the first bytes of a file; BUNDLE_ASSETS: it describes no build. */
enum bundle_form bundle_form_of(const char *head, size_t len);
/* False and a sentence: there is nothing, or no build in it. Caller clears it either way. */
bool bundle_find(const char *target, struct bundle_found *out, struct sd_error *err);
void bundle_found_clear(struct bundle_found *found);
/* Does the folder hold a build? Quick: heads of files are looked at. */
bool bundle_is_folder(const char *path);
/* Is it the name of a file of JavaScript or CSS? */
bool bundle_is_code(const char *name);

/* Reads the description, or the names of the assets, into a draft. */
bool bundle_read(const struct bundle_found *found, struct draft *d, struct sd_error *err);

#endif
