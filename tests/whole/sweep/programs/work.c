/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct node {
	struct node *next;
	char name[32];
	int n;
};
static struct node *add(struct node *list, const char *name, int n)
{
	struct node *node = calloc(1, sizeof(*node));
	strncpy(node->name, name, sizeof(node->name) - 1);
	node->n = n;
	node->next = list;
	return node;
}
int main(int argc, char **argv)
{
	struct node *list = NULL;
	for (int i = 0; i < 100; i++)
		list = add(list, argv[0], i * argc);
	int sum = 0;
	for (struct node *n = list; n; n = n->next)
		sum += n->n;
	printf("%d\n", sum);
	return 0;
}
