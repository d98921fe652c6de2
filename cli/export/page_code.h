/* SPDX-License-Identifier: MIT */
/* The page's code, web/dist/ as it was built, each ended by NUL. page_code.S */
#ifndef PAGE_CODE_H
#define PAGE_CODE_H

extern const char page_code_script[] __attribute__((visibility("hidden")));
extern const char page_code_style[] __attribute__((visibility("hidden")));

#endif
