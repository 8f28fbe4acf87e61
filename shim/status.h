/* opcache_get_status() answers what it would answer without the shim. */
#ifndef OPSAN_STATUS_H
#define OPSAN_STATUS_H

/* Puts our function in front of it; not in a handler, on a thread of PHP's. */
void status_wrap(void);

#endif
