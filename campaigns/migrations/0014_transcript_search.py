"""The index that a search for words in transcripts goes through, in each engine's own way."""

from django.db import migrations

WORDS, FTS = "campaigns_transcriptwords", "campaigns_transcriptwords_fts"
# The table holds each word once, without its own copy of the text; marks belong to words (Devanagari).
# Triggers keep it equal: a later migration that makes SQLite rebuild the words' table must create them anew.
SQLITE = (
    f"""CREATE VIRTUAL TABLE {FTS} USING fts5(
        words, content='{WORDS}', content_rowid='call_id', detail='none',
        tokenize="unicode61 remove_diacritics 0 categories 'L* N* M* Co'"
    )""",
    f"""CREATE TRIGGER {FTS}_added AFTER INSERT ON {WORDS} BEGIN
        INSERT INTO {FTS}(rowid, words) VALUES (new.call_id, new.words);
    END""",
    f"""CREATE TRIGGER {FTS}_gone AFTER DELETE ON {WORDS} BEGIN
        INSERT INTO {FTS}({FTS}, rowid, words) VALUES ('delete', old.call_id, old.words);
    END""",
    f"""CREATE TRIGGER {FTS}_changed AFTER UPDATE ON {WORDS} BEGIN
        INSERT INTO {FTS}({FTS}, rowid, words) VALUES ('delete', old.call_id, old.words);
        INSERT INTO {FTS}(rowid, words) VALUES (new.call_id, new.words);
    END""",
)
POSTGRESQL = (
    f"CREATE INDEX transcript_words ON {WORDS} USING gin (array_to_tsvector(string_to_array(words, ' ')))",
)
BACK = {
    "sqlite": (
        *(f"DROP TRIGGER IF EXISTS {FTS}_{name}" for name in ("added", "gone", "changed")),
        f"DROP TABLE IF EXISTS {FTS}",
    ),
    "postgresql": ("DROP INDEX IF EXISTS transcript_words",),
}


def forwards(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[vendor]:
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    for statement in BACK[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0013_remarks_and_exports")]

    operations = [migrations.RunPython(forwards, backwards)]
