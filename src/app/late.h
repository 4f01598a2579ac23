/* late.h - sources as modules (make MODULES=shared): which kinds there may be, and the functions of the
 * program itself that are in a module, because they need its libraries: histories, load, sending alerts. In
 * the usual build, where all is one program, there is nothing to do. */
#ifndef APP_LATE_H
#define APP_LATE_H

/* Tells the registry which kinds are modules. Once, after registry_begin. */
void late_begin(void);

#endif
