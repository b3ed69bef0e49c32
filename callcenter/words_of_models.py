"""A step of migrations that changes the words of models alone: their labels, help texts and the labels of choices."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState


class ChangeWords(Operation):
    """Many operations on words at once; no table is touched.

    Each of them alone would build the models of the whole project again, in a first start as in an upgrade.
    """

    category = OperationCategory.ALTERATION
    reduces_to_sql = False

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = operations

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Take the words into the state; its models are built when the next operation asks for them."""
        state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Leave the database as it is."""

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Leave the database as it is."""

    def describe(self) -> str:
        """Return what it does, as `migrate --plan` shows it."""
        return f"Change words of models, {len(self.operations)} times"
