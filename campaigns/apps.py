"""The Django app of campaigns: whom to call, when, and with what result."""

import gc

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CampaignsConfig(AppConfig):
    """Registers the app's system checks, and creates the search index after migrations."""

    name = "campaigns"

    def ready(self) -> None:
        """Import the checks, which register themselves, and connect to `post_migrate`.

        What is loaded by now lives as long as the process. Frozen, it is not looked through at every full collection of
        garbage: of an import of 100,000 rows that was a twentieth of the CPU.
        """
        from callcenter.access.switching_off import switched_off
        from callcenter.commands import end_in_a_sentence
        from campaigns import checks, queue  # noqa: F401
        from campaigns.answers.signals import answers_changed
        from campaigns.contacts.search_index import make_after_migrating
        from campaigns.core.happenings import register, tell_of_halt
        from campaigns.core.refusals import Refusal
        from campaigns.dispositions.judging import after_answers
        from campaigns.launch.successions import follow
        from campaigns.tracking.vendor_habits import read_again_after_mapping
        from providers.models import provider_halted, word_mapped

        end_in_a_sentence(Refusal, str)
        switched_off.connect(follow, dispatch_uid="switched_off")
        word_mapped.connect(read_again_after_mapping)
        provider_halted.connect(tell_of_halt)
        # Late, so that a test can put another in its place.
        register("notices", lambda: queue.nudge_telling())
        register("webhooks", lambda: queue.nudge_webhooks())
        answers_changed.connect(after_answers, dispatch_uid="after_answers")
        post_migrate.connect(make_after_migrating, sender=self)
        gc.freeze()
