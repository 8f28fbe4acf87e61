/* Addresses that are nowhere: the kernel says EFAULT, to each of the calls that opsan repeats. */
#include "fault.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <utime.h>

#define CALL(call) (errno = 0, result = (call) == 0 ? 0 : -1, say(#call ": %d %s\n", result, name_of(errno)))

int main(void)
{
	void *volatile nothing = (void *)(uintptr_t)nowhere(64);
	char *bad = nothing;
	struct iovec v = {bad, 10};
	struct stat s;
	int fd = open("/dev/shm", O_RDWR | O_TMPFILE, 0600), ends[2], result;

	socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
	CALL(write(fd, bad, 10));
	CALL(pwrite(fd, bad, 10, 5));
	CALL(writev(fd, &v, 1));
	CALL(send(ends[0], bad, 10, 0));
	CALL(sendto(ends[0], bad, 10, 0, NULL, 0));
	CALL(open(bad, O_RDONLY));
	CALL(open(bad, O_RDWR | O_CREAT | O_EXCL, 0600));
	CALL(access(bad, R_OK));
	CALL(chdir(bad));
	CALL(chmod(bad, 0));
	CALL(chown(bad, 0, 0));
	CALL(lchown(bad, 0, 0));
	CALL(mkdir(bad, 0));
	CALL(rmdir(bad));
	CALL(unlink(bad));
	CALL(stat(bad, &s));
	CALL(lstat(bad, &s));
	CALL(stat("/", (struct stat *)bad));
	CALL(readlink(bad, (char *)&s, 10));
	CALL(utime(bad, NULL));
	CALL(rename(bad, "x"));
	CALL(rename("/", bad));
	CALL(link(bad, bad));
	CALL(symlink("x", bad));
	CALL(write(fd, bad, 0));
}
