/* chance.h - how likely chance alone goes so far: the normal distribution and Student's. Pure; any thread. */
#ifndef CORE_CHANCE_H
#define CORE_CHANCE_H

/* The incomplete beta function I_x(a, b), regularised: 0..1. */
double beta_share(double a, double b, double x);
/* Probability of |z| or more, either way; the z beyond which, either way, that probability lies (at most 38).
 */
double normal_p(double z);
double normal_z(double p);
/* The same of Student's t with `freedom` degrees, above 0, whole or not. */
double student_p(double t, double freedom);
double student_t(double p, double freedom); /* at most 1e6 */

#endif
