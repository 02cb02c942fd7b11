"""Values as the Python that makes them: plain ones as they are, calls of importable functions, and what has a name already."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, MethodType
from typing import Any

from torch import Tensor

from model.trace.intervention import Intervention
from viz.takeaway.changing import change_call, names_of
from viz.theme import Palette

PLAIN = (bool, int, float, str, type(None), bytes)


def call(function: Callable, *args: Any, **kwargs: Any) -> Any:
    """A call for an expression, instead of what it gives; its arguments may be such calls, too."""
    return partial(function, *args, **kwargs)


class UnwritableError(Exception):
    """A value that no expression makes."""


class Writer:
    """Writes values, and collects what its expressions import: {"viz.charts": {"head_heatmap"}}."""

    def __init__(self, name_of: Callable[[object], str | None], call_of: Callable[[object], object]) -> None:
        """name_of: the expression that has a value already; call_of: the call that makes it. Both: None where there is none."""
        self._name_of, self._call_of = name_of, call_of
        self.imports: dict[str, set[str]] = {}

    def write(self, value: object) -> str:
        """An expression. Raises UnwritableError where there is none."""
        if (name := self._name_of(value)) is not None:
            return name
        if isinstance(value, PLAIN):
            return repr(value)
        if isinstance(call := self._call_of(value), partial):
            return self.write_call(call)
        if isinstance(value, Intervention):
            self.imports.setdefault("model", set()).update(names_of(value))
            return change_call(value)
        if isinstance(value, Palette):
            return f"{self._import('viz.theme', 'palette')}({value.name!r})"
        if isinstance(value, partial):
            return self.write_call(value)
        if isinstance(value, slice):
            return ":".join("" if end is None else self.write(end) for end in (value.start, value.stop))
        if isinstance(value, range):
            return repr(value)
        if isinstance(value, (list, tuple, set, frozenset, dict)):
            return self._write_several(value)
        return self._write_other(value)

    def write_call(self, call: partial) -> str:
        """A function with its arguments. Methods and [places] are written as people write them."""
        arguments = [self.write(value) for value in call.args] if call.func is not operator.getitem else []
        names = [f"{name}={self.write(value)}" for name, value in call.keywords.items()]
        if call.func is operator.getitem:
            return f"{self.write(call.args[0])}[{self._place(call.args[1])}]"
        if isinstance(call.func, MethodDescriptorType) or getattr(Tensor, call.func.__name__, None) is call.func:
            return f"{arguments[0]}.{call.func.__name__}({', '.join([*arguments[1:], *names])})"
        if isinstance(call.func, MethodType):
            return f"{self.write(call.func.__self__)}.{call.func.__name__}({', '.join([*arguments, *names])})"
        return f"{self._function(call.func)}({', '.join([*arguments, *names])})"

    def _place(self, place: object) -> str:
        """What stands between brackets."""
        return ", ".join(map(self.write, place)) if isinstance(place, tuple) else self.write(place)

    def _write_several(self, values: Iterable) -> str:
        if isinstance(values, dict):
            return f"{{{', '.join(f'{self.write(key)}: {self.write(value)}' for key, value in values.items())}}}"
        parts = [self.write(value) for value in (sorted(values, key=repr) if isinstance(values, (set, frozenset)) else values)]
        if isinstance(values, list):
            return f"[{', '.join(parts)}]"
        if isinstance(values, tuple):
            return f"({', '.join(parts)}{',' * (len(parts) == 1)})"
        return f"{type(values).__name__}([{', '.join(parts)}])"

    def _write_other(self, value: object) -> str:
        if isinstance(value, MethodType):
            return f"{self.write(value.__self__)}.{value.__name__}"
        if isinstance(value, (FunctionType, BuiltinFunctionType, type)):
            return self._function(value)
        raise UnwritableError(type(value).__name__)

    def _function(self, function: object) -> str:
        module, name = getattr(function, "__module__", ""), getattr(function, "__name__", "<lambda>")
        if function is list:
            return "list"
        if module == "torch":
            self.imports.setdefault("torch", set()).add(name)
            return name
        if not str(module).startswith(("viz.", "model.")) or not name.isidentifier() or name.startswith("_"):
            raise UnwritableError(name)
        return self._import(module, name)

    def _import(self, module: str, name: str) -> str:
        self.imports.setdefault(module, set()).add(name)
        return name


def import_lines(imports: Mapping[str, set[str]]) -> list[str]:
    """`from … import …`, one line a module, in order."""
    return [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(imports.items())]
