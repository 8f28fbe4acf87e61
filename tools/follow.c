#include "follow.h"

#include "message.h"
#include "reader.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { POLL_MS = 200, SUMMARY_MS = 1000, STATUS_TRIES = 20, READ_SIZE = 256 << 10 };

/* The record file as it grows. What was read and used is dropped. */
struct tail {
	int file;
	unsigned char *bytes;
	size_t room;
	struct reader reader;
	bool begun; /* the header was read */
};

static uint64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Reads what is new; false: nothing is. */
static bool tail_read(struct tail *tail)
{
	struct reader *reader = &tail->reader;
	size_t kept = reader->length - reader->position;
	if (kept > 0 && reader->position > 0)
		memmove(tail->bytes, tail->bytes + reader->position, kept);
	tail->bytes = memory_grow(tail->bytes, &tail->room, kept + READ_SIZE, 1);
	ssize_t got = read(tail->file, tail->bytes + kept, tail->room - kept);
	reader_begin(reader, tail->bytes, kept + (got > 0 ? (size_t)got : 0));
	if (!tail->begun && reader_check_header(reader) == HEADER_OK)
		tail->begun = true;
	return got > 0;
}

static void tail_drain(struct tail *tail, struct follower *follower, bool complete)
{
	struct frame frame;
	bool more;
	do {
		more = tail_read(tail);
		while (tail->begun && reader_next(&tail->reader, &frame, complete && !more))
			follower_add(follower, &frame);
	} while (more);
}

/* What PIDFD_GET_INFO fills in, up to the exit code (Linux 6.15 and later keep it after the process
 * was reaped); not in the headers of older systems. */
struct pidfd_exit {
	uint64_t mask, cgroup;
	uint32_t ids[11];
	int32_t code;
};
enum { PIDFD_WANT_EXIT = 1 << 3 };
#define PIDFD_READ_EXIT _IOWR(0xff, 11, struct pidfd_exit)

static bool read_exit_from_pidfd(int process, int *code)
{
	struct pidfd_exit info = {.mask = PIDFD_WANT_EXIT};
	if (ioctl(process, PIDFD_READ_EXIT, &info) != 0 || (info.mask & PIDFD_WANT_EXIT) == 0)
		return false;
	*code = info.code;
	return true;
}

/* The last number of /proc/PID/stat, as long as nobody has waited for the process. */
static bool read_exit_from_stat(pid_t pid, int *code)
{
	char path[64], text[1024];
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
	if (file >= 0)
		close(file);
	if (length <= 0)
		return false;
	text[length] = '\0';
	const char *state = strrchr(text, ')');
	const char *last = strrchr(text, ' ');
	if (state == NULL || strlen(state) < 3 || state[2] != 'Z' || last == NULL)
		return false;
	*code = (int)strtol(last + 1, NULL, 10);
	return true;
}

static void describe_end(int process, pid_t pid, char *text, size_t room)
{
	int code;
	for (int i = 0; i < STATUS_TRIES; i++) {
		if (read_exit_from_stat(pid, &code) || read_exit_from_pidfd(process, &code)) {
			if (WIFSIGNALED(code))
				snprintf(text, room, "was ended by signal %d (%s)", WTERMSIG(code), strsignal(WTERMSIG(code)));
			else
				snprintf(text, room, "ended with status %d", WEXITSTATUS(code));
			return;
		}
		usleep(10000);
	}
	snprintf(text, room, "ended");
}

static void print_end(const struct follower *follower, int process, pid_t pid, uint64_t begin)
{
	char end[128], duration[FIGURE_ROOM];
	const char *slash = strrchr(follower->command, '/');
	describe_end(process, pid, end, sizeof end);
	message_print("%s %s after %s: %" PRIu64 " %s, %" PRIu64 " stale %s at %" PRIu64 " %s.",
	              slash == NULL ? follower->command : slash + 1, end,
	              figure_duration(duration, (now_ms() - begin) * 1000000), follower->restarts,
	              follower->restarts == 1 ? "restart" : "restarts", follower->stales,
	              follower->stales == 1 ? "access" : "accesses", follower->place_count,
	              follower->place_count == 1 ? "place" : "places");
	message_print("next: opsan report %s", follower->log_path);
}

static void follow(struct tail *tail, struct follower *follower, int process, pid_t pid)
{
	uint64_t begin = now_ms(), summed_up = begin;
	struct pollfd watched = {.fd = process, .events = POLLIN};
	for (bool ended = false; !ended;) {
		ended = poll(&watched, 1, POLL_MS) > 0;
		tail_drain(tail, follower, ended);
		if (ended || now_ms() - summed_up >= SUMMARY_MS) {
			follower_sum_up(follower);
			summed_up = now_ms();
		}
	}
	print_end(follower, process, pid, begin);
}

/* Lets go of the terminal and of everything that the command has open, but for stderr. */
static void detach(int keep[2])
{
	static const int signals[] = {SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP, SIGTTOU};
	sigset_t none;
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		signal(signals[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* The two go to 3 and 4, everything above is closed. */
	int first = fcntl(keep[0], F_DUPFD, 10), second = fcntl(keep[1], F_DUPFD, 10);
	keep[0] = dup2(first, 3);
	keep[1] = dup2(second, 4);
	syscall(SYS_close_range, 5, ~0U, 0);
	int nothing = open("/dev/null", O_RDWR);
	dup2(nothing, STDIN_FILENO);
	dup2(nothing, STDOUT_FILENO);
	if (nothing > 4)
		close(nothing);
	if (chdir("/") != 0 || nice(5) == -1)
		errno = 0; /* both are courtesies */
}

static _Noreturn void be_helper(const char *log_path, const char *command, int file, int process, pid_t pid)
{
	int keep[2] = {file, process};
	detach(keep);
	struct tail tail = {.file = keep[0]};
	struct follower follower = {
	    .symbolizer = symbolizer_create(NULL),
	    .log_path = log_path,
	    .command = command,
	};
	follower_sum_up(&follower);
	follow(&tail, &follower, keep[1], pid);
	follower_clear(&follower);
	free(tail.bytes);
	_exit(STATUS_OK);
}

void follow_start(const char *log_path, const char *command)
{
	pid_t pid = getpid();
	int file = open(log_path, O_RDONLY | O_CLOEXEC);
	int process = (int)syscall(SYS_pidfd_open, pid, 0);
	pid_t child = file < 0 || process < 0 ? -1 : fork();
	if (child == 0) {
		setsid();
		/* The one in between ends at once and is waited for below, so the helper is init's. */
		if (fork() == 0)
			be_helper(log_path, command, file, process, pid);
		_exit(STATUS_OK);
	}
	if (child > 0)
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
	if (child < 0)
		message_print("findings will not be named while %s runs: %s; read %s when it has ended", command,
		              strerror(errno), log_path);
	if (file >= 0)
		close(file);
	if (process >= 0)
		close(process);
}
