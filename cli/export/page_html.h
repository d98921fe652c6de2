/* SPDX-License-Identifier: MIT */
/* Text in HTML. */
#ifndef PAGE_HTML_H
#define PAGE_HTML_H

#include <stdio.h>

/* Writes `text` as text, which no browser takes for markup; what is no UTF-8 is
 * U+FFFD. */
void page_html_text(FILE *out, const char *text);

#endif
