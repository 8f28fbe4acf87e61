/* A call that succeeds does not touch errno. */
#include "fault.h"

static void show(const char *what)
{
	if (errno != EILSEQ) {
		say("%s: errno %s\n", what, name_of(errno));
	}
	errno = EILSEQ;
}

int main(void)
{
	struct sigaction a = {.sa_handler = SIG_DFL}, old;
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	int fd = open(".", O_RDWR | O_TMPFILE, 0600);
	char *p;

	errno = EILSEQ;
	p = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	show("mmap");
	mprotect(p, PAGE, PROT_READ);
	show("mprotect");
	munmap(p, 16 << 20);
	show("munmap");
	sigaction(SIGSEGV, &a, &old);
	show("sigaction");
	signal(SIGBUS, SIG_IGN);
	show("signal");
	fcntl(fd, F_SETLK, &l);
	fcntl(fd, F_GETLK, &l);
	show("fcntl");
	write(fd, "x", 1);
	show("write");
	close(fd);
	show("close");
	close(open("/dev/null", O_WRONLY));
	show("open");
	raise(SIGBUS);
	show("raise");
	say("done\n");
}
