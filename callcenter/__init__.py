"""The Django project: settings, URLs, commands and the Set-up area, above campaigns and providers.

Its sub-packages `access` (roles and teams), `audit` and `formats` import none of the other packages, and every other
package may import them. Repeated parameters: `person` is the user who acts, whose rights are checked; `until` is a
deadline in seconds of `time.monotonic()`; `origin` is an address of scheme, host and port, without a path.
"""
