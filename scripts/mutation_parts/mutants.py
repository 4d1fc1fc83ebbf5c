"""Which single mistakes can be planted in a source file."""

import dataclasses
import hashlib
import re

from .cpp_tokens import arguments_of, close_of, tokens_of

SIGNS = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==",
    "+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "<<": ">>", ">>": "<<", "&": "|", "|": "&",
    "&&": "||", "||": "&&", "+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=",
}  # fmt: skip
NAMES = {
    "true": "false", "false": "true", "begin": "end", "end": "begin", "front": "back", "back": "front",
    "min": "max", "max": "min", "floor": "ceil", "ceil": "floor", "lower_bound": "upper_bound",
    "upper_bound": "lower_bound", "min_element": "max_element", "max_element": "min_element",
}  # fmt: skip
NO_VALUES = {"return", "case", "co_return", "throw", "else", "new", "delete", "const", "operator"}
# Their arguments are words for people, whatever they say.
MESSAGES = {"fail", "fail_not_finite", "static_assert", "say", "note"}


@dataclasses.dataclass
class Mutant:
    file: str  # relative to the repository
    line: int  # from 1
    kind: str
    start: int  # what is replaced: [start, end) of the file
    end: int
    new: str
    before: str  # the line without and with the mistake
    after: str
    key: str = ""  # the same as long as the line and its like above stay the same, wherever they move

    def order(self, seed):
        return hashlib.sha256(f"{seed} {self.key}".encode()).hexdigest()


def mutants_of(file, source):
    """All mutants of a file, in order."""
    tokens = tokens_of(source)
    allowed = _product_code(tokens, file.endswith(".h"))
    _leave_out(tokens, allowed)
    found = []
    for index, token in enumerate(tokens):
        if allowed[index]:
            for kind, first, last, new in _mistakes(tokens, index):
                found.append((kind, tokens[first].start, tokens[last].end, new(source)))
    mutants = [m for m in (_mutant(file, source, *each) for each in found) if m]
    seen = {}
    for mutant in mutants:
        same = (mutant.before.strip(), mutant.after.strip())
        seen[same] = seen.get(same, 0) + 1
        text = f"{file}\n{same[0]}\n{same[1]}\n{seen[same]}"
        mutant.key = hashlib.sha256(text.encode()).hexdigest()[:12]
    return mutants


def _mutant(file, source, kind, start, end, new):
    line_start = source.rfind("\n", 0, start) + 1
    line_end = source.find("\n", end)
    before = source[line_start:line_end]
    if "\n" in before:
        return None
    after = before[: start - line_start] + new + before[end - line_start :]
    return Mutant(file, source.count("\n", 0, start) + 1, kind, start, end, new, before, after)


def _product_code(tokens, is_header):
    """Whether each token is in the body of a function, or, in a .cpp file, in the value of a constant or member."""
    allowed = [False] * len(tokens)

    def allow(first, last):
        allowed[first : last + 1] = [True] * (last + 1 - first)

    statement, at = [], 0  # indices of the tokens of a declaration so far; those in brackets by the opening one alone
    while at < len(tokens):
        text = tokens[at].text
        close = close_of(tokens, at)
        words = [tokens[i].text for i in statement]
        value = next((i for i in statement if tokens[i].text == "=" and words[0] != "using"), None)
        if text == "}":
            statement = []
        elif text == ";":
            if value is not None and not is_header and tokens[value - 1].text not in (")", "const", "noexcept"):
                allow(value + 1, at - 1)
            statement = []
        elif text == "{" and ("namespace" in words or ("(" not in words and {"class", "struct", "union"} & set(words))):
            if "enum" in words:
                at = close
            statement = []
        elif text == "{" and "enum" in words:
            at, statement = close, []
        elif text == "{" and value is None and ("(" in words or not words):
            if ":" in words:
                allow(statement[words.index(":")], at)  # initializers of members
            allow(at, close)
            at, statement = close, []
        else:
            if text == ":" and words and words[-1] in ("public", "private", "protected"):
                statement = []
            else:
                statement.append(at)
            if text != "<" or tokens[at - 1].text == "template":
                if text == "<":
                    statement = statement[:-2]
                at = close
            else:
                at = close
        at += 1
    return allowed


