"""C++ source as tokens, with what is needed to tell an operator from a template, a pointer or a reference.

The sources are formatted by clang-format, so blanks tell: `a < b` compares and `vector<int>` does not, `x * y` multiplies and
`float* x` does not.
"""

import dataclasses
import re

TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/)
      | (?P<text>(?:u8|[uUL])?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"
               | (?:u8|[uUL])?"(?:\\.|[^"\\\n])*"
               | (?:u8|[uUL])?'(?:\\.|[^'\\\n])+')
      | (?P<number>\.?\d(?:[eEpP][+-]|'(?=\w)|[\w.])*)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<sign><=>|->\*|<<=|>>=|\.\.\.|::|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[^\w\s])""",
    re.VERBOSE | re.DOTALL,
)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
OPENS = {"(": ")", "[": "]", "{": "}"}


@dataclasses.dataclass
class Token:
    kind: str  # text, number, name or sign
    text: str
    start: int
    end: int
    blank_before: bool
    blank_after: bool
    partner: int = -1  # index of the bracket that belongs to this one; of '<' and '>' only where they hold template arguments


def tokens_of(source):
    """The tokens of a file, without comments and preprocessor lines."""
    source = DIRECTIVE.sub(lambda found: " " * len(found.group()), source)
    tokens, position = [], 0
    while position < len(source):
        found = TOKEN.match(source, position)
        if not found:
            raise ValueError(f"no token at offset {position}: {source[position:position + 20]!r}")
        position = found.end()
        kind = found.lastgroup if found.lastgroup != "mark" else "text"
        if kind == "skip":
            continue
        before, after = source[found.start() - 1 : found.start()], source[position : position + 1]
        tokens.append(Token(kind, found.group(), found.start(), position, before.isspace(), after.isspace()))
    _pair_brackets(tokens)
    _pair_angles(tokens)
    return tokens


def _pair(tokens, first, last):
    tokens[first].partner, tokens[last].partner = last, first


def _pair_brackets(tokens):
    opened = []
    for index, token in enumerate(tokens):
        if token.kind != "sign":
            continue
        if token.text in OPENS:
            opened.append(index)
        elif token.text in OPENS.values():
            _pair(tokens, opened.pop(), index)


def _pair_angles(tokens):
    for index, token in enumerate(tokens[1:], 1):
        before = tokens[index - 1]
        glued = before.kind == "name" and not token.blank_before and before.text != "operator"
        if token.text != "<" or token.kind != "sign" or not (glued or before.text == "template"):
            continue
        depth, at = 0, index
        while at < len(tokens):
            text = tokens[at].text if tokens[at].kind == "sign" else ""
            if text in OPENS:
                at = tokens[at].partner
            depth += (text == "<") - (text == ">") - 2 * (text == ">>")
            if depth <= 0:
                _pair(tokens, index, at)
                break
            at += 1


def close_of(tokens, index):
    """The index of the last token of what begins at `index`: the bracket that closes, or the token itself."""
    return tokens[index].partner if tokens[index].partner > index else index


def arguments_of(tokens, opening):
    """(first, last) of each argument of a call, between the brackets at `opening` and its partner."""
    arguments, first, at = [], opening + 1, opening + 1
    while at < tokens[opening].partner:
        if tokens[at].text == "," and tokens[at].kind == "sign":
            arguments.append((first, at - 1))
            first = at + 1
        at = close_of(tokens, at) + 1
    return arguments + [(first, tokens[opening].partner - 1)]
