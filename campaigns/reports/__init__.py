"""Reports: the Today page, a campaign's progress and people, and figures over spans of days.

Parameters that mean the same in every module here: `person` and `viewer` are the user who looks and whose rights decide
which calls are counted; `now` is the current time, passed in so that all figures of a page agree; `is_stopped` tells
whether stop-all is on, where the caller has read it already.
"""
