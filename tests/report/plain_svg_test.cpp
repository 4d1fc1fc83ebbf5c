#include "report/charts/plain_svg.h"

#include <string>

#include <gtest/gtest.h>

namespace octet::plain_svg_test {
namespace {

TEST(PlainSvg, ShapesAndTextsArePlain) {
  for (const std::string body :
       {"", "</svg>", "<g fill=\"none\" stroke='#123456'>\n<path d='M 1,2 L 3,4'/></g></svg>\n",
        "<defs><circle id='p' r='0.5'/></defs><use xlink:href='#p' x=\"1\"/>",
        "<text x=\"1\"><tspan font-weight=\"bold\">a &lt; b &amp; c > d</tspan></text>",
        "<rect filter='url(#box)' class=\"gridline\"/>", "<polygon fill = 'red' points = '1,2 3,4 '/>"}) {
    EXPECT_TRUE(is_plain_svg(body)) << body;
  }
}

TEST(PlainSvg, NothingThatActsOrFetchesIsPlain) {
  for (const std::string body : {"<script>x()</script>",
                                 "<SCRIPT>x()</SCRIPT>",
                                 "<g><foreignObject/></g>",
                                 "<image href='a.png'/>",
                                 "<a href='#x'><g/></a>",
                                 "<style>*{}</style>",
                                 "<animate attributeName='href' to='javascript:x()'/>",
                                 "<set attributeName='onload'/>",
                                 "<iframe src='x'/>",
                                 "<!-- x -->",
                                 "<?xml-stylesheet href='x'?>",
                                 "<![CDATA[<script>]]>",
                                 "<rect onload='x()'/>",
                                 "<rect onload = 'x()'/>",
                                 "<rect ONload='x()'/>",
                                 "<rect x='1' onclick=\"x()\"/>",
                                 "<use xlink:href='http://elsewhere/x.svg#p'/>",
                                 "<use href='data:image/svg+xml,x'/>",
                                 "<use href='#a&#10;'/>",
                                 "<use href='javascript:x()'/>",
                                 "<rect style='background:url(x)'/>",
                                 "<rect fill='url(http://elsewhere/x)'/>",
                                 "<rect fill='url(#a) url(x)'/>",
                                 "<rect fill='u\\72l(x)'/>",
                                 "<rect x=1/>",
                                 "<rect x='1'",
                                 "<rect x='1",
                                 "<",
                                 "<g/><rect 'onload=x'/>",
                                 "<rect/onload='x()'>",
                                 "< script>"}) {
    EXPECT_FALSE(is_plain_svg(body)) << body;
  }
}

}  // namespace
}  // namespace octet::plain_svg_test
