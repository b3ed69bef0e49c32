"""What was said in a call."""

from django.db import migrations, models
from django.db.models import Q

from campaigns.models.transcript_words import WordsField

TRANSCRIPTS = [
    migrations.CreateModel(
        name="CallTranscript",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("turns", models.JSONField(default=list)),
            ("text", models.TextField(blank=True)),
            ("summary", models.TextField(blank=True)),
            ("call", models.OneToOneField("campaigns.call", models.CASCADE, related_name="transcript")),
            ("words_at", models.DateTimeField(blank=True, editable=False, null=True)),
        ],
        options={
            "verbose_name": "transcript",
            "verbose_name_plural": "transcripts",
            "indexes": [models.Index(name="transcript_to_index", fields=["id"], condition=Q(words_at__isnull=True))],
        },
    ),
    migrations.CreateModel(
        name="TranscriptWords",
        fields=[
            (
                "call",
                models.OneToOneField(
                    "campaigns.call", models.CASCADE, primary_key=True, related_name="words", serialize=False
                ),
            ),
            ("words", WordsField()),
            ("transcript", models.OneToOneField("campaigns.calltranscript", models.CASCADE, related_name="words")),
        ],
        options={"verbose_name": "words of a transcript", "verbose_name_plural": "words of transcripts"},
    ),
]

# An index over the words of each transcript, in each engine's own way (read by the lookup `begin_with`).
WORDS, FTS = "campaigns_transcriptwords", "campaigns_transcriptwords_fts"
MAKE_INDEX = {
    # The full-text table holds each word once, without its own copy of the text; marks belong to words (Devanagari).
    # Triggers keep it equal: a later migration that makes SQLite rebuild the words' table must create them anew.
    "sqlite": (
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
    ),
    # Through a function whose price the planner knows. Asked row by row it takes a thousand times as long as a
    # comparison; as a plain expression it was priced like one, and a rare word read the whole table.
    "postgresql": (
        """CREATE FUNCTION campaigns_words(text) RETURNS tsvector LANGUAGE plpgsql
    IMMUTABLE STRICT PARALLEL SAFE COST 2000
    AS $$ BEGIN RETURN array_to_tsvector(string_to_array($1, ' ')); END $$""",
        f"CREATE INDEX transcript_words ON {WORDS} USING gin (campaigns_words(words))",
    ),
}
DROP_INDEX = {
    "sqlite": (
        *(f"DROP TRIGGER IF EXISTS {FTS}_{name}" for name in ("added", "gone", "changed")),
        f"DROP TABLE IF EXISTS {FTS}",
    ),
    "postgresql": ("DROP INDEX IF EXISTS transcript_words", "DROP FUNCTION IF EXISTS campaigns_words(text)"),
}


def make_search_index(apps, schema_editor):
    for statement in MAKE_INDEX[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def drop_search_index(apps, schema_editor):
    for statement in DROP_INDEX[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


SEARCH_INDEX = [migrations.RunPython(make_search_index, drop_search_index)]
