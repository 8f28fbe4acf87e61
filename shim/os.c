/* May run in a signal handler. */
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

size_t os_page_size(void)
{
	static size_t size;

	if (!size) {
		size = (size_t)sysconf(_SC_PAGESIZE);
	}
	return size;
}

size_t os_pages(size_t bytes)
{
	return (bytes + os_page_size() - 1) & ~(os_page_size() - 1);
}

static void *map(void *start, size_t bytes, int protection, int flags, int fd)
{
	long r = syscall(SYS_mmap, start, bytes, protection, flags, fd, 0L);

	return r == -1 ? NULL : (void *)r;
}

void *os_map_private(size_t bytes)
{
	return map(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
}

void *os_map_shared(size_t bytes)
{
	return map(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1);
}

void *os_map_file(int fd, size_t bytes, enum os_access access)
{
	int protection = access == OS_NONE ? PROT_NONE : PROT_READ | PROT_WRITE;

	return map(NULL, bytes, protection, MAP_SHARED | MAP_NORESERVE, fd);
}

bool os_unmap(void *start, size_t bytes)
{
	return syscall(SYS_munmap, start, bytes) == 0;
}

bool os_seal(void *start, size_t bytes)
{
	return map(start, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1) != NULL;
}

bool os_protect_as(uintptr_t start, size_t bytes, int protection)
{
	return bytes == 0 || syscall(SYS_mprotect, start, bytes, protection) == 0;
}

/* Page tables move by whole directories where source and target lie alike in one. */
enum { DIRECTORY = 2 << 20 };

void *os_map_alike(uintptr_t start, size_t bytes)
{
	uintptr_t place =
	    (uintptr_t)map(NULL, bytes + DIRECTORY, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	uintptr_t alike = place + ((start - place) & (DIRECTORY - 1));

	if (!place) {
		return NULL;
	}
	syscall(SYS_munmap, place, alike - place);
	syscall(SYS_munmap, alike + bytes, DIRECTORY - (alike - place));
	return (void *)alike;
}

bool os_close_range(uintptr_t start, size_t bytes, void *place, bool *moved)
{
	/* What is left behind has no pages; an access that comes before the protection finds them again in
	 * the file, as always. Needs Linux 5.13; older ones answer EINVAL. */
	*moved = place && syscall(SYS_mremap, start, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
	                          place) == (long)(uintptr_t)place;
	return os_protect_as(start, bytes, PROT_NONE);
}

bool os_protect(uintptr_t start, size_t bytes, enum os_access access)
{
	return os_protect_as(start, bytes, access == OS_NONE ? PROT_NONE : PROT_READ | PROT_WRITE);
}

bool os_punch(int fd, size_t offset, size_t bytes)
{
	return bytes == 0 ||
	       syscall(SYS_fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)bytes) == 0;
}

void os_dump(uintptr_t start, size_t bytes, bool dumped)
{
	/* A kernel without it only makes larger dumps. */
	syscall(SYS_madvise, start, bytes, dumped ? MADV_DODUMP : MADV_DONTDUMP);
}

int os_memory_file(const char *name, size_t bytes)
{
	struct rlimit limit;
	int fd;

	/* ftruncate beyond the limit would raise SIGXFSZ, which ends the process. */
	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < bytes) {
		errno = EFBIG;
		return -1;
	}
	fd = (int)syscall(SYS_memfd_create, name, MFD_CLOEXEC);
	if (fd >= 0 && syscall(SYS_ftruncate, fd, bytes) != 0) {
		syscall(SYS_close, fd);
		return -1;
	}
	return fd;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

uint64_t os_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t os_realtime_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

uint64_t os_thread_cpu_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* getpid is a system call each time, and a PHP stack is read in dozens of pieces. */
static _Atomic pid_t pid;

pid_t os_pid(void)
{
	pid_t me = atomic_load(&pid);

	if (!me) {
		me = getpid();
		atomic_store(&pid, me);
	}
	return me;
}

void os_forked(void)
{
	atomic_store(&pid, 0);
}

pid_t os_tid(void)
{
	return (pid_t)syscall(SYS_gettid);
}

bool os_readable(uintptr_t address)
{
	/* The kernel copies the mask before it rejects the first argument. */
	return syscall(SYS_rt_sigprocmask, -1L, address & ~(uintptr_t)7, NULL, 8L) == -1 && errno == EINVAL;
}

/* Where seccomp forbids process_vm_readv (older container runtimes), /proc/self/mem does it. */
static bool read_through_proc(void *to, uintptr_t from, size_t bytes)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/mem", O_RDONLY | O_CLOEXEC, 0);
	bool read = fd >= 0 && syscall(SYS_pread64, fd, to, bytes, (off_t)from) == (long)bytes;

	if (fd >= 0) {
		os_close(fd);
	}
	return read;
}

bool os_read_memory(void *to, uintptr_t from, size_t bytes)
{
	struct iovec local = {to, bytes};
	struct iovec remote = {(void *)from, bytes}; /* an address to read, never dereferenced here */
	long n = syscall(SYS_process_vm_readv, (long)os_pid(), &local, 1L, &remote, 1L, 0L);

	if (n < 0 && (errno == ENOSYS || errno == EPERM)) {
		return read_through_proc(to, from, bytes);
	}
	return n == (long)bytes;
}

uint64_t os_mappings_max(void)
{
	char text[32] = "";
	int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/sys/vm/max_map_count", O_RDONLY | O_CLOEXEC, 0);
	long n = fd >= 0 ? syscall(SYS_read, fd, text, sizeof text - 1) : 0;
	uint64_t max = n > 0 ? strtoull(text, NULL, 10) : 0;

	if (fd >= 0) {
		os_close(fd);
	}
	return max ? max : 65530; /* the kernel's default */
}

void os_close(int fd)
{
	syscall(SYS_close, fd);
}
