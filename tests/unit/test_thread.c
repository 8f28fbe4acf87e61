#include "thread.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os.h"
#include "unit.h"

/* A new table for each test: this thread has no entry in it yet. */
static int create(void **state)
{
	(void)state;
	thread_forked();
	return thread_table_create() ? 0 : -1;
}

static struct thread *in_thread(void *(*run)(void *))
{
	pthread_t t;
	void *r;

	assert_int_equal(pthread_create(&t, NULL, run, NULL), 0);
	pthread_join(t, &r);
	return r;
}

static void *take_entry(void *unused)
{
	(void)unused;
	return thread_self();
}

static void thread_keeps_its_entry(void **state)
{
	struct thread *t;

	(void)state;
	assert_int_equal(thread_count(), 0);
	prctl(PR_SET_NAME, "fifteen bytes..");
	t = thread_self();
	assert_ptr_equal(thread_self(), t);
	assert_ptr_equal(thread_at(0), t);
	assert_int_equal(thread_count(), 1);
	assert_int_equal(t->tid, os_tid());
	assert_int_equal(t->pid, getpid());
	assert_int_equal(t->state, THREAD_IDLE);
	assert_string_equal(t->name, "fifteen bytes..");
}

static void entries_do_not_share_a_cache_line(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct thread) % 128, 0);
	assert_int_equal((uintptr_t)thread_at(0) % 64, 0);
}

static void threads_have_their_own(void **state)
{
	(void)state;
	struct thread *mine = thread_self(), *other = in_thread(take_entry);
	assert_ptr_not_equal(mine, other);
	assert_int_equal(thread_count(), 2);
	assert_int_not_equal(mine->tid, other->tid);
}

static void errno_is_kept(void **state)
{
	(void)state;
	errno = 77;
	thread_self();
	assert_int_equal(errno, 77);
}

/* Entries of threads that are gone are taken over when there are no others left. */
static void full_table_takes_from_the_gone(void **state)
{
	(void)state;
	thread_self();
	for (int i = 1; i < THREADS_MAX; i++) {
		assert_non_null(in_thread(take_entry));
	}
	assert_int_equal(thread_count(), THREADS_MAX);
	thread_at(9)->state = THREAD_HOLDER;
	thread_at(9)->out_start = 1;
	thread_at(9)->storage = 1;
	for (int i = 0; i < 100; i++) {
		struct thread *t = in_thread(take_entry);
		assert_non_null(t);
		assert_int_equal(t->state, THREAD_IDLE);
		assert_int_equal(t->out_start, 0);
		assert_int_equal(t->storage, 0);
	}
	assert_int_equal(thread_count(), THREADS_MAX);
	assert_int_equal(thread_unknown(), 0);
}

static void full_table_counts_the_unknown(void **state)
{
	(void)state;
	for (int i = 0; i < THREADS_MAX; i++) {
		thread_self();
		thread_forked();
	}
	assert_null(in_thread(take_entry));
	assert_int_equal(thread_unknown(), 1);
	assert_int_equal(thread_count(), THREADS_MAX);
}

/* A child sees its parent's requests, and has an entry of its own in the same table. */
static void forked_child_shares_the_table(void **state)
{
	struct thread *mine = thread_self();
	int status;
	pid_t child;

	(void)state;
	atomic_store(&mine->state, THREAD_HOLDER);
	child = fork();
	if (child == 0) {
		thread_forked();
		struct thread *t = thread_self();
		bool good = t != mine && t->pid == getpid() && t->state == THREAD_IDLE && mine->state == THREAD_HOLDER;
		atomic_store(&t->began, 42);
		_exit(good ? 0 : 1);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	assert_int_equal(thread_count(), 2);
	assert_int_equal(thread_at(1)->began, 42);
	assert_int_equal(thread_at(1)->tid, child);
}

static void child_forgets_what_its_parent_did(void **state)
{
	(void)state;
	self.in_restart = true;
	self.holds_lock = true;
	self.storing = true;
	self.in_handler = 3;
	self.starting = 3;
	thread_forked();
	assert_false(self.in_restart || self.holds_lock || self.storing);
	assert_int_equal(self.in_handler + self.starting, 0);
	assert_null(self.shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(thread_keeps_its_entry, create),
	    cmocka_unit_test_setup(entries_do_not_share_a_cache_line, create),
	    cmocka_unit_test_setup(threads_have_their_own, create),
	    cmocka_unit_test_setup(errno_is_kept, create),
	    cmocka_unit_test_setup(full_table_takes_from_the_gone, create),
	    cmocka_unit_test_setup(full_table_counts_the_unknown, create),
	    cmocka_unit_test_setup(forked_child_shares_the_table, create),
	    cmocka_unit_test_setup(child_forgets_what_its_parent_did, create),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
