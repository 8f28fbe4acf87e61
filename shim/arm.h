/* Everything that a process without OPcache is spared: tables, handlers, snapshots. */
#ifndef OPSAN_ARM_H
#define OPSAN_ARM_H

#include <stdbool.h>

/* Once, when OPcache is recognised; not in a handler. False if there is no memory for it. */
bool arm(void);
/* Any thread, any handler. */
bool armed(void);

#endif
