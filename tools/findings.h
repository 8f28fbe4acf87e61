/* Stale accesses that are the same to people are one finding: same kind of object and access, same
 * functions, same PHP places. */
#ifndef OPSAN_FINDINGS_H
#define OPSAN_FINDINGS_H

#include "model.h"
#include "symbolize.h"

struct finding {
	uint64_t fingerprint;
	const struct stale *first, *last;
	uint64_t count;
	uint64_t first_restart, last_restart; /* lowest and highest; NUMBER_ABSENT: not recorded */
	uint64_t by_later_requests;           /* that began after the memory was freed: it outlives requests */
	uint64_t handler_ns_max;              /* NUMBER_ABSENT: not recorded */
	uint64_t earliest_ns, latest_ns;      /* after the restart; NUMBER_ABSENT: not recorded */
};

struct findings {
	struct finding **items; /* most frequent first */
	size_t count, room;
	struct pool pool;
	struct table by_fingerprint;
};

/* Equal for equal findings; `modules` are those of the process at that time. */
uint64_t finding_fingerprint(struct symbolizer *symbolizer, const struct module_set *modules,
                             const struct stale_fields *stale);

void findings_collect(struct findings *findings, const struct model *model, struct symbolizer *symbolizer);
void findings_clear(struct findings *findings);

/* Stale accesses by request ("GET /page/7"), most frequent first. */
struct request_count {
	const struct thread *thread;
	uint64_t count;
};
size_t findings_requests(struct findings *findings, const struct model *model, struct request_count **requests);

#endif
