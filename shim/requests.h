/* PHP's requests: who is in flight, who asks for restarts. */
#ifndef OPSAN_REQUESTS_H
#define OPSAN_REQUESTS_H

/* A segment was taken over. */
void requests_attached(void);
/* OPcache's lock is about to be given back: a restart that was scheduled under it has a culprit. */
void requests_unlocking(void);
/* Around php_request_startup and php_request_shutdown. */
void requests_starting(void);
void requests_started(void);
void requests_ended(void);

#endif
