"""What every room needs: eligibility, status transitions, call events, stop-all, leases, the clock, paging.

Parameters that recur in all rooms:

- `now`, `at`: an aware datetime, the database's clock at the beginning of the step, so that all hosts agree.
- `person`: the user who asks; their permissions are checked. None is the product itself or the command line.
- `token`: the UUID of a form (submitting it again changes nothing), or of the worker slice that holds a lease.
- `until`: when something ends; None if that is not known. For a worker slice, in seconds of `time.monotonic()`.
- `expires_at`: when an entry stops being valid; None means never.
- `lease`: the token by which a worker holds a row; another worker may take the row once `lease_until` has passed.
"""
