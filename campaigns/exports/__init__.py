"""Exports: files of calls and people as CSV or Excel workbooks.

Parameters that mean the same in every module here: `person` is the user who asks and whose rights are checked; `token`
is the id of the submitted form, so that a form sent twice makes one export; `now` is the moment as of which files are
judged too old or unfinished.
"""
