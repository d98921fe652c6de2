<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:output method="text"/>
<xsl:key name="k" match="item" use="@kind"/>
<xsl:template match="/"><xsl:for-each select="//item[generate-id() = generate-id(key('k', @kind)[1])]">
<xsl:sort select="@kind"/><xsl:value-of select="@kind"/>: <xsl:value-of select="sum(key('k', @kind)/price)"/><xsl:text>
</xsl:text></xsl:for-each></xsl:template>
</xsl:stylesheet>