def _leave_out(tokens, allowed):
    """Marks what says something to people, chooses nothing but speed, or is a type."""

    def forbid(first, last):
        allowed[first : last + 1] = [False] * (last + 1 - first)

    for index, token in enumerate(tokens):
        if token.text == "<" and token.partner > index:
            forbid(index, token.partner)
        if token.kind != "name":
            continue
        following = tokens[index + 1].text if index + 1 < len(tokens) else ""
        if token.text == "throw":
            end = next(i for i in range(index, len(tokens)) if tokens[i].text == ";")
            forbid(index, end)
        elif token.text == "operator":
            forbid(index + 1, index + 1)
        elif following != "(":
            continue
        elif token.text in MESSAGES or token.text == "reserve" or tokens[index - 2].text == "log_":
            forbid(index + 1, tokens[index + 1].partner)
        elif token.text == "check":
            for first, last in arguments_of(tokens, index + 1)[1:]:
                forbid(first, last)
        elif token.text == "parallel_for":  # the grain
            forbid(*arguments_of(tokens, index + 1)[1])


def _is_value(token):
    """Whether an operator after the token has it as its left operand."""
    if token.kind == "sign":
        return token.text in (")", "]", "}")
    return token.text not in NO_VALUES


def _mistakes(tokens, index):
    """(kind, first token, last token, text in their place) for what can be wrong at a token; the text is a function of the source."""
    token, before = tokens[index], tokens[index - 1]
    binary = token.blank_before and token.blank_after and _is_value(before)
    if token.kind == "number":
        yield "constant", index, index, lambda _: other_number(token.text)
    elif token.kind == "name" and token.text in NAMES:
        call = tokens[index + 1].text == "(" and before.text in ("::", ".", "->") and tokens[index - 2].text != ">"
        if token.text in ("true", "false") or call:
            yield "name", index, index, lambda _: NAMES[token.text]
    elif token.kind != "sign":
        return
    elif token.text in SIGNS and (binary or token.text in ("+=", "-=", "*=", "/=")):
        yield "sign", index, index, lambda _: SIGNS[token.text]
        left, right = _operand_before(tokens, index), _operand_after(tokens, index)
        if token.text in ("-", "/") and left is not None and right is not None:
            yield "operands swapped", left, right, lambda source: (
                f"{source[tokens[index + 1].start : tokens[right].end]} {token.text} "
                f"{source[tokens[left].start : tokens[index - 1].end]}"
            )
    elif token.text == "-" and not _is_value(before) and not token.blank_after:
        yield "sign dropped", index, index, lambda _: ""
    elif token.text == "!" and not token.blank_after:
        yield "negation dropped", index, index, lambda _: ""
    elif token.text in ("++", "--") and before.text in (";", "{", "}", ")") and tokens[index + 1].kind == "name":
        if _is_statement(tokens, index):
            yield "sign", index, index, lambda _: "--" if token.text == "++" else "++"


def _is_statement(tokens, index):
    """Whether the statement that begins here is one of its own, and not the step of a `for`."""
    while tokens[index].text not in (";", ")"):
        index = close_of(tokens, index) + 1
    return tokens[index].text == ";"


def _operand_after(tokens, index):
    """The last token of the operand that follows, or None where it is not a plain one."""
    at = index + 1
    if tokens[at].kind not in ("name", "number") and tokens[at].text != "(":
        return None
    at = close_of(tokens, at)
    while at + 1 < len(tokens):
        following = tokens[at + 1]
        if following.text in (".", "->", "::"):
            at += 2
        elif following.text in ("(", "[") or (following.text == "<" and following.partner > at):
            at = following.partner
        else:
            break
    return at


def _operand_before(tokens, index):
    at = index - 1
    while True:
        if tokens[at].text in (")", "]", ">") and tokens[at].partner >= 0:
            at = tokens[at].partner
            glued = tokens[at - 1].kind == "name" and not tokens[at].blank_before or tokens[at - 1].text in (")", "]", ">")
            if glued and tokens[at - 1].end == tokens[at].start:
                at -= 1
                continue
        elif tokens[at].kind not in ("name", "number"):
            return None
        if tokens[at - 1].text in (".", "->", "::") and tokens[at - 2].end == tokens[at - 1].start:
            at -= 2
            continue
        return at


def other_number(text):
    """A neighbour of an integer, the double of a fraction."""
    digits = text.replace("'", "")
    integer = re.fullmatch(r"(0[xX][0-9a-fA-F]+|0[bB][01]+|\d+)([uUlLzZ]*)", digits)
    if not integer:
        return re.sub(r"\d", "1", text, count=1) if not re.search(r"[1-9]", digits) else f"(2 * {text})"
    value = int(integer[1], 0)
    other = value + 1 if value == 0 or value % 2 == 1 else value - 1
    return (hex(other) if integer[1][:2] in ("0x", "0X") else str(other)) + integer[2]
