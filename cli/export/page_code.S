/* SPDX-License-Identifier: MIT */
/* web/dist/ in the program, so that a build needs no node. */
	.section .rodata
	.global page_code_script
	.hidden page_code_script
	.global page_code_style
	.hidden page_code_style
page_code_script:
	.incbin "page.js"
	.byte 0
page_code_style:
	.incbin "page.css"
	.byte 0
	.section .note.GNU-stack, "", @progbits
