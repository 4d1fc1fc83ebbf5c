#!/usr/bin/env python3
"""Draws the small pictures of docs/images/: tensor.svg, graph.svg, kv_cache.svg. Needs nothing but Python.

    scripts/pictures.py [FOLDER]
"""
import pathlib
import sys

INK, GREY, BLUE, ORANGE, PAPER = "#333", "#888", "#cfe3f5", "#fbdcb4", "#fff"


class Picture:
    def __init__(self, width, height, title):
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
            f'font-family="sans-serif" font-size="13" fill="{INK}">',
            f"<title>{title}</title>",
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            f'orient="auto"><path d="M0 0L8 4L0 8z" fill="{GREY}"/></marker></defs>',
            f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
        ]

    def text(self, x, y, text, anchor="middle", size=13, colour=INK):
        self.parts.append(f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">{text}</text>')

    def box(self, x, y, width, height, text="", colour=PAPER):
        self.parts.append(f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{colour}" stroke="{INK}"/>')
        self.text(x + width / 2, y + height / 2 + 5, text)

    def arrow(self, x1, y1, x2, y2, dashed=False):
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{GREY}" stroke-width="1.5"'
                          f'{dash} marker-end="url(#tip)"/>')

    def grid(self, x, y, rows, colour_of=lambda r, c: PAPER, size=34):
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                self.box(x + c * size, y + r * size, size, size, value, colour_of(r, c))

    def written(self):
        return "\n".join(self.parts + ["</svg>", ""])


def tensor():
    """Two handles, one memory."""
    p = Picture(620, 250, "A tensor, its transpose and the storage that both share")

    def colour(row):
        return BLUE if row == 0 else ORANGE

    p.text(81, 24, "x: shape (2, 3)")
    p.grid(30, 36, ["abc", "def"], lambda r, c: colour(r))
    p.text(81, 126, "strides (3, 1)", colour=GREY)
    p.text(500, 24, "transpose(x): shape (3, 2)")
    p.grid(466, 36, ["ad", "be", "cf"], lambda r, c: colour(c))
    p.text(500, 160, "strides (1, 3)", colour=GREY)
    p.arrow(120, 136, 225, 188)
    p.arrow(470, 168, 400, 188)
    p.grid(208, 192, ["abcdef"], lambda r, c: colour(c // 3))
    for i in range(6):
        p.text(225 + 34 * i, 242, i, size=11, colour=GREY)
    p.text(195, 214, "storage", "end")
    p.text(310, 60, "element (r, c) lies at", size=12)
    p.text(310, 80, "offset + r stride 0 + c stride 1", size=12)
    p.text(310, 112, "transposing exchanges strides", size=12, colour=GREY)
    p.text(310, 130, "and moves nothing", size=12, colour=GREY)
    return p.written()


def graph():
    """What autograd records, and how gradients go back."""
    p = Picture(660, 210, "The graph of a loss: values go forward, gradients go back")
    for y, name in ((40, "x (B, C)"), (120, "W (V, C)")):
        p.box(20, y, 90, 36, name, BLUE)
    nodes = ((190, "linear"), (360, "cross_entropy"))
    for x, name in nodes:
        p.box(x, 80, 110, 36, name, ORANGE)
    p.box(360, 20, 110, 30, "targets (B)", BLUE)
    p.arrow(415, 50, 415, 78)
    p.box(540, 80, 90, 36, "loss", BLUE)
    p.arrow(110, 54, 188, 88)
    p.arrow(110, 134, 188, 106)
    p.arrow(300, 92, 358, 92)
    p.arrow(470, 92, 538, 92)
    p.text(329, 84, "logits", size=11)
    p.arrow(540, 108, 472, 108, dashed=True)
    p.arrow(360, 108, 302, 108, dashed=True)
    p.arrow(186, 98, 118, 70, dashed=True)
    p.arrow(186, 116, 118, 146, dashed=True)
    p.text(505, 126, "1", size=11, colour=GREY)
    p.text(329, 126, "dlogits", size=11, colour=GREY)
    p.text(140, 98, "dx, dW", size=11, colour=GREY)
    p.text(330, 180, "Solid: record() keeps a node for each operation, with what its gradient will read.", size=12)
    p.text(330, 200, "Dashed: backward() walks the nodes back; a value that was used twice gets the sum.", size=12)
    return p.written()


def kv_cache():
    """A step of generation reads all keys and values and adds one of each."""
    p = Picture(660, 250, "A step of generation with a key-value cache")
    size = 34
    for y, name in ((40, "keys"), (110, "values")):
        p.text(60, y + 22, name, "end")
        p.grid(72, y, [[f"{name[0]}{i}" for i in range(6)]], lambda r, c: ORANGE if c == 5 else BLUE, size)
        p.grid(72 + 6 * size, y, [[""] * 4], size=size)
    p.text(72 + 5 * size / 2, 30, "past: kept, not computed again", size=12, colour=GREY)
    p.text(72 + 8 * size, 30, "room up to the context", size=12, colour=GREY)
    p.box(72 + 5 * size, 190, size, size, "q5", ORANGE)
    p.text(62 + 5 * size, 206, "only the new token passes", "end", 12)
    p.text(62 + 5 * size, 222, "through the model", "end", 12)
    p.arrow(72 + 5.5 * size, 188, 72 + 5.5 * size, 146)
    p.text(430, 180, "scores = q5 . k0 ... k5", "start", 12)
    p.text(430, 200, "y5 = softmax(scores) over v0 ... v5", "start", 12)
    p.text(430, 222, "int8: one scale for each key and value", "start", 12, GREY)
    return p.written()


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent / "docs/images")
    for draw in (tensor, graph, kv_cache):
        (folder / f"{draw.__name__}.svg").write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
