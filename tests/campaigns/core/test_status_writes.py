"""The finder of status writes finds every form of it, and is not misled by another model's status."""

from __future__ import annotations

import pytest

from tests.campaigns.core.status_writes import status_writes

PLANTED = {
    "assignment": [
        "def f(call: Call) -> None:\n    call.status = CallStatus.FAILED",
        "def f(pk):\n    call = Call.objects.get(pk=pk)\n    call.status = 'failed'",
        "for call in Call.objects.filter(status='pending'):\n    call.status = 'failed'",
        "for call in list(calls):\n    call.status, call.rank = 'failed', 82",
        "def f(asked):\n    asked.call.status = 'failed'",
        "def f(row):\n    row.status += 'x'",
        "self.status: str = 'failed'",
    ],
    "setattr()": [
        "def f(call: Call):\n    setattr(call, 'status', 'failed')",
        "def f(call: Call, name):\n    setattr(call, name, 'failed')",
    ],
    "update()": [
        "Call.objects.filter(pk=1).update(status='failed')",
        "Call.objects.live().filter(pk=1).update(**{'status': 'failed'})",
        "def f(calls: CallQuerySet):\n    calls.update(status='failed', rank=82)",
        "def f(calls):\n    calls.update(status='failed')",
        "changes = {'rank': 82}\nchanges['status'] = 'failed'\nCall.objects.filter(pk=1).update(**changes)",
        "def f(changes):\n    Call.objects.filter(pk=1).update(**changes)",
        "from campaigns.models import Call as C\nC.objects.update(status='failed')",
        "campaign.calls.update(status='skipped')",
        "Model = apps.get_model('campaigns', 'Call')\nfound = Model.objects.all()\nfound.update(status='failed')",
        "query.add_update_values({'status': 'failed'})",
    ],
    "rows": [
        "update_rows(Call, ('status', 'rank'), rows)",
        "COLUMNS = ('rank', 'status')\nupdate_rows(Call, COLUMNS, rows, guard='')",
        "update_rows(Call, ['rank'], rows, same={'status': 'failed'})",
        "update_rows(Call, ['rank'], rows, '', {'status': 'failed'})",
        "placing = {'status': 'placing'}\nset_rows(Call, ids, placing | {'rank': 10})",
        "def f(columns):\n    update_rows(Call, columns, rows)",
        "insert_rows(Call, ('status',), rows)",
        "bulk.set_rows(model, ids, {'status': 'failed'})",
    ],
    "bulk_update()": [
        "Call.objects.bulk_update(calls, ['rank', 'status'])",
        "def f(fields):\n    Call.objects.bulk_update(calls, fields)",
    ],
    "save()": [
        "def f(call: Call):\n    call.save()",
        "call = Call(to_number='x')\ncall.save()",
        "def f(call: Call):\n    call.save(update_fields=['status'])",
        "def f(row):\n    row.save(update_fields=['status', 'rank'])",
    ],
    "beginning": [
        "Call.objects.create(to_number='x')",
        "Call.objects.bulk_create([Call()])",
        "Call.objects.get_or_create(form_token=token)",
    ],
    "SQL": [
        "cursor.execute('UPDATE campaigns_call SET status = %s WHERE id = 1', ['failed'])",
        "cursor.execute(f\"UPDATE {Call._meta.db_table} AS c SET rank = 1, status = 'failed' WHERE c.id = 1\")",
        "_CALL = Call._meta.db_table\ncursor.execute(f\"UPDATE {_CALL} SET status='failed'\")",
        'cursor.execute(\'update "campaigns_call" set "status" = 1\')',
        "cursor.execute(f\"UPDATE {table} SET status = 'failed'\")",
        "cursor.execute('INSERT INTO campaigns_call (id, status) VALUES (1, 2)')",
    ],
}
INNOCENT = [
    "Campaign.objects.filter(pk=1).update(status=Campaign.Status.PAUSED)",
    "def f(campaign: Campaign):\n    campaign.status = Campaign.Status.PAUSED\n    campaign.save()",
    "unfilled = Campaign.objects.filter(is_filled=False)\nunfilled.update(status='paused')",
    "def f(**values: Any):\n    Campaign.objects.filter(pk=1).update(**values)",
    "ContactImport.objects.filter(pk=1).update(status='saving')",
    "Call.objects.filter(pk=1, status='pending').update(due_at=now, lease=None)",
    "update_rows(Call, ('due_at', 'wait_reason'), rows, guard=\"c.status = 'pending'\")",
    "set_rows(Provider, [1], changed)",
    "cursor.execute('UPDATE campaigns_campaign SET status = 1')",
    "cursor.execute(f\"UPDATE {Campaign._meta.db_table} SET status = 'paused'\")",
    "cursor.execute(\"UPDATE campaigns_call SET lease = NULL WHERE status = 'pending'\")",
    "cursor.execute(\"SELECT status FROM campaigns_call WHERE status = 'pending'\")",
    "status = call.status",
    "return_render(request, 'x.html', status=422)",
    "why(Call(status='skipped'))",
    '"""Says: UPDATE campaigns_call SET status = 1."""',
]


@pytest.mark.parametrize(
    ("form", "sample"), [(form, sample) for form, samples in PLANTED.items() for sample in samples]
)
def test_every_form_of_writing_a_status_is_found(form: str, sample: str) -> None:
    assert [write.form for write in status_writes(sample)] == [form]


@pytest.mark.parametrize("sample", INNOCENT)
def test_other_statuses_and_other_columns_are_let_pass(sample: str) -> None:
    assert status_writes(sample) == []
