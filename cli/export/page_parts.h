/* SPDX-License-Identifier: MIT */
/* The parts of a recording in a page; each writes members of its object. */
#ifndef PAGE_PARTS_H
#define PAGE_PARTS_H

#include "page_data.h"

/* Finds what keeps what, which page_tree() and page_objects() want. page_keep.c */
void page_keep_open(struct page_data *d);
void page_keep_close(struct page_data *d);

/* The process, the verdict, what was checked, the findings. page_findings.c */
void page_findings(struct page_data *d);
/* The findings as a list for browsers without scripts. */
void page_findings_list(FILE *out, const struct exporting *e);
/* Functions, and their tree with values. page_flame.c */
void page_flame(struct page_data *d);
/* Types and sites. page_groups.c */
void page_groups(struct page_data *d);
/* What was alive when; nothing where that is not known. page_timeline.c */
void page_timeline(struct page_data *d);
/* What keeps what, like siblings as one. page_tree.c */
void page_tree(struct page_data *d);
/* Blocks, pointers and roots. page_objects.c */
void page_objects(struct page_data *d);

#endif
