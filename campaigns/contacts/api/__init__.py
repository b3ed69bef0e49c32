"""Operations of contacts, lists and the do-not-call list, for programs."""
