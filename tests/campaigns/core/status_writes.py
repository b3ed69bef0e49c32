"""Finds, in the syntax tree of a module, every place that writes a call's status or makes a row of a call.

A receiver is followed through names, loops, annotations and imports to the model that it is of. What is known to be of
another model (a campaign has a status too) is let pass; what cannot be followed counts as a call.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from tests.sources import tree_of

CALL = "Call"
BULK = {"update_rows", "update_rows_returning", "set_rows", "set_rows_returning", "insert_rows", "load"}
UPDATES = {"update", "aupdate"}
BEGINNINGS = {
    f"{prefix}{name}" for name in ("create", "bulk_create", "get_or_create", "update_or_create") for prefix in ("", "a")
}
SAVES = {"save", "asave", "save_base"}
BULK_UPDATES = {"bulk_update", "abulk_update"}
TABLE = "campaigns_call"
_CHANGE = re.compile(r"\bUPDATE\s+(?P<table>\S+)(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_SET = re.compile(r"\bSET\b(?P<set>.*?)(?:\bWHERE\b|\bFROM\b|$)", re.IGNORECASE | re.DOTALL)
_STATUS = re.compile(r"(?:^|[\s,.\"(])\"?status\"?\s*(?:=|\)|,.*=)", re.IGNORECASE)
_INSERT = re.compile(r"\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|REPLACE\s+INTO|COPY)\s+(?P<table>\S+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Write:
    """One place that writes."""

    line: int
    form: str
    code: str


class _Names(ast.NodeVisitor):
    """What the names of a module stand for: imports under another name, assignments, loops, annotations."""

    def __init__(self, tree: ast.Module) -> None:
        self.given: dict[str, list[ast.expr]] = {}
        self.annotated: dict[str, list[str]] = {}
        self.returns: dict[str, str] = {}
        self.aliases: dict[str, str] = {}
        self.parameters: set[str] = set()
        self.visit(tree)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.aliases.update({alias.asname: alias.name for alias in node.names if alias.asname})

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._give(target, node.value)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.annotated.setdefault(node.target.id, []).append(ast.unparse(node.annotation))
            if node.value is not None:
                self._give(node.target, node.value)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._give(node.target, node.value)
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self._give(node.target, node.value)
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        self._give(node.target, node.iter)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self._give(node.target, node.iter)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if node.returns is not None:
            self.returns[node.name] = ast.unparse(node.returns)
        for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]:
            self.parameters.add(argument.arg)
            annotation = "" if argument.annotation is None else ast.unparse(argument.annotation)
            self.annotated.setdefault(argument.arg, []).append(annotation)
        self.parameters |= {rest.arg for rest in (node.args.vararg, node.args.kwarg) if rest is not None}
        self.generic_visit(node)

    def _give(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self.given.setdefault(target.id, []).append(value)
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            # What is put under a key is one of the columns that the name holds.
            put = ast.Dict(keys=[target.slice], values=[value])
            self.given.setdefault(target.value.id, []).append(put)


class _Finder(ast.NodeVisitor):
    def __init__(self, tree: ast.Module, knows_calls: bool) -> None:
        self._names, self._knows_calls = _Names(tree), knows_calls
        self.found: list[Write] = []
        self.visit(tree)

    # Which model something is of

    def models_of(self, node: ast.expr, seen: frozenset[str] = frozenset()) -> set[str]:
        """Return the models that a row, a query or a class may be of; `?` stands for what cannot be followed."""
        match node:
            case ast.Name(id=name):
                return self._models_of_name(name, seen)
            case ast.Attribute(attr=attr) if attr[:1].isupper() and attr.lower() != attr.upper():
                # `models.Call`, but also `Campaign.Status`: both end at a class.
                return {attr} if attr == CALL else self.models_of(node.value, seen) - {"?"} or {attr}
            case ast.Attribute(value=value, attr="objects" | "_default_manager" | "_base_manager"):
                return self.models_of(value, seen)
            case ast.Call(func=ast.Attribute(attr="get_model"), args=[*_, ast.Constant(value=str(label))]):
                return {label.split(".")[-1]}
            case ast.Call(func=ast.Attribute(value=value)):
                return self.models_of(value, seen)
            case ast.Call(func=ast.Name(id=name)) if name in self._names.returns:
                return _models_in(self._names.returns[name])
            case ast.Call(func=ast.Name() as func, args=args):
                inner = self.models_of(func, seen) - {"?"}
                wrapped = {"list", "sorted", "reversed", "iter", "next", "set", "tuple"}
                if isinstance(func, ast.Name) and func.id in wrapped and args:
                    return self.models_of(args[0], seen)
                return inner or {"?"}
            case ast.Subscript(value=value) | ast.Await(value=value) | ast.Starred(value=value):
                return self.models_of(value, seen)
            case ast.BoolOp(values=values):
                return set().union(*(self.models_of(value, seen) for value in values))
            case ast.IfExp(body=body, orelse=orelse):
                return self.models_of(body, seen) | self.models_of(orelse, seen)
            case ast.BinOp(left=left):
                return self.models_of(left, seen)
        return {"?"}

    def _models_of_name(self, name: str, seen: frozenset[str]) -> set[str]:
        name = self._names.aliases.get(name, name)
        if name[:1].isupper() and not name.isupper() and name not in self._names.given:
            return {name}
        if name in seen:
            return {"?"}
        annotated = [_models_in(text) for text in self._names.annotated.get(name, [])]
        given = [self.models_of(value, seen | {name}) for value in self._names.given.get(name, [])]
        return set().union(*annotated, *given) or {"?"}

    def may_be_call(self, node: ast.expr) -> bool:
        models = self.models_of(node)
        return CALL in models or ("?" in models and self._knows_calls)

    def is_call(self, node: ast.expr) -> bool:
        return CALL in self.models_of(node)

    # Which columns are written

    def may_name_status(self, node: ast.expr | None, seen: frozenset[str] = frozenset()) -> bool:
        """Tell whether columns (a list, a dict, a name of one) hold `status`, or cannot be read from the text."""
        match node:
            case None:
                return False
            case ast.Constant(value=value):
                return value == "status"
            case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
                return any(self.may_name_status(part, seen) for part in parts)
            case ast.Dict(keys=keys, values=values):
                return any(
                    self.may_name_status(value if key is None else key, seen)
                    for key, value in zip(keys, values, strict=True)
                )
            case ast.Starred(value=value):
                return self.may_name_status(value, seen)
            case ast.BinOp(left=left, right=right):
                return self.may_name_status(left, seen) or self.may_name_status(right, seen)
            case ast.Name(id=name) if name in seen:
                return False
            case ast.Name(id=name) if name in self._names.given and name not in self._names.parameters:
                return any(self.may_name_status(value, seen | {name}) for value in self._names.given[name])
            case ast.Call(func=ast.Name(id="dict"), args=[], keywords=keywords):
                return any(self._names_status(keyword) for keyword in keywords)
        return True

    def _names_status(self, keyword: ast.keyword) -> bool:
        return keyword.arg == "status" if keyword.arg is not None else self.may_name_status(keyword.value)

    # The forms

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._weigh_target(target, node)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._weigh_target(node.target, node)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._weigh_target(node.target, node)
        self.generic_visit(node)

    def _weigh_target(self, target: ast.expr, node: ast.stmt) -> None:
        parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
        for part in parts:
            if isinstance(part, ast.Attribute) and part.attr == "status" and self.may_be_call(part.value):
                self._note(node, "assignment")

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        if name in UPDATES and receiver is not None:
            is_said = any(self._names_status(keyword) for keyword in node.keywords)
            if is_said and self.may_be_call(receiver):
                self._note(node, "update()")
        elif name == "add_update_values":
            # Past the query's own `update()`, whose receiver could be followed.
            if self._knows_calls:
                self._note(node, "update()")
        elif name in BULK and node.args:
            told = node.args[2:3] if name.startswith("set_rows") else [*node.args[1:2], *node.args[4:5]]
            told += [value for key, value in keywords.items() if key in {"columns", "same", "computed"}]
            if self.may_be_call(node.args[0]) and any(map(self.may_name_status, told)):
                self._note(node, "rows")
        elif name in BULK_UPDATES and receiver is not None:
            fields = keywords.get("fields") or (node.args[1] if len(node.args) > 1 else None)
            if self.may_be_call(receiver) and self.may_name_status(fields):
                self._note(node, "bulk_update()")
        elif name in SAVES and receiver is not None:
            fields = keywords.get("update_fields")
            is_whole = fields is None and self.is_call(receiver)
            if is_whole or (fields is not None and self.may_be_call(receiver) and self.may_name_status(fields)):
                self._note(node, "save()")
        elif name in BEGINNINGS and receiver is not None:
            if self.is_call(receiver):
                self._note(node, "beginning")
        elif name == "setattr" and len(node.args) == 3:
            named = node.args[1]
            is_said = isinstance(named, ast.Constant)
            if self.may_name_status(named) and (self.may_be_call if is_said else self.is_call)(node.args[0]):
                self._note(node, "setattr()")
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        # A docstring may tell of statements.
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._weigh_sql(node, node.value, {})

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        text, tables = "", {}
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                mark = f"?{len(tables)}?"
                tables[mark] = part.value
                text += mark
                self.visit(part.value)
            elif isinstance(part, ast.Constant):
                text += str(part.value)
        self._weigh_sql(node, text, tables)

    def _weigh_sql(self, node: ast.expr, text: str, tables: dict[str, ast.expr]) -> None:
        if (change := _CHANGE.search(text)) and self._is_table_of_calls(change["table"], tables):
            found = _SET.search(change["rest"])
            if found and _STATUS.search(found["set"]):
                self._note(node, "SQL")
        if (insert := _INSERT.search(text)) and self._is_table_of_calls(insert["table"], tables):
            self._note(node, "SQL")

    def _is_table_of_calls(self, table: str, tables: dict[str, ast.expr]) -> bool:
        table = table.strip('"')
        if table not in tables:
            return table.split("(")[0].strip('"') == TABLE
        named = ast.unparse(self._written_out(tables[table]))
        if TABLE in named:
            return True
        models = set(re.findall(r"\b([A-Z][A-Za-z]+)\._meta\b", named))
        return CALL in models or (not models and self._knows_calls)

    def _written_out(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Name) and len(given := self._names.given.get(node.id, [])) == 1:
            return given[0]
        return node

    def _note(self, node: ast.stmt | ast.expr, form: str) -> None:
        self.found.append(Write(node.lineno, form, ast.unparse(node)[:120]))


def _models_in(annotation: str) -> set[str]:
    """Return the models that an annotation names: `CallQuerySet`, `list[Call]`, `QuerySet[Contact]`."""
    names = set(re.findall(r"\b[A-Z]\w+", annotation)) - {"QuerySet", "Sequence", "Iterable", "Mapping", "None"}
    models = {CALL if name in {CALL, "CallQuerySet"} else name for name in names if name not in {"Any", "T"}}
    return models or {"?"}


def status_writes(source: str, *, knows_calls: bool = True) -> list[Write]:
    """Return every place of a module that writes a call's status, or cannot be told from one that does.

    A module that imports nothing of the campaigns holds no call: there, only what names one counts.
    """
    found = _Finder(tree_of(source), knows_calls).found
    return sorted(found, key=lambda write: (write.line, write.form))
