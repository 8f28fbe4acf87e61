/* Giving the memory of old generations back: what nobody can reach, as late as the budget allows. Under
 * OPcache's allocation lock. */
#ifndef OPSAN_RECYCLING_H
#define OPSAN_RECYCLING_H

#include <stdbool.h>
#include <stdint.h>

/* At the end of a restart, after the hash was exchanged. */
void recycling_run(void);
/* Whether the budget will hold after one more restart. */
bool recycling_fits(void);

#endif
