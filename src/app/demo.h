/* demo.h - the incident that comes with slowdive: a recording of `make demo`, and the policy of its goals. */
#ifndef APP_DEMO_H
#define APP_DEMO_H

/* "incident.slowdive", "policy.yaml": its path, caller frees. Beside the program, as it was installed or as
 * it stands in the tree it was built in, else below the prefix it was built for; NULL: it is in none. */
char *demo_file(const char *name);

#endif
