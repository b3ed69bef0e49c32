"""The screens of this room: thin, one module a subject, each with its own list of addresses."""
