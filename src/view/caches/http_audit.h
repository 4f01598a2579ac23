/* http_audit.h - the view of cache policies of HTTP. */
#ifndef VIEW_CACHES_HTTP_AUDIT_H
#define VIEW_CACHES_HTTP_AUDIT_H

#include "view/view.h"

extern const struct view audit_view;

#endif
