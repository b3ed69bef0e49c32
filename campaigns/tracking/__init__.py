"""Tracking: keeps our rows in step with the vendors after an order has left.

It polls the state of open calls, receives webhooks, settles calls whose order had no clear answer, and compares
vendors' lists with our rows.

Parameters that mean the same in every module here: `now` is the database's clock at the beginning of a step; `until`
is the deadline of a slice, in seconds of `time.monotonic()`; `person` is the user who asks and whose rights are checked
(None where the product acts by itself); `token` in `webhooks` is the secret part of a webhook address.
"""
