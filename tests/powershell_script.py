"""A script as PowerShell reads it: parsed by tree-sitter, literals valued, its commands run against a tenant.

No interpreter: the fixed functions that read and compare are passed over, and of those that write each
command is taken from the syntax tree with the values that the script gives it.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

_PARSER = Parser(Language(tree_sitter_powershell.language()))
# Every character at which PowerShell ends a single-quoted string; two of them stand for the second.
_QUOTES = "'\u2018\u2019\u201a\u201b"
_TRUE_FALSE_NULL = {"$true": True, "$false": False, "$null": None}
_COMMON = {"ErrorAction"}

Run = Callable[[str, dict[str, Any]], list[dict[str, Any]]]


class Script:
    """One script file, from its text."""

    def __init__(self, text: str) -> None:
        self.text = text.removeprefix("\ufeff")
        self.root = _PARSER.parse(self.text.encode()).root_node
        self.functions = {
            _text(_child(node, "function_name")): node for node in _all(self.root, "function_statement")
        }

    @property
    def errors(self) -> list[str]:
        """What is not PowerShell, with its line."""
        return [
            f"{node.start_point.row + 1}: {_text(node)[:60]!r}"
            for node in _every(self.root)
            if node.is_error or node.is_missing
        ]

    @property
    def commands(self) -> set[str]:
        """The names of all commands anywhere in the file."""
        return {_text(_child(node, "command_name")) for node in _all(self.root, "command")}

    def value(self, name: str) -> Any:
        """What a top-level variable holds that is given literal values alone."""
        found: Any = None
        for node in _all(self.root, "assignment_expression"):
            target, operator, value = (_plain(child) for child in node.children)
            if _text(target) == f"${name}" and not _inside_function(node):
                new = _value(value, {})
                found = new if _text(operator) == "=" else [*found, new]
        return found

    def run(self, invoke: Run, *, rollback: bool = False) -> None:
        """Make the changes, or undo them: every command in its order, with the values it is given."""
        for change in self.value("undo" if rollback else "changes"):
            self._call(f"Invoke-{change['Action'].capitalize()}", {"$Change": change}, invoke)

    def _call(self, name: str, variables: dict[str, Any], invoke: Run) -> None:
        self._block(_child(self.functions[name], "script_block"), variables, invoke)

    def _block(self, node: Node, variables: dict[str, Any], invoke: Run) -> None:
        for statement in _statements(node):
            if statement.type == "assignment_expression":
                target, _, source = (_plain(child) for child in statement.children)
                variables[_text(target)] = self._command(source, variables, invoke)
            elif statement.type == "if_statement":
                blocks = [_plain(one) for one in statement.children if one.type == "statement_block"]
                blocks += [_plain(one.children[-1]) for one in _all(statement, "else_clause")]
                condition = _value(_plain(statement.children[2]), variables)
                chosen = blocks[:1] if condition else blocks[1:]
                for block in chosen:
                    self._block(block, variables, invoke)
            else:
                assert statement.type == "command", _text(statement)
                self._command(statement, variables, invoke)

    def _command(self, node: Node, variables: dict[str, Any], invoke: Run) -> Any:
        name = _text(_child(node, "command_name"))
        given = _parameters(node, variables)
        match name.partition("-")[0], name:
            case "Confirm", _:
                return None
            case _, "Get-Parameters":
                place = {"Priority": variables["$Change"]["Priority"]}
                return variables["$Change"]["Send"] | (place if place["Priority"] is not None else {})
            case _, "Find-Rule":
                change = given["Change"]
                wanted = ("Guid", change["Guid"]) if change["Guid"] else ("Name", change["Name"])
                rules = invoke("Get-TransportRule", {})
                return next(rule for rule in rules if rule[wanted[0]] == wanted[1])
            case "Invoke", _:
                return self._call(name, {f"${key}": value for key, value in given.items()}, invoke)
            case _:
                made = invoke(name, {key: value for key, value in given.items() if key not in _COMMON})
                return made[0] if made else None


def _parameters(node: Node, variables: dict[str, Any]) -> dict[str, Any]:
    """The named parameters of one command, splatted tables included."""
    elements = [
        _plain(one) for one in _child(node, "command_elements").children if one.type != "command_argument_sep"
    ]
    given: dict[str, Any] = {}
    name = ""
    for element in elements:
        text = _text(element)
        if element.type == "command_parameter":
            name = text.removeprefix("-")
        elif text.startswith("@") and element.type == "variable":
            given |= variables[f"${text[1:]}"]
        else:
            given[name or "Change"] = _value(element, variables)
    return given


def _value(node: Node, variables: dict[str, Any]) -> Any:  # noqa: PLR0911 - one line for each kind of literal
    """What an expression of literals and known variables stands for."""
    text = _text(node)
    match node.type:
        case "verbatim_string_characters":
            return _unquoted(text)
        case "decimal_integer_literal":
            return int(text)
        case "variable":
            return _TRUE_FALSE_NULL[text] if text in _TRUE_FALSE_NULL else variables[text]
        case "generic_token":
            return text
        case "parenthesized_expression":
            return _value(_plain(node.named_children[0]), variables)
        case "additive_expression":
            left, operator, right = (_plain(child) for child in node.children)
            assert _text(operator) == "+"
            added = _value(left, variables)
            assert isinstance(added, str)
            return added + _value(right, variables)
        case "comparison_expression":
            left, operator, right = (_plain(child) for child in node.children)
            assert _text(operator) == "-eq"
            return _value(left, variables) == _value(right, variables)
        case "member_access":
            return _value(_plain(node.children[0]), variables)[_text(node.children[-1])]
        case "cast_expression":
            kind, value = (_plain(child) for child in node.named_children)
            assert _text(kind) == "[char]"
            return chr(_value(value, variables))
        case "invokation_expression":
            return _invoked(node)
        case "array_expression":
            return [_value(one, variables) for one in _statements(node)]
        case "hash_literal_expression":
            return _table(node, variables)
    raise AssertionError(f"not a literal: {node.type} {text[:80]!r}")


def _invoked(node: Node) -> Any:
    kind, method, arguments = (_plain(child) for child in node.named_children)
    first = next(
        _text(one) for one in _all(arguments, "decimal_integer_literal", "verbatim_string_characters")
    )
    match _text(kind), _text(method):
        case "[char]", "ConvertFromUtf32":
            return chr(int(first))
        case "[datetime]", "Parse":
            assert _text(arguments).endswith("[cultureinfo]::InvariantCulture, 'RoundtripKind')")
            return datetime.fromisoformat(_unquoted(first)).strftime("%Y-%m-%dT%H:%M:%SZ")
    raise AssertionError(f"not a literal: {_text(node)[:80]!r}")


def _table(node: Node, variables: dict[str, Any]) -> dict[str, Any]:
    entries = [
        [_plain(child) for child in one.named_children] for one in _all(node, "hash_entry", deep=False)
    ]
    names = [_value(key, variables) for key, _ in entries]
    assert len({name.casefold() for name in names}) == len(names), "PowerShell refuses a key given twice"
    return {name: _value(value, variables) for name, (_, value) in zip(names, entries, strict=True)}


def _unquoted(token: str) -> str:
    """A single-quoted string as PowerShell's own tokenizer reads it."""
    assert token[0] in _QUOTES
    read, at = "", 1
    while at < len(token):
        if token[at] in _QUOTES:
            if at + 1 == len(token):
                return read
            at += 1
            assert token[at] in _QUOTES, f"PowerShell ends this string early: {token[:80]!r}"
        read += token[at]
        at += 1
    raise AssertionError(f"PowerShell never ends this string: {token[:80]!r}")


def _statements(node: Node) -> Iterator[Node]:
    """The statements below a block or in @( ), without comments."""
    for child in node.named_children:
        if child.type in {"statement_list", "script_block_body"}:
            yield from _statements(child)
        elif child.type != "comment":
            yield _plain(child)


def _plain(node: Node) -> Node:
    """The node without those around it that add nothing."""
    while node.child_count == 1 and node.named_child_count == 1 and node.type != "statement_list":
        node = node.named_children[0]
    return node


def _every(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _every(child)


def _all(node: Node, *types: str, deep: bool = True) -> Iterator[Node]:
    """Nodes of these types below a node, in their order; with `deep` off, not those inside another table."""
    for child in node.children:
        if child.type in types:
            yield child
            if not deep:
                continue
        if deep or child.type != "hash_entry":
            yield from _all(child, *types, deep=deep)


def _child(node: Node, kind: str) -> Node:
    return next(_all(node, kind))


def _inside_function(node: Node) -> bool:
    above = node.parent
    while above is not None:
        if above.type == "function_statement":
            return True
        above = above.parent
    return False


def _text(node: Node) -> str:
    return (node.text or b"").decode()
