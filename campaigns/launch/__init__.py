"""Launch: campaigns are written, checked, launched, paused and ended here.

Parameters that mean the same in every module here: `person` is the user who asks and whose rights are checked; `token`
is the id of the submitted form, so that a form sent twice acts once; `now` is the moment as of which something is
judged.
"""
