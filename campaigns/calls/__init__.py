"""Single calls, the page of a call, and the call log.

`person` in these functions is the user who acts, whose permissions are checked; for other common parameters see
`campaigns.core`.
"""
