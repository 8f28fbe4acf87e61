/* May run in a signal handler, but for thread_table_create. */
#include "thread.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os.h"

struct table {
	_Atomic size_t taken;
	_Atomic size_t unknown;
	struct thread threads[THREADS_MAX];
};

static struct table *table;
__thread struct thread_local_state self;

bool thread_table_create(void)
{
	table = os_map_shared(sizeof *table);
	return table != NULL;
}

static bool claim(struct thread *t, pid_t expected, pid_t tid)
{
	if (!atomic_compare_exchange_strong(&t->tid, &expected, tid)) {
		return false;
	}
	t->pid = getpid();
	atomic_store(&t->state, THREAD_IDLE);
	atomic_store(&t->storage, 0);
	atomic_store(&t->out_start, 0);
	atomic_store(&t->purged, UINT32_MAX);
	t->epoch = 0;
	prctl(PR_GET_NAME, t->name);
	return true;
}

/* The thread that the entry belonged to, if it is gone; 0 otherwise. */
static pid_t gone(const struct thread *t)
{
	pid_t tid = atomic_load(&t->tid);

	return tid && syscall(SYS_tgkill, t->pid, tid, 0) != 0 && errno == ESRCH ? tid : 0;
}

static struct thread *claim_any(pid_t tid)
{
	size_t i = atomic_fetch_add(&table->taken, 1);

	if (i < THREADS_MAX && claim(&table->threads[i], 0, tid)) {
		return &table->threads[i];
	}
	atomic_store(&table->taken, THREADS_MAX);
	for (i = 0; i < THREADS_MAX; i++) {
		struct thread *t = &table->threads[i];
		pid_t dead = gone(t);
		if (dead && claim(t, dead, tid)) {
			return t;
		}
	}
	atomic_fetch_add(&table->unknown, 1);
	return NULL;
}

struct thread *thread_self(void)
{
	if (!self.shared && table) {
		int saved = errno;
		self.shared = claim_any(os_tid());
		errno = saved;
	}
	return self.shared;
}

bool thread_is_gone(const struct thread *t)
{
	int saved = errno;
	bool dead = gone(t) != 0;

	errno = saved;
	return dead;
}

size_t thread_count(void)
{
	size_t n = table ? atomic_load(&table->taken) : 0;

	return n < THREADS_MAX ? n : THREADS_MAX;
}

struct thread *thread_at(size_t i)
{
	return &table->threads[i];
}

void thread_forked(void)
{
	self = (struct thread_local_state){0};
}

size_t thread_unknown(void)
{
	return table ? atomic_load(&table->unknown) : 0;
}
