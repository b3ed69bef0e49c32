"""The accounts at vendors and the only way to reach them; knows nothing of campaigns.

Repeated parameters:

- `now` is the database's clock (`providers/clock.py`), read at the beginning of a step, so that all hosts agree.
- `person` is the user who acts, for the audit event; None where the product acts by itself.
- `is_person` tells that a person waits for the answer, so that a read waits for a token for seconds only.
- `note` is called with every `Exchange` (one request and its answer), in the thread that made it.
- `tell` is called with the orders that are done, in the order loop's thread; it must not raise.
- `through` reaches the token bucket from a thread that has no database connection.
- `token` is the secret part of a webhook's address.
- `committed_at` is the time of an order's commit point, in seconds of `boottime()`, which also count while the machine
  is suspended.
- `secrets` and `options` are a provider's keys and settings by the names of its backend's `fields`.
"""
