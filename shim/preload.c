/* The interposed symbols, and nothing else: each calls the part of opsan that wants to know, and the
 * function that it stands in front of. The list is also in tests/exports.txt. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utime.h>

#include "fault.h"
#include "generation.h"
#include "lock.h"
#include "modules.h"
#include "options.h"
#include "output.h"
#include "real.h"
#include "requests.h"
#include "signals.h"
#include "stores.h"
#include "takeover.h"
#include "thread.h"
#include "unwind.h"

#define EXPORT __attribute__((visibility("default")))

/* The next definition of the function in which it is used, found at its first call: a library's
 * constructor can call it before ours has run. */
#define NEXT(type, name, ...) \
	static type (*next)(__VA_ARGS__); \
	if (!next) { \
		void *symbol = dlsym(RTLD_NEXT, name); \
		memcpy(&next, &symbol, sizeof next); \
	}

/* The same for what real.h finds all at once. */
#define REAL(name) \
	if (!real_##name) { \
		real_resolve(); \
	}

/* --- memory --- */

EXPORT void *mmap(void *start, size_t length, int protection, int flags, int fd, off_t offset)
{
	void *ours;

	if (takeover_map(length, protection, flags, fd, __builtin_return_address(0), &ours)) {
		return ours;
	}
	return (void *)syscall(SYS_mmap, start, length, protection, flags, fd, offset);
}
EXPORT void *mmap64(void *, size_t, int, int, int, off_t) __attribute__((alias("mmap")));

EXPORT int munmap(void *start, size_t length)
{
	if (takeover_unmap(start, length)) {
		return 0;
	}
	return (int)syscall(SYS_munmap, start, length);
}

EXPORT int mprotect(void *start, size_t length, int protection)
{
	int result;

	if (takeover_protect(start, length, protection, &result)) {
		return result;
	}
	return (int)syscall(SYS_mprotect, start, length, protection);
}

/* --- OPcache's locks --- */

EXPORT int fcntl(int fd, int command, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, command);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	REAL(fcntl)
	if (command == F_GETLK || command == F_SETLK || command == F_SETLKW) {
		return lock_call(fd, command, argument, __builtin_return_address(0));
	}
	return real_fcntl(fd, command, argument);
}
EXPORT int fcntl64(int, int, ...) __attribute__((alias("fcntl")));

EXPORT int close(int fd)
{
	lock_closed(fd);
	stores_closed(fd);
	NEXT(int, "close", int)
	return next(fd);
}

/* --- PHP --- */

/* As PHP's main/php_main.h and Zend/zend_map_ptr.h declare them. */
int php_module_startup(void *sapi, void *module);
int php_request_startup(void);
void php_request_shutdown(void *unused);
void zend_map_ptr_reset(void);
void zend_alloc_ce_cache(void *class_name);

EXPORT int php_module_startup(void *sapi, void *module)
{
	int r;

	REAL(php_module_startup)
	takeover_starting(true);
	r = real_php_module_startup(sapi, module);
	takeover_starting(false);
	return r;
}

EXPORT int php_request_startup(void)
{
	int r;

	REAL(php_request_startup)
	if (self.starting) {
		return real_php_request_startup(); /* preloading */
	}
	requests_starting();
	r = real_php_request_startup();
	requests_started();
	return r;
}

EXPORT void php_request_shutdown(void *unused)
{
	REAL(php_request_shutdown)
	real_php_request_shutdown(unused);
	requests_ended();
}

EXPORT void zend_map_ptr_reset(void)
{
	uint64_t slots;

	REAL(zend_map_ptr_reset)
	if (self.in_restart && php_extend_slots && !generation_may_rewind_slots(&slots)) {
		php_extend_slots(slots);
		return;
	}
	real_zend_map_ptr_reset();
}

EXPORT void zend_alloc_ce_cache(void *class_name)
{
	REAL(zend_alloc_ce_cache)
	/* While a restart is pending a script from opcache.file_cache is loaded into the request's own
	 * memory, and its class names get slots that only this thread counts: the next script out of the
	 * segment uses the same ones. Without a slot the class is only looked up by its name. Scripts
	 * that are put into the segment get theirs under OPcache's lock. */
	if (generation_opcache() && !self.holds_lock && !BROKEN("class_slots")) {
		return;
	}
	real_zend_alloc_ce_cache(class_name);
}

