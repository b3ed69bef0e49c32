"""The big tables, which grow with every call and person, and the migration operation that indexes them online."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import migrations
from django.db.utils import NotSupportedError

if TYPE_CHECKING:
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor
    from django.db.migrations.state import ProjectState

BIG_TABLES = frozenset(
    {
        "audit.auditevent",
        "audit.auditlink",
        "audit.auditseal",
        "campaigns.answer",
        "campaigns.approvedperson",
        "campaigns.call",
        "campaigns.callback",
        "campaigns.calldisposition",
        "campaigns.callevent",
        "campaigns.callhint",
        "campaigns.callnote",
        "campaigns.callreview",
        "campaigns.calltagging",
        "campaigns.calltally",
        "campaigns.calltranscript",
        "campaigns.consequence",
        "campaigns.contact",
        "campaigns.contactnote",
        "campaigns.contactteam",
        "campaigns.costtally",
        "campaigns.donotcall",
        "campaigns.handover",
        "campaigns.inboundcall",
        "campaigns.listmembership",
        "campaigns.scorecardreview",
        "campaigns.stoprequest",
        "campaigns.othernumber",
        "campaigns.transcriptwords",
        "campaigns.heardoptout",
        "providers.providerexchange",
    }
)
"""Pairs of app label and lower-case model name; a test allows migrations to index them only concurrently."""


class AddIndexConcurrently(migrations.AddIndex):
    """Adds an index to a table in use: concurrently on PostgreSQL, as an ordinary index on SQLite.

    The migration must set `atomic = False` and hold no other operation; inside a transaction this raises
    NotSupportedError. An interrupted build leaves an invalid index on PostgreSQL: the next run drops it and builds it
    again. Django's operation of the same name runs on PostgreSQL only and cannot be imported without psycopg.
    https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
    """

    atomic = False

    def describe(self) -> str:
        """Return the line that `migrate --plan` prints."""
        return f"Concurrently create index {self.index.name} on model {self.model_name}"

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Build the index, after dropping one that an interrupted run left."""
        _refuse_transaction(schema_editor)
        model = to_state.apps.get_model(app_label, self.model_name)
        connection = schema_editor.connection
        if not self.allow_migrate_model(connection.alias, model):
            return
        with connection.cursor() as cursor:
            standing = connection.introspection.get_constraints(cursor, model._meta.db_table)
        if self.index.name in standing:
            schema_editor.remove_index(model, self.index, **_beside_writers(schema_editor))
        schema_editor.add_index(model, self.index, **_beside_writers(schema_editor))

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Drop the index."""
        _refuse_transaction(schema_editor)
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.remove_index(model, self.index, **_beside_writers(schema_editor))


def _refuse_transaction(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Raise NotSupportedError inside a transaction; on SQLite too, so that development shows the mistake."""
    if schema_editor.connection.in_atomic_block:
        raise NotSupportedError("AddIndexConcurrently needs a migration of its own that says `atomic = False`.")


def _beside_writers(schema_editor: BaseDatabaseSchemaEditor) -> dict[str, bool]:
    return {"concurrently": True} if schema_editor.connection.vendor == "postgresql" else {}
