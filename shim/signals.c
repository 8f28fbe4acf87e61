/* May run in a signal handler, but for signals_take. */
#include "signals.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "fault.h"
#include "os.h"
#include "real.h"

enum { ACTIONS = 64 };

/* A handler reads the action that is current while another thread may set the next one, so actions
 * are written into a ring and then published. */
struct ring {
	_Atomic unsigned next;
	_Atomic(struct sigaction *) current;
	struct sigaction actions[ACTIONS];
};

static struct ring rings[2];
static signals_handler *ours; /* NULL: not in front yet */

static _Atomic bool needed;

static struct ring *ring_of(int signal)
{
	return &rings[signal == SIGBUS];
}

bool signals_ours(int signal)
{
	return ours && (signal == SIGSEGV || signal == SIGBUS);
}

/* What the kernel is told: our function with the stack and the restart behaviour that the program
 * asked for. SA_NODEFER, so that a fault inside our handler reaches us and not the default action. */
static int tell_kernel(int signal, const struct sigaction *program)
{
	int flags = program->sa_handler == SIG_DFL ? SA_ONSTACK : program->sa_flags;
	struct sigaction a = {.sa_sigaction = ours,
	                      .sa_flags = SA_SIGINFO | SA_NODEFER | (flags & (SA_ONSTACK | SA_RESTART))};

	if (program->sa_handler == SIG_IGN && !atomic_load(&needed)) {
		return real_sigaction(signal, program, NULL);
	}
	/* No other signal's handler on top of ours: it could touch stale memory itself. */
	sigfillset(&a.sa_mask);
	sigdelset(&a.sa_mask, SIGSEGV);
	sigdelset(&a.sa_mask, SIGBUS);
	return real_sigaction(signal, &a, NULL);
}

static void publish(struct ring *r, const struct sigaction *new)
{
	struct sigaction *slot = &r->actions[atomic_fetch_add(&r->next, 1) % ACTIONS];

	*slot = *new;
	/* As the kernel answers: these cannot be blocked. */
	sigdelset(&slot->sa_mask, SIGKILL);
	sigdelset(&slot->sa_mask, SIGSTOP);
	atomic_store(&r->current, slot);
}

void signals_take(signals_handler *handler)
{
	static const int signals[] = {SIGSEGV, SIGBUS};

	struct sigaction was[2];

	/* What the program has set until now, Go's runtime among it. Known before ours can be called. */
	for (size_t i = 0; i < 2; i++) {
		real_sigaction(signals[i], NULL, &was[i]);
		publish(ring_of(signals[i]), &was[i]);
	}
	ours = handler;
	for (size_t i = 0; i < 2 && !BROKEN("front"); i++) {
		tell_kernel(signals[i], &was[i]);
	}
}

void signals_needed(void)
{
	atomic_store(&needed, true);
	for (size_t i = 0; ours && i < 2; i++) {
		int signal = i ? SIGBUS : SIGSEGV;
		const struct sigaction *program = atomic_load(&rings[i].current);
		if (program->sa_handler == SIG_IGN) {
			tell_kernel(signal, program);
		}
	}
}

int signals_set(int signal, const struct sigaction *new, struct sigaction *old)
{
	struct ring *r = ring_of(signal);
	struct sigaction was = *atomic_load(&r->current);

	if (new) {
		struct sigaction wanted = *new;
		publish(r, &wanted);
		tell_kernel(signal, &wanted);
	}
	if (old) {
		*old = was;
	}
	return 0;
}

void (*signals_set_simple(int signal, void (*handler)(int), int flags))(int)
{
	struct sigaction new = {.sa_handler = handler, .sa_flags = flags}, old;

	if (handler == SIG_ERR) {
		errno = EINVAL;
		return SIG_ERR;
	}
	sigemptyset(&new.sa_mask);
	if (flags & SA_RESTART) {
		sigaddset(&new.sa_mask, signal); /* BSD's, as glibc does it */
	}
	signals_set(signal, &new, &old);
	return old.sa_handler;
}

/* From kill(2), raise(3), sigqueue(3): it will not come again by itself when we return. */
static bool sent(const siginfo_t *info)
{
	return info->si_code <= 0;
}

static void default_action(int signal, siginfo_t *info)
{
	struct sigaction a = {.sa_handler = SIG_DFL};

	real_sigaction(signal, &a, NULL);
	if (sent(info)) {
		syscall(SYS_rt_tgsigqueueinfo, getpid(), os_tid(), signal, info);
	}
	/* Otherwise we return to the instruction that faulted: it faults again, and the core shows it. */
}

static void call(const struct sigaction *a, int signal, siginfo_t *info, void *ucontext)
{
	const ucontext_t *context = ucontext;
	sigset_t mask = context->uc_sigmask, more = a->sa_mask;

	/* As the kernel does it: what was blocked, what the action blocks, and the signal itself. What
	 * was blocked before is restored by the kernel from the context when we return. */
	sigorset(&mask, &mask, &more);
	if (!(a->sa_flags & SA_NODEFER)) {
		sigaddset(&mask, signal);
	}
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8L);
	if (a->sa_flags & SA_SIGINFO) {
		a->sa_sigaction(signal, info, ucontext);
	} else {
		a->sa_handler(signal);
	}
}

void signals_forward(int signal, siginfo_t *info, void *ucontext)
{
	struct ring *r = ring_of(signal);
	struct sigaction a = *atomic_load(&r->current);

	if (a.sa_handler == SIG_IGN && sent(info)) {
		return;
	}
	if (a.sa_handler == SIG_DFL || a.sa_handler == SIG_IGN) {
		default_action(signal, info); /* the kernel ends a process that ignores its own faults */
		return;
	}
	if ((unsigned)a.sa_flags & SA_RESETHAND) {
		struct sigaction reset = {.sa_handler = SIG_DFL};
		publish(r, &reset);
	}
	call(&a, signal, info, ucontext);
}