/* --- the dynamic loader --- */

EXPORT void *dlopen(const char *path, int flags)
{
	void *handle;

	REAL(dlopen)
	/* A name without a slash is searched for by the RUNPATH of the caller, which the loader tells by
	 * the return address: nothing may stand in between. */
	if (!path || !strchr(path, '/')) {
		return real_dlopen(path, flags);
	}
	/* RTLD_DEEPBIND would bind OPcache's calls past every preload. */
	handle = real_dlopen(path, strstr(path, "opcache") ? flags & ~RTLD_DEEPBIND : flags);
	if (handle) {
		takeover_loaded(handle, path);
	}
	return handle;
}

EXPORT int dlclose(void *handle)
{
	int r;

	REAL(dlclose)
	r = real_dlclose(handle);
	takeover_unloaded();
	return r;
}

EXPORT int dl_iterate_phdr(int (*visit)(struct dl_phdr_info *, size_t, void *), void *argument)
{
	/* libunwind asks while we unwind in a handler, where the loader's lock must not be taken. */
	if (unwind_active()) {
		return modules_iterate(visit, argument);
	}
	REAL(dl_iterate_phdr)
	return real_dl_iterate_phdr(visit, argument);
}

/* --- signals --- */

EXPORT int sigaction(int signal, const struct sigaction *new, struct sigaction *old)
{
	REAL(sigaction)
	return signals_ours(signal) ? signals_set(signal, new, old) : real_sigaction(signal, new, old);
}

