/* The format's numbers in words, and figures as people read them. */
#ifndef OPSAN_WORDS_H
#define OPSAN_WORDS_H

#include "decode.h"

/* Words of docs/report-json.md; what this version does not know is "unknown". */
const char *word_access(uint64_t access); /* read, write, execute, unknown */
const char *word_via(uint64_t via);       /* cpu, kernel, output */
const char *word_object(uint64_t object); /* script, string, hash, … */
const char *word_reason(uint64_t reason); /* out of memory, hash full, reset */
const char *word_notice(uint64_t notice); /* disabled, wait, … */

/* An object for people: 'interned string "layouts.app" + 16'. */
void words_print_object(FILE *out, const struct stale_fields *stale);

/* "GET /page/7", or the thread's name and id outside a request. */
void words_print_request(FILE *out, const struct thread *thread);

/* "App\View->render" */
void words_print_php_function(FILE *out, const struct php_frame *frame);

/* Figures go into a caller's buffer, which is returned. */
enum { FIGURE_ROOM = 48 };
char *figure_bytes(char room[FIGURE_ROOM], uint64_t bytes);                /* 61 MB */
char *figure_duration(char room[FIGURE_ROOM], uint64_t nanoseconds);       /* 0.2 ms, 5 min 12 s */
char *figure_share(char room[FIGURE_ROOM], uint64_t part, uint64_t whole); /* 48 % */

#endif
