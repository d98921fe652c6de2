/* SPDX-License-Identifier: MIT */
#include "export.h"
#include "page.h"

void export_html(FILE *out, const struct exporting *e)
{
	struct page *p = page_open();

	page_add(p, e);
	page_close(p, out);
}
