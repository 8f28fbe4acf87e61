/* What the two forms of a report are made from. */
#ifndef OPSAN_REPORT_H
#define OPSAN_REPORT_H

#include "findings.h"
#include "model.h"
#include "style.h"

struct report {
	const char *path;
	struct reader reader; /* with what was wrong with the file */
	struct model model;
	struct findings findings;
	struct symbolizer *symbolizer;
	struct style style;
	bool verbose;
};

int report_main(int count, char **arguments); /* opsan report …; returns the exit status */

void report_write_text(FILE *out, struct report *report);
void report_write_json(FILE *out, struct report *report);

/* The paragraph at the top of the text: what happened, why, whom it hit, what helps. Says only what
 * the record shows. */
void report_write_summary(FILE *out, struct report *report);

/* Processes, settings, modules: what a verbose report ends with. */
void report_write_details(FILE *out, struct report *report);

/* Native and PHP stack of a thread, indented. */
void report_write_stacks(FILE *out, struct report *report, const struct module_set *modules,
                         const struct thread *thread);
/* "file:line" of the innermost PHP frame that has a file; false: there is none. */
bool report_write_location(FILE *out, const struct thread *thread);

/* Restarts that happened while other requests were running. */
uint64_t report_in_flight_restarts(const struct report *report);

#endif
