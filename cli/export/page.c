/* SPDX-License-Identifier: MIT */
#include "page.h"

#include <inttypes.h>
#include <stdlib.h>

#include "escape.h"
#include "page_code.h"
#include "page_html.h"
#include "page_made.h"
#include "page_pack.h"
#include "page_parts.h"
#include "text_stream.h"

/* Nothing is asked of anywhere: what is not named here is forbidden. */
#define POLICY                                                                 \
	"default-src 'none'; style-src 'unsafe-inline'; "                      \
	"script-src 'unsafe-inline'; img-src data:; base-uri 'none'; "         \
	"form-action 'none'"

struct page {
	char *title; /* escaped for terminals; NULL: none yet */
	char *data, *list;
	size_t data_size, list_size;
	FILE *packed, *data_out, *list_out;
	size_t count;
};

struct page *page_open(void)
{
	struct page *p = xcalloc(1, sizeof(*p));

	p->data_out = text_stream_open(&p->data, &p->data_size);
	p->list_out = text_stream_open(&p->list, &p->list_size);
	p->packed = page_pack_open(p->data_out);
	fputs("{\"schema\":\"refknot-page/1\",\"version\":\"" REFKNOT_VERSION
	      "\",\"values\":[",
	      p->packed);
	for (unsigned v = 0; v < PROFILE_VALUES; v++)
		fprintf(p->packed,
			"%s{\"name\":\"%s\",\"title\":\"%s\",\"bytes\":%s}",
			v ? "," : "", profile_kinds[v].name,
			profile_kinds[v].title,
			profile_kinds[v].bytes ? "true" : "false");
	fputs("],\"readings\":[", p->packed);
	return p;
}

static void add_title(struct page *p, const struct model *m)
{
	char *name = escape(model_called(m)), *title;

	title = xasprintf("%s%s%s[%" PRIu32 "]", p->title ? p->title : "",
			  p->title ? " and " : "", name, m->meta.pid);
	free(p->title);
	free(name);
	p->title = title;
}

void page_add(struct page *p, const struct exporting *e)
{
	struct page_data d;

	fputs(p->count++ ? ",\n{" : "{", p->packed);
	page_data_open(&d, p->packed, e);
	page_steps_make(&d);
	page_keep_open(&d);
	page_findings(&d);
	page_flame(&d);
	page_groups(&d);
	page_timeline(&d);
	page_tree(&d);
	page_objects(&d);
	page_texts_write(&d);
	page_keep_close(&d);
	page_data_close(&d);
	putc('}', p->packed);
	page_findings_list(p->list_out, e);
	add_title(p, e->in->m);
}

size_t page_count(const struct page *p)
{
	return p->count;
}

static void write_head(const struct page *p, FILE *out)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	      "<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"" POLICY
	      "\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, "
	      "initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n"
	      "<meta name=\"generator\" content=\"refknot " REFKNOT_VERSION
	      "\">\n<title>",
	      out);
	page_html_text(out, p->title ? p->title : "");
	fputs(" - refknot</title>\n<style>", out);
	fputs(page_code_style, out);
	fputs("</style>\n</head>\n", out);
}

static void write_body(const struct page *p, FILE *out)
{
	fputs("<body>\n<noscript>\n", out);
	fputs(p->list, out);
	fputs("</noscript>\n<div id=\"app\"></div>\n"
	      "<script type=\"application/octet-stream\" id=\"data\">",
	      out);
	fputs(p->data, out);
	fputs("</script>\n<script>", out);
	fputs(page_code_script, out);
	fputs("</script>\n</body>\n</html>\n", out);
}

void page_close(struct page *p, FILE *out)
{
	fputs("]}", p->packed);
	text_stream_close(p->packed);
	text_stream_close(p->data_out);
	text_stream_close(p->list_out);
	if (out) {
		write_head(p, out);
		write_body(p, out);
	}
	free(p->title);
	free(p->data);
	free(p->list);
	free(p);
}
