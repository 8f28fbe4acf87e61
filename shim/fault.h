/* Places that the tests break or delay on purpose, in build/test/libopsan-faults.so only
 * (OPSAN_BREAK=name,name and OPSAN_DELAY=place:microseconds,…). In the product they are nothing. */
#ifndef OPSAN_FAULT_H
#define OPSAN_FAULT_H

#include <stdbool.h>

#ifdef OPSAN_FAULTS
/* True if the invariant `name` is to be left out. */
bool fault_broken(const char *name);
/* Sleeps at `place` in one call of eight, as OPSAN_DELAY says. */
void fault_delay(const char *place);
#define BROKEN(name) fault_broken(name)
#define DELAY(place) fault_delay(place)
#else
#define BROKEN(name) false
#define DELAY(place) ((void)0)
#endif

#endif
