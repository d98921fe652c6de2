/* SPDX-License-Identifier: MIT */
/* Could not even begin: test runners call 99 a hard error. */
int main(void)
{
	return 99;
}
