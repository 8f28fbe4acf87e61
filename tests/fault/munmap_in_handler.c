/* Memory is given back in a handler, wherever the program was. */
#include "fault.h"

static _Atomic int times;

static void handler(int signal)
{
	void *p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	times += signal == SIGVTALRM && munmap(p, PAGE) == 0;
}

int main(void)
{
	struct itimerval every = {{0, 1000}, {0, 1000}};

	signal(SIGVTALRM, handler);
	setitimer(ITIMER_VIRTUAL, &every, NULL);
	while (times < 50) {
		for (int i = 0; i < 1000; i++) {
			munmap(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), PAGE);
		}
	}
	say("done\n");
}
