"""Operations of the field: each takes a session first, never commits, never sees a request, and refuses in French."""
