/* SPDX-License-Identifier: MIT */
/*
 * The page: recordings as one file of HTML that needs nothing else.
 *
 * What it shows is JSON of the schema refknot-page/1 (docs/page.md describes it),
 * compressed and in base64 in a <script> that no browser runs. The page's code
 * (web/) reads it. Without scripts there is a list of the findings.
 */
#ifndef PAGE_H
#define PAGE_H

#include <stdio.h>

#include "export.h"

#define PAGE_RECORDINGS 2 /* at most: before and after */

struct page;

/* Both, and what they call, die when out of memory. */
struct page *page_open(void);
/* Adds a recording; signs its findings. Nothing of it is needed afterwards. */
void page_add(struct page *p, const struct exporting *e);
/* How many were added. */
size_t page_count(const struct page *p);
/* Writes the file (`out` NULL: none), and releases the page. The caller asks whether
 * `out` failed. */
void page_close(struct page *p, FILE *out);

#endif
