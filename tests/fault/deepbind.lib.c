/* Both the program and this library have an answer. */
int answer(void);
int ask(void);

int answer(void)
{
	return 42;
}

int ask(void)
{
	return answer();
}
