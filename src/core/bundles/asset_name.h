/* asset_name.h - the name of an asset without the hash of its content, so that it is the same in a later
 * build.
 *
 * Left out are parts of 8 to 64 hex digits with a digit, between `.` `-` `_` `~` and a `.`; then the 8
 * characters of A-Za-z0-9_- before the extension, behind `.` or `-`, when they hold a digit or a capital that
 * is not the first. The separator goes with them. A name of digits only is `#`: numbers of chunks change as
 * well. */
#ifndef CORE_BUNDLES_ASSET_NAME_H
#define CORE_BUNDLES_ASSET_NAME_H

#include "base/base.h"

char *asset_name_plain(const char *name); /* caller frees */

#endif
