/* resources.h - how busy machines are, beside the latency of the same intervals. */
#ifndef VIEW_HOSTS_RESOURCES_H
#define VIEW_HOSTS_RESOURCES_H

#include "core/insight/host_use.h"
#include "view/view.h"

extern const struct view resources_view;

/* Name of the choice that leaves one machine only. */
#define RESOURCES_HOST_CHOICE "host"
extern const struct view_action *const RESOURCES_ACTIONS[];

#define RESOURCES_WINDOW (300 * SD_S) /* of figures of all data: the newest */

/* The window of the figures: that of the view, or the last RESOURCES_WINDOW before its moment. */
struct span resources_window(const struct view_ctx *c);

/* How grave a share is by itself, by the thresholds of the overview. */
enum severity resources_severity(enum host_figure f, double value);
/* The same of a machine's figure; one of a time that was hardly watched says nothing yet. */
enum severity host_severity(const struct host_use *u, enum host_figure f);
void resources_worst(const struct view_ctx *c, struct worst_list *l);
void resources_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *l);

#endif