/* glibc's own sigaction, which these call, cannot be interposed. */
#define SIMPLE(name, flags) \
	EXPORT __sighandler_t name(int signal, __sighandler_t handler) \
	{ \
		NEXT(__sighandler_t, #name, int, __sighandler_t) \
		return signals_ours(signal) ? signals_set_simple(signal, handler, flags) : next(signal, handler); \
	}
__sighandler_t bsd_signal(int signal, __sighandler_t handler); /* not declared by a recent glibc */
SIMPLE(signal, SA_RESTART)
SIMPLE(bsd_signal, SA_RESTART)
SIMPLE(ssignal, SA_RESTART)
SIMPLE(sysv_signal, (int)(SA_RESETHAND | SA_NODEFER))
SIMPLE(__sysv_signal, (int)(SA_RESETHAND | SA_NODEFER))

EXPORT __sighandler_t sigset(int signal, __sighandler_t handler)
{
	NEXT(__sighandler_t, "sigset", int, __sighandler_t)
	sigset_t one, before;

	struct sigaction was;

	if (!signals_ours(signal)) {
		return next(signal, handler);
	}
	sigemptyset(&one);
	sigaddset(&one, signal);
	signals_set(signal, NULL, &was);
	if (handler != SIG_HOLD) {
		signals_set_simple(signal, handler, 0);
	}
	sigprocmask(handler == SIG_HOLD ? SIG_BLOCK : SIG_UNBLOCK, &one, &before);
	return sigismember(&before, signal) ? SIG_HOLD : was.sa_handler;
}

/* --- system calls that PHP gives a buffer or a path out of the segment --- */

#define REPEATED(type, name, parameters, arguments, types, repaired) \
	EXPORT type name parameters \
	{ \
		NEXT(type, #name, types) \
		type r = next arguments; \
		return r == -1 && (repaired) ? next arguments : r; \
	}
#define TYPES(...) __VA_ARGS__

REPEATED(ssize_t, write, (int fd, const void *from, size_t n), (fd, from, n), TYPES(int, const void *, size_t),
         output_repair(from, n))
REPEATED(ssize_t, pwrite, (int fd, const void *from, size_t n, off_t at), (fd, from, n, at),
         TYPES(int, const void *, size_t, off_t), output_repair(from, n))
REPEATED(ssize_t, send, (int fd, const void *from, size_t n, int flags), (fd, from, n, flags),
         TYPES(int, const void *, size_t, int), output_repair(from, n))
REPEATED(int, access, (const char *path, int mode), (path, mode), TYPES(const char *, int), output_repair_path(path))
REPEATED(int, chdir, (const char *path), (path), TYPES(const char *), output_repair_path(path))
REPEATED(int, chmod, (const char *path, mode_t mode), (path, mode), TYPES(const char *, mode_t),
         output_repair_path(path))
REPEATED(int, chown, (const char *path, uid_t u, gid_t g), (path, u, g), TYPES(const char *, uid_t, gid_t),
         output_repair_path(path))
REPEATED(int, lchown, (const char *path, uid_t u, gid_t g), (path, u, g), TYPES(const char *, uid_t, gid_t),
         output_repair_path(path))
REPEATED(int, mkdir, (const char *path, mode_t mode), (path, mode), TYPES(const char *, mode_t),
         output_repair_path(path))
REPEATED(int, rmdir, (const char *path), (path), TYPES(const char *), output_repair_path(path))
REPEATED(int, unlink, (const char *path), (path), TYPES(const char *), output_repair_path(path))
REPEATED(int, stat, (const char *path, struct stat *s), (path, s), TYPES(const char *, struct stat *),
         output_repair_path(path))
REPEATED(int, lstat, (const char *path, struct stat *s), (path, s), TYPES(const char *, struct stat *),
         output_repair_path(path))
REPEATED(ssize_t, readlink, (const char *path, char *to, size_t n), (path, to, n), TYPES(const char *, char *, size_t),
         output_repair_path(path))
REPEATED(int, utime, (const char *path, const struct utimbuf *t), (path, t),
         TYPES(const char *, const struct utimbuf *), output_repair_path(path))

#define REPEATED_PAIR(name) \
	EXPORT int name(const char *from, const char *to) \
	{ \
		NEXT(int, #name, const char *, const char *) \
		int r = next(from, to); \
		if (r == -1 && output_repair_path(from)) { \
			r = next(from, to); \
		} \
		return r == -1 && output_repair_path(to) ? next(from, to) : r; \
	}
REPEATED_PAIR(rename)
REPEATED_PAIR(link)
REPEATED_PAIR(symlink)

EXPORT ssize_t sendto(int fd, const void *from, size_t n, int flags, __CONST_SOCKADDR_ARG to, socklen_t bytes)
{
	NEXT(ssize_t, "sendto", int, const void *, size_t, int, __CONST_SOCKADDR_ARG, socklen_t)
	ssize_t r = next(fd, from, n, flags, to, bytes);
	return r == -1 && output_repair(from, n) ? next(fd, from, n, flags, to, bytes) : r;
}

EXPORT DIR *opendir(const char *path)
{
	NEXT(DIR *, "opendir", const char *)
	DIR *d = next(path);
	return !d && output_repair_path(path) ? next(path) : d;
}

EXPORT ssize_t writev(int fd, const struct iovec *v, int n)
{
	ssize_t r;
	bool repaired = false;

	if (stores_refuse_write(fd)) {
		return -1;
	}
	NEXT(ssize_t, "writev", int, const struct iovec *, int)
	r = next(fd, v, n);
	for (int i = 0; r == -1 && i < n; i++) {
		repaired = output_repair(v[i].iov_base, v[i].iov_len) || repaired;
	}
	return repaired ? next(fd, v, n) : r;
}

static int open_repeated(int (*next)(const char *, int, ...), const char *path, int flags, mode_t mode,
                         const void *caller)
{
	int fd;

	if (stores_refuse_open(path, flags, caller)) {
		return -1;
	}
	fd = next(path, flags, mode);
	if (fd == -1 && output_repair_path(path)) {
		fd = next(path, flags, mode);
	}
	stores_opened(path, flags, caller, fd);
	return fd;
}

#define OPEN(name) \
	EXPORT int name(const char *path, int flags, ...) \
	{ \
		NEXT(int, #name, const char *, int, ...) \
		va_list arguments; \
		mode_t mode = 0; \
		va_start(arguments, flags); \
		if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE) { \
			mode = va_arg(arguments, mode_t); \
		} \
		va_end(arguments); \
		return open_repeated(next, path, flags, mode, __builtin_return_address(0)); \
	}
OPEN(open)
OPEN(open64)

/* --- start --- */

/* What costs anything waits until OPcache is recognised (arm.h). */
__attribute__((constructor(101))) static void start(void)
{
	real_resolve();
	options_read();
}
