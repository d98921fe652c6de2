# SPDX-License-Identifier: MIT
from lxml import etree
t = etree.parse("data.xml")
print(len(t.xpath("//item[@kind='3']")))
style = etree.XSLT(etree.parse("style.xsl"))
print(len(str(style(t))))
