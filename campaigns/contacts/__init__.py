"""People, lists, the do-not-call list, and imports from files.

`person` in these functions is the user who acts, for permissions and the audit log; the one who is called is a
`contact`. For other common parameters see `campaigns.core`.
"""
